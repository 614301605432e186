import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { argon2id } from '@noble/hashes/argon2.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { slh_dsa_sha2_128s } from '@noble/post-quantum/slh-dsa.js'
import { findAlgorithm, openMaterial, runSelfTests, selfTestReport, selfTests } from '#crypto'
import {
  ecdsaVectors,
  mlDsaVector,
  mlKemVector,
  rsaVector,
  slhDsaVector,
} from '../../src/crypto/self-test-vectors.ts'

/** The self-tests pass, and their values hold by other means than OpenSSL. */

const MESSAGE = Buffer.from('claviger')
const counting = (length: number) => Uint8Array.from({ length }, (_, position) => position)
const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const base64 = (text: string) => Buffer.from(text, 'base64')
const sha256 = (...data: Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const each of data) hash.update(each)
  return hash.digest()
}

function expectedOf(name: string): string {
  return selfTests.find((each) => each.name === name)?.expected.replaceAll(/\s/g, '') ?? ''
}

test('all of them pass, and the report says so', () => {
  assert.equal(selfTestReport(), undefined)
  const report = runSelfTests({ now: () => 1_234 })
  assert.deepEqual(report, { passed: true, tests: selfTests.length, failed: [], ranAt: 1_234 })
  assert.equal(selfTestReport(), report)
  assert.equal(new Set(selfTests.map(({ name }) => name)).size, selfTests.length)
  // A test whose expectation is empty would pass on nothing.
  for (const { name, expected } of selfTests) assert.match(expected, /^[0-9a-f\s]{2,}$/, name)
})

test('every family is tested', () => {
  const names = selfTests.map(({ name }) => name).join('\n')
  for (const family of [
    'AES-128-GCM',
    'AES-256-GCM',
    'AES-256-GCM-SIV',
    'ChaCha20',
    'AES-KW',
    'AES-KWP',
    'SHA-256',
    'HMAC-SHA-224',
    'HMAC-SHA-512',
    'HKDF',
    'argon2id',
    'RSA-PSS',
    'PKCS#1',
    'OAEP',
    'OAEP with SHA-1',
    'P-256',
    'P-384',
    'P-521',
    'secp256k1',
    'Ed25519',
    'Ed25519ph',
    'X25519',
    'ML-KEM',
    'ML-DSA',
    'a mu',
    'SLH-DSA',
    'random',
  ]) {
    assert.ok(names.includes(family), family)
  }
})

test('elliptic curves, by another implementation', () => {
  const curves = { 'P-256': p256, 'P-384': p384, 'P-521': p521, secp256k1 }
  for (const [name, { point, signature }] of Object.entries(ecdsaVectors)) {
    const curve = curves[name as keyof typeof curves]
    const options = { format: 'der', lowS: false } as const
    assert.equal(
      curve.verify(hex(signature), Buffer.from('sample'), hex(point), options),
      true,
      name,
    )
  }
})

test('lattices and hashes, by another implementation', () => {
  const kem = ml_kem768.keygen(counting(64))
  assert.equal(sha256(kem.publicKey).toString('hex'), mlKemVector.publicKeyHash)
  assert.deepEqual(
    Buffer.from(ml_kem768.decapsulate(new Uint8Array(1_088), kem.secretKey)),
    hex(mlKemVector.rejected),
  )
  const dsa = ml_dsa44.keygen(counting(32))
  assert.equal(sha256(dsa.publicKey).toString('hex'), mlDsaVector.publicKeyHash)
  assert.equal(ml_dsa44.verify(base64(mlDsaVector.signature), MESSAGE, dsa.publicKey), true)
  const ofMu = ml_dsa44.internal.verify(
    base64(mlDsaVector.signature),
    hex(mlDsaVector.mu),
    dsa.publicKey,
    { externalMu: true },
  )
  assert.equal(ofMu, true)
  const publicKey = hex(slhDsaVector.publicKey)
  assert.deepEqual(Buffer.from(slh_dsa_sha2_128s.keygen(counting(48)).publicKey), publicKey)
  assert.equal(slh_dsa_sha2_128s.verify(base64(slhDsaVector.signature), MESSAGE, publicKey), true)
})

