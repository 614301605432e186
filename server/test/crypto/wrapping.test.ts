import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto'
import { after, test } from 'node:test'
import { aeskw, aeskwp } from '@noble/ciphers/aes.js'
import fc from 'fast-check'
import {
  aesUnwrap,
  aesWrap,
  closeCrypto,
  oaepDecrypt,
  oaepEncrypt,
  randomBytes,
  rsaAesUnwrap,
  rsaAesWrap,
  secretKey,
} from '#crypto'

after(() => closeCrypto())

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const oaepOptions = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
const refusal = { name: 'ClavigerError', code: 'invalid_ciphertext' } as const

const kekBytes = fc.constantFrom(16, 24, 32)

test('AES-KW is what another implementation makes, and opens again', () => {
  fc.assert(
    fc.property(kekBytes, fc.integer({ min: 2, max: 40 }), (length, semiblocks) => {
      const [kek, material] = [randomBytes(length), randomBytes(8 * semiblocks)]
      const wrapped = aesWrap('kw', secretKey(kek), material)
      assert.deepEqual(
        wrapped,
        Buffer.from(aeskw(Uint8Array.from(kek)).encrypt(Uint8Array.from(material))),
      )
      assert.deepEqual(aesUnwrap('kw', secretKey(kek), wrapped), material)
    }),
  )
})

test('AES-KWP is what another implementation makes, and opens again', () => {
  fc.assert(
    fc.property(kekBytes, fc.integer({ min: 1, max: 300 }), (length, materialBytes) => {
      const [kek, material] = [randomBytes(length), randomBytes(materialBytes)]
      const wrapped = aesWrap('kwp', secretKey(kek), material)
      assert.deepEqual(
        wrapped,
        Buffer.from(aeskwp(Uint8Array.from(kek)).encrypt(Uint8Array.from(material))),
      )
      assert.deepEqual(aesUnwrap('kwp', secretKey(kek), wrapped), material)
    }),
  )
})

for (const mode of ['kw', 'kwp'] as const) {
  test(`AES-${mode.toUpperCase()} refuses every change and every other length with the same words`, () => {
    const kek = secretKey(randomBytes(32))
    const wrapped = aesWrap(mode, kek, randomBytes(32))
    const words = new Set<string>()
    const refuse = (blob: Uint8Array, key = kek) =>
      assert.throws(
        () => aesUnwrap(mode, key, blob),
        (thrown: Error) => {
          words.add(`${thrown.message} ${String(thrown.cause)}`)
          return (thrown as { code?: string }).code === 'invalid_ciphertext'
        },
      )
    for (let bit = 0; bit < wrapped.length * 8; bit += 5) {
      const turned = Buffer.from(wrapped)
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      refuse(turned)
    }
    // An empty ciphertext is the one that OpenSSL alone would unwrap to nothing.
    for (const length of [0, 1, 7, 8, 15, 16, 17, 23, 39]) refuse(wrapped.subarray(0, length))
    refuse(Buffer.alloc(20_000))
    refuse(wrapped, secretKey(randomBytes(32)))
    assert.equal(words.size, 1)
  })
}

test('lengths that a mode does not wrap, and keys that are not AES keys', () => {
  const kek = secretKey(randomBytes(32))
  for (const [mode, length] of [
    ['kw', 0],
    ['kw', 8],
    ['kw', 17],
    ['kw', 16_392],
    ['kwp', 0],
    ['kwp', 16_385],
  ] as const) {
    assert.throws(() => aesWrap(mode, kek, Buffer.alloc(length)), { code: 'invalid_key_material' })
  }
  for (const length of [1, 15, 20, 64]) {
    assert.throws(() => aesWrap('kwp', secretKey(randomBytes(length)), Buffer.alloc(16)), {
      code: 'wrong_usage',
    })
  }
  assert.throws(() => aesUnwrap('kw', ec.privateKey, Buffer.alloc(24)), { code: 'wrong_usage' })
})

test('RSA-OAEP opens what OpenSSL makes with the same hash, and the other way', async () => {
  for (const length of [0, 1, 32, 190]) {
    const message = randomBytes(length)
    const block = oaepEncrypt(publicKey, message)
    assert.deepEqual(await oaepDecrypt(privateKey, block), message)
    assert.deepEqual(privateDecrypt({ key: privateKey, ...oaepOptions }, block), message)
    assert.deepEqual(
      await oaepDecrypt(privateKey, publicEncrypt({ key: publicKey, ...oaepOptions }, message)),
      message,
    )
  }
  assert.throws(() => oaepEncrypt(publicKey, Buffer.alloc(191)), {
    code: 'payload_too_large',
    message: /at most 190/,
  })
})

