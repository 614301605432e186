import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  emptyRoot,
  leafHash,
  RangeBuilder,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from '@claviger/contract/ledger'
import * as fc from 'fast-check'
import { flipped, hex, leavesOf, pathTo, proofBetween, sha256, treeHash } from './support.ts'

/** The entries and roots that implementations of RFC 6962 have shared since the first one. */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const many = leavesOf(2_000)
const bit = fc.nat(255)

test('roots are those of RFC 6962', () => {
  const leaves = entries.map((entry) => leafHash(sha256, Uint8Array.fromHex(entry)))
  for (const [size, root] of roots.entries()) {
    assert.equal(hex(rootOfLeaves(sha256, leaves.slice(0, size))), root, `size ${size}`)
  }
  assert.equal(hex(emptyRoot(sha256)), roots[0])
})

test('a tree that grows has at every size the root that its leaves define', () => {
  const range = new RangeBuilder(sha256)
  for (const [size, leaf] of many.slice(0, 300).entries()) {
    assert.deepEqual(hex(range.root()), hex(treeHash(many.slice(0, size))), `size ${size}`)
    range.append(leaf)
  }
  fc.assert(
    fc.property(fc.nat(2_000), (size) => {
      const leaves = many.slice(0, size)
      assert.equal(hex(rootOfLeaves(sha256, leaves)), hex(treeHash(leaves)))
    }),
    { numRuns: 30 },
  )
})

test('subtrees may be added whole, and only where they fit', () => {
  const range = new RangeBuilder(sha256)
  range.append(treeHash(many.slice(0, 256)), 8)
  range.append(treeHash(many.slice(256, 258)), 1)
  const copy = range.clone()
  for (const leaf of many.slice(258, 300)) range.append(leaf)
  assert.equal(hex(range.root()), hex(treeHash(many.slice(0, 300))))
  assert.equal(hex(copy.root()), hex(treeHash(many.slice(0, 258))))
  assert.equal(copy.size, 258)
  assert.throws(() => copy.append(many[0] ?? new Uint8Array(), 2), RangeError)
})

const place = fc
  .integer({ min: 1, max: 2_000 })
  .chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)))

test('inclusion: the true proof holds, and no other index, size, leaf, root or proof does', () => {
  fc.assert(
    fc.property(place, bit, fc.nat(64), ([index, size], flip, at) => {
      const leaves = many.slice(0, size)
      const claim = {
        index,
        size,
        leaf: leaves[index] ?? new Uint8Array(),
        root: treeHash(leaves),
        proof: pathTo(index, leaves),
      }
      const { leaf, root, proof } = claim
      const verifies = (change: Partial<typeof claim>) =>
        verifyInclusion(sha256, { ...claim, ...change })
      assert.equal(verifies({}), true)
      assert.equal(verifies({ leaf: flipped(leaf, flip) }), false)
      assert.equal(verifies({ root: flipped(root, flip) }), false)
      assert.equal(verifies({ index: index + 1 }), false)
      assert.equal(verifies({ index: size }), false)
      assert.equal(verifies({ index: -1 }), false)
      assert.equal(verifies({ size: 0 }), false)
      assert.equal(verifies({ proof: [...proof, root] }), false)
      assert.equal(verifies({ leaf: leaf.subarray(1) }), false)
      if (proof.length === 0) return
      const broken = proof.with(at % proof.length, flipped(proof[at % proof.length] ?? leaf, flip))
      assert.equal(verifies({ proof: broken }), false)
      assert.equal(verifies({ proof: proof.slice(1) }), false)
      assert.equal(verifies({ proof: proof.slice(0, -1) }), false)
    }),
    { numRuns: 60 },
  )
})

test('consistency: the true proof holds, and no other size, root or proof does', () => {
  const sizes = fc.nat(2_000).chain((second) => fc.tuple(fc.nat(second), fc.constant(second)))
  fc.assert(
    fc.property(sizes, bit, fc.nat(64), ([first, second], flip, at) => {
      const leaves = many.slice(0, second)
      const claim = {
        first,
        second,
        firstRoot: treeHash(many.slice(0, first)),
        secondRoot: treeHash(leaves),
        proof: proofBetween(first, leaves),
      }
      const { firstRoot, secondRoot, proof } = claim
      const verifies = (change: Partial<typeof claim>) =>
        verifyConsistency(sha256, { ...claim, ...change })
      assert.equal(verifies({}), true)
      assert.equal(verifies({ firstRoot: flipped(firstRoot, flip) }), false)
      // Nothing ties the empty tree to a later one: every ledger begins with it.
      assert.equal(verifies({ secondRoot: flipped(secondRoot, flip) }), first === 0 && second > 0)
      assert.equal(verifies({ first: second + 1 }), false)
      assert.equal(verifies({ first: -1 }), false)
      assert.equal(verifies({ proof: [...proof, firstRoot] }), false)
      if (proof.length === 0) return
      const broken = proof.with(
        at % proof.length,
        flipped(proof[at % proof.length] ?? firstRoot, flip),
      )
      assert.equal(verifies({ proof: broken }), false)
      assert.equal(verifies({ proof: proof.slice(1) }), false)
      assert.equal(verifies({ proof: proof.slice(0, -1) }), false)
    }),
    { numRuns: 60 },
  )
})

test('sizes beyond 32 bits are sizes', () => {
  const size = 2 ** 40 + 1
  const [leaf, left] = leavesOf(2)
  assert.ok(leaf && left)
  const range = new RangeBuilder(sha256)
  range.append(left, 40)
  range.append(leaf)
  const root = range.root()
  assert.equal(range.size, size)
  assert.equal(verifyInclusion(sha256, { index: size - 1, size, leaf, root, proof: [left] }), true)
  const claim = { first: 2 ** 40, second: size, firstRoot: left, secondRoot: root, proof: [leaf] }
  assert.equal(verifyConsistency(sha256, claim), true)
  assert.equal(verifyConsistency(sha256, { ...claim, first: 2 ** 39 }), false)
})
