import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { array, assert as check, constantFrom, integer, property, uint8Array } from 'fast-check'
import {
  forgetGcmKeys,
  gcmOpen,
  gcmSeal,
  takeKeySlot,
  releaseKeySlot,
} from '../../src/crypto/index.ts'

const bytes = (maxLength: number) => uint8Array({ maxLength })
const exactly = (length: number) => uint8Array({ minLength: length, maxLength: length })

/** The same by Node's own ciphers. */
function reference(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Buffer {
  const name = key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm'
  const cipher = createCipheriv(name, key, nonce, { authTagLength: 16 })
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

test('a short message is sealed as Node seals it, and opens again, whichever keys came before', () => {
  const run = property(
    constantFrom(16, 32).chain(exactly),
    exactly(12),
    array(bytes(600), { maxLength: 3 }),
    bytes(4_096),
    (key, nonce, parts, text) => {
      const sealed = Buffer.alloc(text.length + 16 + 3)
      gcmSeal(key, nonce, parts, text, sealed, 3)
      assert.deepEqual(sealed.subarray(3), reference(key, nonce, Buffer.concat(parts), text))
      const out = Buffer.alloc(text.length)
      assert.ok(gcmOpen(key, nonce, parts, sealed.subarray(3), out))
      assert.deepEqual(out, Buffer.from(text))
    },
  )
  check(run, { numRuns: 300 })
})

test('whatever bit is changed, nothing comes out', () => {
  const [key, nonce, aad, text] = [
    randomBytes(32),
    randomBytes(12),
    randomBytes(20),
    randomBytes(50),
  ]
  const sealed = reference(key, nonce, aad, text)
  const run = property(integer({ min: 0, max: sealed.length * 8 - 1 }), (bit) => {
    const forged = Buffer.from(sealed)
    forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    const out = Buffer.alloc(text.length, 0xee)
    assert.equal(gcmOpen(key, nonce, [aad], forged, out), false)
    assert.ok(out.every((byte) => byte === 0xee))
  })
  check(run)
})

test('lengths that do not fit are refused before OpenSSL sees them', () => {
  const [key, nonce] = [randomBytes(32), randomBytes(12)]
  const out = Buffer.alloc(8_192)
  const attempts: (() => void)[] = [
    () => gcmSeal(key, nonce, [], Buffer.alloc(4_097), out, 0),
    () => gcmSeal(key, nonce, [], Buffer.alloc(10), Buffer.alloc(25), 0),
    () => gcmSeal(key, nonce, [Buffer.alloc(4_097)], Buffer.alloc(10), out, 0),
    () => gcmSeal(key.subarray(1), nonce, [], Buffer.alloc(10), out, 0),
    () => gcmSeal(key, nonce.subarray(1), [], Buffer.alloc(10), out, 0),
    () => void gcmOpen(key, nonce, [], Buffer.alloc(15), Buffer.alloc(0)),
    () => void gcmOpen(key, nonce, [], Buffer.alloc(26), Buffer.alloc(11)),
  ]
  for (const attempt of attempts) assert.throws(attempt, RangeError)
})

test('a key slot is a copy, overwritten when it is given back; forgetting keys leaves the next message right', () => {
  const key = randomBytes(32)
  const slot = takeKeySlot(key)
  assert.deepEqual(slot, key)
  forgetGcmKeys()
  const [nonce, sealed] = [randomBytes(12), Buffer.alloc(20)]
  gcmSeal(slot, nonce, [], Buffer.from('abcd'), sealed, 0)
  assert.deepEqual(sealed, reference(key, nonce, Buffer.alloc(0), Buffer.from('abcd')))
  releaseKeySlot(slot)
  assert.ok(slot.every((byte) => byte === 0))
})
