import assert from 'node:assert/strict'
import {
  constants,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
} from 'node:crypto'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { aeskwp } from '@noble/ciphers/aes.js'
import { closeCrypto, type ImportWrapping, randomBytes, unwrapForImport } from '#crypto'

/** Material that was wrapped by others, with OpenSSL's OAEP and another implementation's AES-KWP. */

after(() => closeCrypto())

const wrappings = [
  'rsa-oaep-sha-256',
  'rsa-oaep-sha-1',
  'rsa-oaep-sha-256+aes-256-kwp',
  'rsa-oaep-sha-1+aes-256-kwp',
] as const

const newPair = promisify(generateKeyPair)
const sizes = [2048, 3072, 4096] as const
const pairs = await Promise.all(
  sizes.map((modulusLength) => newPair('rsa', { modulusLength, publicExponent: 65_537 })),
)

function block(publicKey: KeyObject, wrapping: ImportWrapping, content: Uint8Array): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const oaepHash = wrapping.startsWith('rsa-oaep-sha-256') ? 'sha256' : 'sha1'
  return publicEncrypt({ key: publicKey, padding, oaepHash }, content)
}

function wrapped(publicKey: KeyObject, wrapping: ImportWrapping, material: Uint8Array): Buffer {
  if (!wrapping.endsWith('kwp')) return block(publicKey, wrapping, material)
  const key = Uint8Array.from(randomBytes(32))
  const inner = aeskwp(key).encrypt(Uint8Array.from(material))
  return Buffer.concat([block(publicKey, wrapping, key), inner])
}

for (const [index, bits] of sizes.entries()) {
  for (const wrapping of wrappings) {
    test(`RSA-${bits}, ${wrapping}`, async () => {
      const pair = pairs[index]
      assert.ok(pair)
      const { publicKey, privateKey } = pair
      const direct = bits / 8 - (wrapping.includes('256') ? 66 : 42)
      const lengths = wrapping.endsWith('kwp') ? [1, 32, 121, 2_400] : [1, 32, direct]
      for (const length of lengths) {
        const material = randomBytes(length)
        const blob = wrapped(publicKey, wrapping, material)
        assert.deepEqual(await unwrapForImport(privateKey, wrapping, blob), Buffer.from(material))
      }
    })
  }
}

test('whatever is wrong, the refusal is the same', async () => {
  const [pair, other] = pairs
  assert.ok(pair && other)
  const { publicKey, privateKey } = pair
  const material = randomBytes(32)
  const words = new Set<string>()
  for (const wrapping of wrappings) {
    const good = wrapped(publicKey, wrapping, material)
    const changed = (at: number) => {
      const copy = Buffer.from(good)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    }
    const wrong = [
      Buffer.alloc(0),
      good.subarray(1),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.alloc(8)]),
      changed(100),
      changed(good.length - 1),
      Buffer.alloc(good.length),
      Buffer.alloc(good.length, 0xff),
      wrapped(other.publicKey, wrapping, material),
      Buffer.alloc(20_000),
      ...wrappings
        .filter((each) => each !== wrapping)
        .map((each) => wrapped(publicKey, each, material)),
    ]
    // The key in the block must be an AES-256 key.
    if (wrapping.endsWith('kwp')) {
      const short = Uint8Array.from(randomBytes(16))
      const inner = aeskwp(short).encrypt(Uint8Array.from(material))
      wrong.push(Buffer.concat([block(publicKey, wrapping, short), inner]))
    }
    for (const blob of wrong) {
      await assert.rejects(
        unwrapForImport(privateKey, wrapping, blob),
        (thrown: Error & { code?: string; field?: string }) => {
          words.add(`${thrown.code} ${thrown.message} ${thrown.field} ${String(thrown.cause)}`)
          return thrown.code === 'invalid_ciphertext'
        },
      )
    }
  }
  assert.equal(words.size, 1, [...words].join('\n'))
})

test('another kind of key unwraps nothing', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const wrapping of wrappings) {
    await assert.rejects(unwrapForImport(privateKey, wrapping, Buffer.alloc(300)), {
      code: 'wrong_usage',
    })
  }
})
