import {
  HASH_BYTES,
  RangeBuilder,
  rootOfLeaves,
  TILE_WIDTH,
  tileWidth,
  type Sha256,
} from '@claviger/contract/ledger'
import { ClavigerError } from '#model'

/**
 * Proofs from tiles (RFC 6962 sections 2.1.1 and 2.1.2). A proof is a handful of roots of ranges of leaves, and every range falls into
 * perfect subtrees, whose roots stand in a tile or follow from a part of one.
 */

/** Hashes of a tile, 32 bytes each and exactly `width` of them; undefined where the tree has no such tile. */
export type TileReader = (
  level: number,
  index: number,
  width: number,
) => Promise<Uint8Array | undefined>

/** A tree of a size, read through its tiles; each is read once a proof. */
interface Tree {
  readonly sha256: Sha256
  tile(level: number, index: number): Promise<Uint8Array>
}

/**
 * The inclusion proof of the entry at `index` in the tree of `size` entries, from the leaf's sibling up.
 *
 * @throws ClavigerError not_found where the tree has no such entry, internal where a tile is missing or too short.
 */
export async function inclusionProof(
  sha256: Sha256,
  read: TileReader,
  index: number,
  size: number,
): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new ClavigerError('not_found', 'The ledger has no entry at this index yet')
  }
  const tree = treeOf(sha256, read, size)
  const proof: Uint8Array[] = []
  // Downwards: at each step the half without the entry is the sibling on its way.
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    proof.push(
      index < middle ? await rangeHash(tree, middle, end) : await rangeHash(tree, start, middle),
    )
    ;[start, end] = index < middle ? [start, middle] : [middle, end]
  }
  return proof.toReversed()
}

/**
 * The proof that the tree of `second` entries begins with the tree of `first`; empty for 0 and for equal sizes.
 *
 * @throws ClavigerError invalid_request where the first is larger, internal where a tile is missing or too short.
 */
export async function consistencyProof(
  sha256: Sha256,
  read: TileReader,
  first: number,
  second: number,
): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(first) || first < 0 || first > second) {
    throw new ClavigerError('invalid_request', 'The first size must be 0 to the second')
  }
  if (first === 0 || first === second) return []
  const tree = treeOf(sha256, read, second)
  const proof: Uint8Array[] = []
  // Downwards to where the first tree ends: what lies right of it is new, what lies left of it is shared.
  let [start, end] = [0, second]
  while (end !== first) {
    const middle = start + splitOf(end - start)
    proof.push(
      first <= middle ? await rangeHash(tree, middle, end) : await rangeHash(tree, start, middle),
    )
    ;[start, end] = first <= middle ? [start, middle] : [middle, end]
  }
  // The verifier has the hash of the part that ends there only where it is the whole first tree.
  if (start !== 0) proof.push(await rangeHash(tree, start, end))
  return proof.toReversed()
}

/** The root of the tree of `size` entries. */
export async function rootFromTiles(
  sha256: Sha256,
  read: TileReader,
  size: number,
): Promise<Uint8Array> {
  return rangeHash(treeOf(sha256, read, size), 0, size)
}

/** The largest power of two smaller than a count above 1. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

/** MTH(D[start:end]); `start` is a multiple of the largest subtree in it, as in every range that a proof asks for. */
async function rangeHash(tree: Tree, start: number, end: number): Promise<Uint8Array> {
  const range = new RangeBuilder(tree.sha256)
  for (let at = start; at < end; at = start + range.size) {
    let height = 0
    while (at + 2 ** (height + 1) <= end && at % 2 ** (height + 1) === 0) height += 1
    range.append(await subtreeHash(tree, height, at / 2 ** height), height)
  }
  return range.root()
}

/** The root of the perfect subtree number `index` of 2^height leaves: a hash of a tile, or the root over some of its hashes. */
async function subtreeHash(tree: Tree, height: number, index: number): Promise<Uint8Array> {
  const level = Math.floor(height / 8)
  const hashes = 2 ** (height % 8)
  const first = index * hashes
  const tile = await tree.tile(level, Math.floor(first / TILE_WIDTH))
  const offset = (first % TILE_WIDTH) * HASH_BYTES
  const part = tile.subarray(offset, offset + hashes * HASH_BYTES)
  return rootOfLeaves(tree.sha256, hashesIn(part))
}

function* hashesIn(tile: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < tile.length; at += HASH_BYTES) yield tile.subarray(at, at + HASH_BYTES)
}

function treeOf(sha256: Sha256, read: TileReader, size: number): Tree {
  const known = new Map<string, Promise<Uint8Array>>()
  const load = async (level: number, index: number) => {
    const width = tileWidth(level, index, size)
    const tile = await read(level, index, width)
    if (tile?.length !== width * HASH_BYTES) {
      throw new ClavigerError(
        'internal',
        `The ledger's tile ${index} of level ${level} is not there`,
      )
    }
    return tile
  }
  return {
    sha256,
    tile(level, index) {
      const name = `${level}/${index}`
      const tile = known.get(name) ?? load(level, index)
      known.set(name, tile)
      return tile
    },
  }
}
