import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase32 } from '#crypto'
import { createShares, unwrapRootKey, wrapRootKey, type NewShareSeal } from '#seal'

const damaged = { name: 'ClavigerError', code: 'internal' }
const rootKey = randomBytes(32)

let seal: NewShareSeal
let wrapped: Buffer
before(async () => {
  seal = await createShares({ threshold: 2, shares: 3 })
  wrapped = wrapRootKey(seal.sealKey, rootKey, seal.description, 7)
})

test('what is wrapped can be unwrapped', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.integer({ min: 1, max: 0xffff_ffff }),
      (bytes, generation) => {
        const key = Buffer.from(bytes)
        const sealed = wrapRootKey(seal.sealKey, key, seal.description, generation)
        assert.deepEqual(unwrapRootKey(seal.sealKey, sealed, seal.description, generation), key)
      },
    ),
    { numRuns: 50 },
  )
})

test('a wrapping has its documented form', () => {
  assert.equal(wrapped.length, 107)
  assert.equal(wrapped[0], 1)
  assert.deepEqual(wrapped.subarray(1, 11), decodeBase32(seal.description.id))
  assert.equal(wrapped.readUInt32BE(11), 7)
  const info = Buffer.concat([
    Buffer.from('claviger/root-key/1\nshares\n'),
    wrapped.subarray(0, 15),
  ])
  const key = Buffer.from(hkdfSync('sha512', seal.sealKey, wrapped.subarray(15, 47), info, 32))
  const { id, check } = seal.description
  const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(47, 59))
  decipher.setAAD(
    Buffer.concat([
      wrapped.subarray(0, 47),
      Buffer.from(`{"check":"${check}","id":"${id}","kind":"shares","shares":3,"threshold":2}`),
    ]),
  )
  decipher.setAuthTag(wrapped.subarray(91))
  assert.deepEqual(
    Buffer.concat([decipher.update(wrapped.subarray(59, 91)), decipher.final()]),
    rootKey,
  )
})

test('two wrappings of one key share no salt, no nonce and no ciphertext', () => {
  const other = wrapRootKey(seal.sealKey, rootKey, seal.description, 7)
  for (const [from, to] of [
    [15, 47],
    [47, 59],
    [59, 91],
    [91, 107],
  ]) {
    assert.notDeepEqual(other.subarray(from, to), wrapped.subarray(from, to))
  }
})

test('the root key does not stand in its wrapping', () => {
  assert.ok(!wrapped.includes(rootKey.subarray(0, 8)))
  assert.ok(!wrapped.includes(seal.sealKey.subarray(0, 8)))
})

test('any flipped bit, and any other length, is refused', () => {
  for (let bit = 0; bit < wrapped.length * 8; bit += 1) {
    const flipped = Buffer.from(wrapped)
    flipped.writeUInt8((flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3)
    assert.throws(() => unwrapRootKey(seal.sealKey, flipped, seal.description, 7), damaged)
  }
  for (const bad of [
    Buffer.alloc(0),
    wrapped.subarray(1),
    wrapped.subarray(0, 106),
    Buffer.concat([wrapped, Buffer.alloc(1)]),
  ]) {
    assert.throws(() => unwrapRootKey(seal.sealKey, bad, seal.description, 7), damaged)
  }
})

test('it opens only with its own key, description and generation', async () => {
  const other = await createShares({ threshold: 2, shares: 3 })
  assert.throws(() => unwrapRootKey(other.sealKey, wrapped, seal.description, 7), damaged)
  assert.throws(() => unwrapRootKey(seal.sealKey, wrapped, other.description, 7), damaged)
  for (const generation of [1, 6, 8])
    assert.throws(() => unwrapRootKey(seal.sealKey, wrapped, seal.description, generation), damaged)
  for (const change of [{ threshold: 3 }, { shares: 2 }, { check: other.description.check }]) {
    assert.throws(
      () => unwrapRootKey(seal.sealKey, wrapped, { ...seal.description, ...change }, 7),
      damaged,
    )
  }
  const { id, check } = seal.description
  const passphrase = {
    kind: 'passphrase',
    id,
    check,
    salt: '',
    memoryKiB: 65_536,
    passes: 3,
    parallelism: 4,
  } as const
  assert.throws(() => unwrapRootKey(seal.sealKey, wrapped, passphrase, 7), damaged)
})

test('keys of another length and impossible generations are mistakes of the program', () => {
  for (const length of [0, 16, 31, 33, 64]) {
    assert.throws(() => wrapRootKey(Buffer.alloc(length), rootKey, seal.description, 1), RangeError)
    assert.throws(
      () => wrapRootKey(seal.sealKey, Buffer.alloc(length), seal.description, 1),
      RangeError,
    )
    assert.throws(
      () => unwrapRootKey(Buffer.alloc(length), wrapped, seal.description, 1),
      RangeError,
    )
  }
  for (const generation of [0, -1, 1.5, Number.NaN, 0x1_0000_0000]) {
    assert.throws(
      () => wrapRootKey(seal.sealKey, rootKey, seal.description, generation),
      RangeError,
    )
  }
})
