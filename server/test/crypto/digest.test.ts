import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as otherSha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import {
  findAlgorithm,
  hkdfSha512,
  hmacSha256,
  HmacSha256Key,
  isSameDigest,
  mac,
  secretKey,
  sha256,
  verifyMac,
  type OpenMaterial,
} from '#crypto'

const bytes = fc.uint8Array({ maxLength: 200 })

test('SHA-256, HMAC-SHA-256 and HKDF-SHA-512 are what another implementation makes', () => {
  fc.assert(
    fc.property(
      bytes,
      bytes,
      bytes,
      fc.integer({ min: 1, max: 200 }),
      (key, salt, data, length) => {
        assert.deepEqual(sha256(data), Buffer.from(otherSha256(data)))
        assert.deepEqual(hmacSha256(key, data), Buffer.from(hmac(otherSha256, key, data)))
        const derived = Buffer.from(hkdf(sha512, key, salt, data, length))
        assert.deepEqual(hkdfSha512(key, salt, data, length), derived)
        assert.deepEqual(hkdfSha512(secretKey(key), salt, data, length), derived)
      },
    ),
  )
})

test('a label given as text is its UTF-8', () => {
  const [key, salt] = [Buffer.alloc(32, 1), Buffer.alloc(16, 2)]
  assert.deepEqual(hkdfSha512(key, salt, 'ä', 32), hkdfSha512(key, salt, Buffer.from('ä'), 32))
})

const hashes = [
  ['HMAC-SHA-256', otherSha256],
  ['HMAC-SHA-384', sha384],
  ['HMAC-SHA-512', sha512],
] as const

for (const [name, hash] of hashes) {
  test(`${name}: another implementation, every change, every truncation`, () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (key, message, position) => {
        const material: OpenMaterial = { algorithm: findAlgorithm(name), secret: secretKey(key) }
        const code = mac(material, message)
        assert.deepEqual(code, Buffer.from(hmac(hash, key, message)))
        assert.equal(verifyMac(material, message, code), true)
        const turned = Buffer.from(code)
        const at = position % code.length
        turned[at] = (turned[at] ?? 0) ^ 0x80
        assert.equal(verifyMac(material, message, turned), false)
        assert.equal(verifyMac(material, message, code.subarray(0, at)), false)
        assert.equal(verifyMac(material, Buffer.concat([message, Buffer.of(0)]), code), false)
      }),
    )
  })
}

test('other keys make no codes', () => {
  const aes: OpenMaterial = {
    algorithm: findAlgorithm('AES-256-GCM'),
    secret: secretKey(Buffer.alloc(32)),
  }
  assert.throws(() => mac(aes, Buffer.alloc(1)), { code: 'wrong_usage' })
  assert.throws(() => mac({ algorithm: findAlgorithm('HMAC-SHA-256') }, Buffer.alloc(1)), {
    code: 'wrong_usage',
  })
})

test('a key for many codes makes the same codes, of texts of any length, until it is forgotten', () => {
  const latin1 = fc
    .uint8Array({ maxLength: 3_000, size: 'max' })
    .map((each) => Buffer.from(each).toString('latin1'))
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(latin1, { maxLength: 4 }),
      (key, texts) => {
        const often = new HmacSha256Key(key)
        for (const text of texts) {
          const once = hmacSha256(key, Buffer.from(text, 'latin1')).toString('hex')
          assert.equal(often.hex(text), once)
          assert.ok(isSameDigest(often.hex(text), once))
        }
        often.forget()
        if (key.some((byte) => byte !== 0))
          assert.notEqual(often.hex(''), hmacSha256(key, Buffer.alloc(0)).toString('hex'))
      },
    ),
  )
  assert.throws(() => new HmacSha256Key(new Uint8Array(65)), TypeError)
})

test('digests are compared as 64 digits', () => {
  const digest = 'ab'.repeat(32)
  assert.ok(isSameDigest(digest, digest))
  for (const other of [
    '',
    'ab',
    `${digest.slice(0, 63)}c`,
    `${digest}ab`,
    `${digest.slice(0, 62)}xy`,
  ])
    assert.ok(!isSameDigest(digest, other) && !isSameDigest(other, digest), other)
})
