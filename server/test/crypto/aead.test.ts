import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gcm, gcmsiv } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import {
  aeadDecrypt,
  aeadEncrypt,
  findAlgorithm,
  NONCE_BYTES,
  randomBytes,
  secretKey,
  TAG_BYTES,
  type Algorithm,
} from '#crypto'

/** The second opinion on each cipher. */
const others = {
  'AES-256-GCM': gcm,
  'AES-128-GCM': gcm,
  'AES-256-GCM-SIV': gcmsiv,
  'ChaCha20-Poly1305': chacha20poly1305,
}

const suites = Object.entries(others).map(([name, other]) => [findAlgorithm(name), other] as const)

function keyFor(algorithm: Algorithm): Buffer {
  return randomBytes(algorithm.keyBytes ?? 0)
}

function seal(
  algorithm: Algorithm,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: readonly Uint8Array[],
  plaintext: Uint8Array,
): Buffer {
  const out = Buffer.alloc(plaintext.length + TAG_BYTES)
  aeadEncrypt(algorithm, secretKey(key), nonce, aad, plaintext, out, 0)
  return out
}

const message = fc.uint8Array({ maxLength: 300 })
const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 })

for (const [algorithm, other] of suites) {
  test(`${algorithm.name} is what another implementation makes, and opens again`, () => {
    fc.assert(
      fc.property(message, parts, (plaintext, aad) => {
        const key = keyFor(algorithm)
        const nonce = randomBytes(NONCE_BYTES)
        const sealed = seal(algorithm, key, nonce, aad, plaintext)
        const want = other(
          Uint8Array.from(key),
          Uint8Array.from(nonce),
          Buffer.concat(aad),
        ).encrypt(plaintext)
        assert.deepEqual(sealed, Buffer.from(want))
        assert.deepEqual(
          aeadDecrypt(algorithm, secretKey(key), nonce, aad, sealed),
          Buffer.from(plaintext),
        )
      }),
    )
  })

  test(`${algorithm.name} refuses every change with the same words`, () => {
    const words = new Set<string>()
    fc.assert(
      fc.property(message, parts, fc.nat(), fc.nat(7), (plaintext, aad, position, bit) => {
        const key = keyFor(algorithm)
        const nonce = randomBytes(NONCE_BYTES)
        const sealed = seal(algorithm, key, nonce, aad, plaintext)
        const turned = Buffer.from(sealed)
        const at = position % turned.length
        turned[at] = (turned[at] ?? 0) ^ (1 << bit)
        const wrongs: (() => unknown)[] = [
          () => aeadDecrypt(algorithm, secretKey(key), nonce, aad, turned),
          () => aeadDecrypt(algorithm, secretKey(key), nonce, [...aad, Buffer.of(0)], sealed),
          () => aeadDecrypt(algorithm, secretKey(keyFor(algorithm)), nonce, aad, sealed),
          () => aeadDecrypt(algorithm, secretKey(key), randomBytes(NONCE_BYTES), aad, sealed),
          () =>
            aeadDecrypt(
              algorithm,
              secretKey(key),
              nonce,
              aad,
              sealed.subarray(0, sealed.length - 1),
            ),
          () =>
            aeadDecrypt(
              algorithm,
              secretKey(key),
              nonce,
              aad,
              sealed.subarray(0, position % TAG_BYTES),
            ),
          () => aeadDecrypt(algorithm, secretKey(key), nonce.subarray(1), aad, sealed),
        ]
        for (const wrong of wrongs) {
          assert.throws(wrong, (thrown: Error & { code?: string }) => {
            words.add(`${thrown.code}: ${thrown.message}: ${String(thrown.cause)}`)
            return true
          })
        }
      }),
      { numRuns: 30 },
    )
    assert.equal(words.size, 1)
    assert.match([...words][0] ?? '', /^invalid_ciphertext: /)
  })
}

test('an empty part of the associated data neither counts nor undoes the others', () => {
  for (const [algorithm] of suites) {
    const [key, nonce] = [keyFor(algorithm), randomBytes(NONCE_BYTES)]
    const [some, none] = [Buffer.from('context'), Buffer.alloc(0)]
    const sealed = seal(algorithm, key, nonce, [some], some)
    assert.deepEqual(seal(algorithm, key, nonce, [none, some, none], some), sealed)
    for (const aad of [[], [none], [none, none]]) {
      assert.throws(() => aeadDecrypt(algorithm, secretKey(key), nonce, aad, sealed), {
        code: 'invalid_ciphertext',
      })
    }
  }
})

test('it writes where it is told and nowhere else', () => {
  const algorithm = findAlgorithm('AES-256-GCM')
  const out = Buffer.alloc(100, 0xee)
  aeadEncrypt(
    algorithm,
    secretKey(keyFor(algorithm)),
    randomBytes(NONCE_BYTES),
    [],
    Buffer.alloc(10),
    out,
    20,
  )
  assert.deepEqual(out.subarray(0, 20), Buffer.alloc(20, 0xee))
  assert.deepEqual(out.subarray(46), Buffer.alloc(54, 0xee))
  assert.notDeepEqual(out.subarray(20, 46), Buffer.alloc(26, 0xee))
})

test("mistakes of the caller are RangeErrors, and other algorithms' rows are refused", () => {
  const algorithm = findAlgorithm('AES-256-GCM')
  const key = secretKey(keyFor(algorithm))
  const out = Buffer.alloc(26)
  const nonce = randomBytes(NONCE_BYTES)
  assert.throws(
    () => aeadEncrypt(algorithm, key, randomBytes(16), [], Buffer.alloc(10), out, 0),
    RangeError,
  )
  assert.throws(() => aeadEncrypt(algorithm, key, nonce, [], Buffer.alloc(11), out, 0), RangeError)
  assert.throws(() => aeadEncrypt(algorithm, key, nonce, [], Buffer.alloc(10), out, 1), RangeError)
  const hmac = findAlgorithm('HMAC-SHA-256')
  assert.throws(() => aeadEncrypt(hmac, key, nonce, [], Buffer.alloc(1), out, 0), {
    code: 'wrong_usage',
  })
  assert.throws(() => aeadDecrypt(hmac, key, nonce, [], out), { code: 'wrong_usage' })
})