test('derivations, by another implementation', () => {
  const derived = hkdf(
    sha512,
    Buffer.alloc(22, 0x0b),
    counting(13),
    hex('f0f1f2f3f4f5f6f7f8f9'),
    42,
  )
  assert.equal(derived.toHex(), expectedOf('HKDF-SHA-512'))
  const options = { m: 64, t: 2, p: 2, dkLen: 32 }
  const key = argon2id(Buffer.from('a passphrase of no account'), counting(16), options)
  assert.equal(key.toHex(), expectedOf('argon2id'))
})

/** RSA by integers: slow, in the open, and only for a key that everybody may know. */
const jwk = openMaterial(
  findAlgorithm('RSA-2048'),
  base64(rsaVector.privateKey),
).privateKey?.export({ format: 'jwk' })
const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const part = (name: 'n' | 'e' | 'd') => integer(Buffer.from(jwk?.[name] ?? '', 'base64url'))

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let [square, rest] = [base, exponent]; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function block(value: bigint): Buffer {
  return hex(value.toString(16).padStart(512, '0'))
}

/** RFC 8017 appendix B.2.1. */
function mask(seed: Uint8Array, length: number, digest = sha256): Buffer {
  const size = digest().length
  const blocks = Array.from({ length: Math.ceil(length / size) }, (_, counter) =>
    digest(seed, Buffer.of(0, 0, 0, counter)),
  )
  return Buffer.concat(blocks).subarray(0, length)
}

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, position) => byte ^ (right[position] ?? 0)))
}

test('RSA PKCS#1 v1.5, by integers (RFC 8017 section 9.2)', () => {
  const digestInfo = Buffer.concat([hex('3031300d060960864801650304020105000420'), sha256(MESSAGE)])
  const padding = Buffer.alloc(256 - 3 - digestInfo.length, 0xff)
  const encoded = Buffer.concat([hex('0001'), padding, hex('00'), digestInfo])
  assert.deepEqual(block(power(integer(base64(rsaVector.pkcs1)), part('e'), part('n'))), encoded)
})

test('RSA-PSS, by integers (RFC 8017 section 9.1.2)', () => {
  const encoded = block(power(integer(base64(rsaVector.pss)), part('e'), part('n')))
  const [masked, hash] = [encoded.subarray(0, 223), encoded.subarray(223, 255)]
  assert.equal(encoded[255], 0xbc)
  const data = xor(masked, mask(hash, 223))
  data[0] = (data[0] ?? 0) & 0x7f
  assert.deepEqual(data.subarray(0, 191), Buffer.concat([Buffer.alloc(190), hex('01')]))
  const salt = data.subarray(191)
  assert.equal(salt.length, 32)
  assert.deepEqual(sha256(Buffer.alloc(8), sha256(MESSAGE), salt), hash)
})

const sha1 = (...data: Uint8Array[]) => createHash('sha1').update(Buffer.concat(data)).digest()

for (const [name, vector, digest] of [
  ['SHA-256', rsaVector.oaep, sha256],
  ['SHA-1', rsaVector.oaepSha1, sha1],
] as const) {
  test(`RSA-OAEP with ${name}, by integers (RFC 8017 section 7.1.2)`, () => {
    const size = digest().length
    const encoded = block(power(integer(base64(vector)), part('d'), part('n')))
    const [maskedSeed, maskedData] = [encoded.subarray(1, 1 + size), encoded.subarray(1 + size)]
    const seed = xor(maskedSeed, mask(maskedData, size, digest))
    const data = xor(maskedData, mask(seed, maskedData.length, digest))
    assert.equal(encoded[0], 0)
    assert.deepEqual(data.subarray(0, size), digest(Buffer.alloc(0)))
    const end = data.indexOf(1, size)
    assert.deepEqual(data.subarray(size, end), Buffer.alloc(end - size))
    assert.deepEqual(data.subarray(end + 1), MESSAGE)
  })
}
