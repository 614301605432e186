import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  concatBytes,
  nodeHash,
  RangeBuilder,
  TILE_WIDTH,
  verifyConsistency,
  verifyInclusion,
} from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { ClavigerError } from '#model'
import {
  hex,
  leavesOf,
  pathTo,
  proofBetween,
  sha256,
  treeHash,
} from '../../../contract/test/ledger/support.ts'
import {
  consistencyProof,
  inclusionProof,
  rootFromTiles,
  type TileReader,
} from '../../src/ledger/proofs.ts'

const many = leavesOf(2_000)

/** Tiles of a tree, as a store has them, and which of them were read. */
function storeOf(leaves: readonly Uint8Array[]) {
  const levels = [[...leaves]]
  for (let level = leaves; level.length >= TILE_WIDTH; level = levels.at(-1) ?? []) {
    const full = Math.floor(level.length / TILE_WIDTH)
    levels.push(
      Array.from({ length: full }, (_, at) =>
        treeHash(level.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH)),
      ),
    )
  }
  const reads: string[] = []
  const read: TileReader = async (level, index, width) => {
    reads.push(`${level}/${index}.${width}`)
    const hashes = levels[level]?.slice(index * TILE_WIDTH, index * TILE_WIDTH + width) ?? []
    return hashes.length === 0 ? undefined : concatBytes(...hashes)
  }
  return { read, reads }
}

const grown = storeOf(many)

test('roots and proofs are those that RFC 6962 defines, at any size up to that of the tree', async () => {
  const place = fc
    .integer({ min: 1, max: 2_000 })
    .chain((size) => fc.tuple(fc.nat(size - 1), fc.nat(size), fc.constant(size)))
  await fc.assert(
    fc.asyncProperty(place, async ([index, first, size]) => {
      const leaves = many.slice(0, size)
      const root = await rootFromTiles(sha256, grown.read, size)
      assert.equal(hex(root), hex(treeHash(leaves)))
      const inclusion = await inclusionProof(sha256, grown.read, index, size)
      assert.deepEqual(inclusion.map(hex), pathTo(index, leaves).map(hex))
      const leaf = many[index] ?? new Uint8Array()
      assert.ok(verifyInclusion(sha256, { index, size, leaf, root, proof: inclusion }))
      const proof = await consistencyProof(sha256, grown.read, first, size)
      assert.deepEqual(proof.map(hex), proofBetween(first, leaves).map(hex))
      const firstRoot = treeHash(many.slice(0, first))
      const claim = { first, second: size, firstRoot, secondRoot: root, proof }
      assert.ok(verifyConsistency(sha256, claim))
    }),
    { numRuns: 60 },
  )
  assert.equal(hex(await rootFromTiles(sha256, grown.read, 0)), hex(treeHash([])))
})

test('a proof reads each tile once, and few of them', async () => {
  const store = storeOf(many)
  await inclusionProof(sha256, store.read, 1_000, 1_999)
  assert.deepEqual(store.reads.toSorted(), ['0/3.256', '0/7.207', '1/0.7'])
})

test('a tree of a billion entries is proved from its tiles', async () => {
  // Every leaf is the same, so that the tiles of any size can be written down.
  const [leaf = assert.fail()] = many
  const full: Uint8Array[] = [leaf]
  for (let level = 1; level < 4; level += 1) {
    let hash = full[level - 1] ?? leaf
    for (let height = 0; height < 8; height += 1) hash = nodeHash(sha256, hash, hash)
    full.push(hash)
  }
  const read: TileReader = async (level, _index, width) =>
    concatBytes(...Array.from({ length: width }, () => full[level] ?? leaf))
  const size = 1_000_000_007
  const range = new RangeBuilder(sha256)
  for (const level of [3, 2, 1, 0]) {
    const hashes = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH
    for (let at = 0; at < hashes; at += 1) range.append(full[level] ?? leaf, 8 * level)
  }
  const root = range.root()
  assert.equal(range.size, size)
  assert.equal(hex(await rootFromTiles(sha256, read, size)), hex(root))
  for (const index of [0, 999_999_999, size - 1]) {
    const proof = await inclusionProof(sha256, read, index, size)
    assert.ok(verifyInclusion(sha256, { index, size, leaf, root, proof }), `index ${index}`)
  }
  const first = 16_777_217
  const firstRoot = await rootFromTiles(sha256, read, first)
  const proof = await consistencyProof(sha256, read, first, size)
  assert.ok(verifyConsistency(sha256, { first, second: size, firstRoot, secondRoot: root, proof }))
})

test('what is not there is refused, and a store that lost a tile is not believed', async () => {
  const outside: readonly (() => Promise<unknown>)[] = [
    () => inclusionProof(sha256, grown.read, 10, 10),
    () => inclusionProof(sha256, grown.read, -1, 10),
    () => inclusionProof(sha256, grown.read, 0.5, 10),
    () => inclusionProof(sha256, grown.read, 0, 0),
  ]
  for (const ask of outside) await assert.rejects(ask, { code: 'not_found' })
  await assert.rejects(consistencyProof(sha256, grown.read, 11, 10), { code: 'invalid_request' })
  const readers: readonly TileReader[] = [
    async () => undefined,
    async (_level, _index, width) => new Uint8Array(width * 32 - 1),
  ]
  for (const read of readers) {
    const proof = inclusionProof(sha256, read, 3, 10)
    await assert.rejects(
      proof,
      (error) => error instanceof ClavigerError && error.code === 'internal',
    )
  }
})