test('RSA-OAEP with SHA-1: what others make, its own limit, and never in place of SHA-256', async () => {
  const padding = 'rsa-oaep-sha-1'
  const options = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
  for (const length of [0, 1, 32, 214]) {
    const message = randomBytes(length)
    const block = oaepEncrypt(publicKey, message, padding)
    assert.deepEqual(privateDecrypt({ key: privateKey, ...options }, block), message)
    assert.deepEqual(await oaepDecrypt(privateKey, block, padding), message)
    const theirs = publicEncrypt({ key: publicKey, ...options }, message)
    assert.deepEqual(await oaepDecrypt(privateKey, theirs, padding), message)
    await assert.rejects(oaepDecrypt(privateKey, theirs, 'rsa-oaep-sha-256'), refusal)
    const sha256 = oaepEncrypt(publicKey, message.subarray(0, 190))
    await assert.rejects(oaepDecrypt(privateKey, sha256, padding), refusal)
  }
  assert.throws(() => oaepEncrypt(publicKey, Buffer.alloc(215), padding), {
    code: 'payload_too_large',
    message: /rsa-oaep-sha-1 .* at most 214/,
  })
})

test('RSA-OAEP refuses everything else with the same words', async () => {
  const block = oaepEncrypt(publicKey, Buffer.from('secret'))
  const turned = Buffer.from(block)
  turned[100] = (turned[100] ?? 0) ^ 1
  const pkcs1 = publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_PADDING },
    Buffer.from('secret'),
  )
  const sha1 = publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING },
    Buffer.from('secret'),
  )
  const label = publicEncrypt(
    { key: publicKey, ...oaepOptions, oaepLabel: Buffer.from('x') },
    Buffer.from('secret'),
  )
  const large = Buffer.alloc(256, 0xff)
  const words = new Set<string>()
  for (const wrong of [
    turned,
    pkcs1,
    sha1,
    label,
    large,
    block.subarray(1),
    Buffer.alloc(0),
    Buffer.alloc(256),
  ]) {
    await assert.rejects(oaepDecrypt(privateKey, wrong), (thrown: Error & { code?: string }) => {
      words.add(`${thrown.code} ${thrown.message} ${String(thrown.cause)}`)
      return thrown.code === 'invalid_ciphertext'
    })
  }
  assert.equal(words.size, 1)
})

test('RSA-OAEP needs an RSA key', async () => {
  assert.throws(() => oaepEncrypt(ec.publicKey, Buffer.alloc(1)), { code: 'wrong_usage' })
  await assert.rejects(oaepDecrypt(ec.privateKey, Buffer.alloc(256)), { code: 'wrong_usage' })
})

test('RSA with AES key wrapping: any material, and its parts are what PKCS#11 says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), async (material) => {
      const blob = rsaAesWrap(publicKey, material)
      assert.equal(blob.length, 256 + 8 + 8 * Math.ceil(material.length / 8))
      assert.deepEqual(await rsaAesUnwrap(privateKey, blob), Buffer.from(material))
    }),
    { numRuns: 15 },
  )
  const material = randomBytes(100)
  const blob = rsaAesWrap(publicKey, material)
  const aes = privateDecrypt({ key: privateKey, ...oaepOptions }, blob.subarray(0, 256))
  assert.equal(aes.length, 32)
  assert.deepEqual(Buffer.from(aeskwp(Uint8Array.from(aes)).decrypt(blob.subarray(256))), material)
  assert.notDeepEqual(rsaAesWrap(publicKey, material).subarray(256), blob.subarray(256))
})

test('RSA with AES key wrapping refuses everything else with the same words', async () => {
  const blob = rsaAesWrap(publicKey, randomBytes(40))
  const change = (at: number) => {
    const turned = Buffer.from(blob)
    turned[at] = (turned[at] ?? 0) ^ 1
    return turned
  }
  const shortKey = Buffer.concat([
    oaepEncrypt(publicKey, Buffer.alloc(16, 1)),
    aesWrap('kwp', secretKey(Buffer.alloc(16, 1)), randomBytes(40)),
  ])
  const words = new Set<string>()
  for (const wrong of [
    Buffer.alloc(0),
    blob.subarray(0, 256),
    blob.subarray(0, 271),
    blob.subarray(0, -8),
    blob.subarray(0, -1),
    Buffer.concat([blob, Buffer.alloc(8)]),
    change(10),
    change(300),
    shortKey,
  ]) {
    await assert.rejects(rsaAesUnwrap(privateKey, wrong), (thrown: Error & { code?: string }) => {
      words.add(`${thrown.code} ${thrown.message} ${String(thrown.cause)}`)
      return thrown.code === refusal.code
    })
  }
  assert.equal(words.size, 1)
})
