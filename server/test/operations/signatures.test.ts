import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPublicKey,
  randomBytes,
  verify,
  type KeyObject,
} from 'node:crypto'
import { test } from 'node:test'
import type { SignatureScheme, WireInputOf } from '@claviger/contract'
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { slh_dsa_sha2_128f } from '@noble/post-quantum/slh-dsa.js'
import { base64, bytes } from '../rest/client.ts'
import { startRestHouse } from '../rest/house.ts'

/** Every scheme, over messages and digests, checked outside the server by node:crypto and by a second implementation. */

const { owner } = await startRestHouse()
const message = randomBytes(1_000)
const other = randomBytes(1_000)

type Format = 'der' | 'p1363'

interface Case {
  readonly algorithm: string
  readonly scheme: SignatureScheme
  /** The hash of the schemes that take digests. */
  readonly hash?: 'sha256' | 'sha384' | 'sha512'
  readonly formats: readonly Format[]
  /** Whether node:crypto has no name for the scheme, so that the other implementation alone is asked. */
  readonly unknownToNode?: boolean
  /** Says whether another implementation takes the signature: over the raw public key, of the message. */
  readonly noble?: (signature: Uint8Array, publicKey: Uint8Array, format: Format) => boolean
}

const hashes = ['sha256', 'sha384', 'sha512'] as const
const nist = { 'P-256': p256, 'P-384': p384, 'P-521': p521, secp256k1 } as const
const lattices = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 } as const

function digestOf(hash: string, data: Uint8Array): Buffer {
  return createHash(hash).update(data).digest()
}

const cases: readonly Case[] = [
  ...Object.entries(nist).flatMap(([algorithm, curve]) =>
    hashes.map((hash): Case => ({
      algorithm,
      scheme: `ecdsa-${hash.replace('sha', 'sha-') as 'sha-256' | 'sha-384' | 'sha-512'}`,
      hash,
      formats: ['der', 'p1363'],
      noble: (signature, publicKey, format) =>
        curve.verify(signature, digestOf(hash, message), publicKey, {
          prehash: false,
          lowS: false,
          format: format === 'der' ? 'der' : 'compact',
        }),
    })),
  ),
  ...(['pss', 'pkcs1'] as const).flatMap((padding) =>
    hashes.map((hash): Case => ({
      algorithm: 'RSA-2048',
      scheme: `rsa-${padding}-${hash.replace('sha', 'sha-') as 'sha-256' | 'sha-384' | 'sha-512'}`,
      hash,
      formats: ['der'],
    })),
  ),
  {
    algorithm: 'Ed25519',
    scheme: 'ed25519',
    formats: ['der'],
    noble: (signature, publicKey) => ed25519.verify(signature, message, publicKey),
  },
  {
    algorithm: 'Ed25519',
    scheme: 'ed25519ph',
    hash: 'sha512',
    formats: ['der'],
    unknownToNode: true,
    noble: (signature, publicKey) => ed25519ph.verify(signature, message, publicKey),
  },
  ...Object.entries(lattices).map(([algorithm, scheme]): Case => ({
    algorithm,
    scheme: 'ml-dsa',
    formats: ['der'],
    noble: (signature, publicKey) => scheme.verify(signature, message, publicKey),
  })),
  {
    algorithm: 'SLH-DSA-SHA2-128f',
    scheme: 'slh-dsa',
    formats: ['der'],
    noble: (signature, publicKey) => slh_dsa_sha2_128f.verify(signature, message, publicKey),
  },
]

/** The bit string at the end of a SubjectPublicKeyInfo, by its length. */
function rawPublicKey(algorithm: string, spki: Buffer): Buffer {
  const lengths: Record<string, number> = {
    'P-256': 65,
    'P-384': 97,
    'P-521': 133,
    secp256k1: 65,
    Ed25519: 32,
    'ML-DSA-44': 1_312,
    'ML-DSA-65': 1_952,
    'ML-DSA-87': 2_592,
    'SLH-DSA-SHA2-128f': 32,
  }
  return spki.subarray(-(lengths[algorithm] ?? 0))
}

function verifiesOutside(each: Case, key: KeyObject, signature: Buffer, format: Format): boolean {
  if (each.scheme.startsWith('rsa-pss')) {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return verify(
      each.hash,
      message,
      { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
      signature,
    )
  }
  const dsaEncoding = format === 'p1363' ? 'ieee-p1363' : 'der'
  return verify(each.hash ?? null, message, { key, dsaEncoding }, signature)
}

const keys = new Map<string, Promise<string>>()

/** One key for each algorithm: making RSA and SLH-DSA keys takes a while. */
function keyFor(algorithm: string): Promise<string> {
  return keys.getOrInsertComputed(algorithm, async () => {
    return (await owner.call('key.create', { algorithm, usage: 'sign' })).id
  })
}

for (const each of cases) {
  const { algorithm, scheme, hash, formats } = each
  test(`${algorithm} with ${scheme}`, async () => {
    const key = await keyFor(algorithm)
    const { publicKey } = await owner.call('key.public', { key })
    const outside = createPublicKey({ key: bytes(publicKey), type: 'spki', format: 'der' })
    const given: WireInputOf<'sign'>[] = [{ key, message: base64(message), scheme }]
    if (hash !== undefined) given.push({ key, digest: base64(digestOf(hash, message)), scheme })
    for (const format of formats) {
      for (const input of given) {
        const signed = await owner.call('sign', { ...input, format })
        assert.deepEqual([signed.scheme, signed.key, signed.version], [scheme, key, 1])
        const signature = bytes(signed.signature)
        if (each.unknownToNode !== true)
          assert.ok(verifiesOutside(each, outside, signature, format), 'by OpenSSL, outside')
        if (each.noble !== undefined) {
          const raw = rawPublicKey(algorithm, bytes(publicKey))
          assert.ok(each.noble(signature, raw, format), 'by another implementation')
        }
        for (const check of given) {
          const verified = await owner.call('verify', {
            ...check,
            signature: signed.signature,
            format,
          })
          assert.deepEqual(verified, { valid: true, key, version: 1 })
        }
        const changed = Buffer.from(signature)
        changed.writeUInt8((changed.at(-1) ?? 0) ^ 1, changed.length - 1)
        const wrong: Partial<WireInputOf<'verify'>>[] = [
          { signature: base64(changed) },
          { signature: base64(signature.subarray(1)) },
          { signature: base64(randomBytes(signature.length)) },
          { message: base64(other) },
        ]
        if (formats.length === 2) wrong.push({ format: format === 'der' ? 'p1363' : 'der' })
        for (const change of wrong) {
          const check = {
            key,
            message: base64(message),
            scheme,
            signature: signed.signature,
            format,
          }
          assert.equal((await owner.call('verify', { ...check, ...change })).valid, false)
        }
      }
    }
  })
}

test('the scheme is the first of the algorithm unless given', async () => {
  const first = {
    'P-256': 'ecdsa-sha-256',
    'P-384': 'ecdsa-sha-384',
    'RSA-2048': 'rsa-pss-sha-256',
  }
  for (const [algorithm, scheme] of Object.entries(first)) {
    const key = await keyFor(algorithm)
    assert.equal((await owner.call('sign', { key, message: base64(message) })).scheme, scheme)
  }
})

test('a message or a digest, never both or neither, and digests of the right length', async () => {
  const key = await keyFor('P-256')
  const signature = base64(randomBytes(64))
  const digest = base64(digestOf('sha256', message))
  for (const extra of [{}, { message: base64(message), digest }]) {
    await owner.refuse('invalid_request', 'sign', { key, ...extra })
    await owner.refuse('invalid_request', 'verify', { key, ...extra, signature })
  }
  for (const length of [20, 31, 33, 48, 64]) {
    const wrong = { key, digest: base64(randomBytes(length)) }
    assert.equal((await owner.refuse('invalid_request', 'sign', wrong)).field, 'digest')
    await owner.refuse('invalid_request', 'verify', { ...wrong, signature })
  }
  for (const algorithm of ['Ed25519', 'ML-DSA-65', 'SLH-DSA-SHA2-128f']) {
    const whole = { key: await keyFor(algorithm), digest }
    await owner.refuse('wrong_usage', 'sign', whole)
    await owner.refuse('wrong_usage', 'verify', { ...whole, signature })
  }
})

/** FIPS 204: what ML-DSA makes of its public key, an empty context and a message. */
function muOf(publicKey: Uint8Array, data: Uint8Array): Buffer {
  const shake = (...parts: Uint8Array[]) =>
    createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
  return shake(shake(publicKey), Buffer.of(0, 0), data)
}

test('a mu made by the caller is signed as its message is, by ML-DSA alone', async () => {
  for (const [algorithm, scheme] of Object.entries(lattices)) {
    const key = await keyFor(algorithm)
    const raw = rawPublicKey(algorithm, bytes((await owner.call('key.public', { key })).publicKey))
    const mu = base64(muOf(raw, message))
    const signed = await owner.call('sign', { key, mu })
    assert.deepEqual([signed.scheme, signed.key, signed.version], ['ml-dsa', key, 1])
    const { signature } = signed
    assert.ok(scheme.verify(bytes(signature), message, raw))
    for (const [check, valid] of [
      [{ mu }, true],
      [{ message: base64(message) }, true],
      [{ mu: base64(muOf(raw, other)) }, false],
      [{ message: mu }, false],
    ] as const) {
      assert.equal((await owner.call('verify', { key, signature, ...check })).valid, valid)
    }
    const [item] = (await owner.call('signBatch', { key, items: [{ mu }] })).items
    assert.ok(item !== undefined && 'signature' in item)
    const items = [{ message: base64(message), signature: item.signature }]
    const [verdict] = (await owner.call('verifyBatch', { key, items })).items
    assert.ok(verdict !== undefined && 'valid' in verdict && verdict.valid)
  }
  const mu = base64(randomBytes(64))
  for (const algorithm of ['P-256', 'RSA-2048', 'Ed25519', 'SLH-DSA-SHA2-128f']) {
    await owner.refuse('wrong_usage', 'sign', { key: await keyFor(algorithm), mu })
  }
  const key = await keyFor('ML-DSA-44')
  for (const length of [0, 63, 65])
    await owner.refuse('invalid_request', 'sign', { key, mu: base64(randomBytes(length)) })
  for (const extra of [{ message: mu }, { digest: mu }, { message: mu, digest: mu }]) {
    await owner.refuse('invalid_request', 'sign', { key, mu, ...extra })
    await owner.refuse('invalid_request', 'verify', { key, mu, signature: mu, ...extra })
  }
})

test('a scheme of another algorithm is refused', async () => {
  const key = await keyFor('P-256')
  for (const scheme of ['rsa-pss-sha-256', 'ed25519', 'ml-dsa', 'slh-dsa'] as const) {
    const input = { key, message: base64(message), scheme }
    await owner.refuse('wrong_usage', 'sign', input)
    await owner.refuse('wrong_usage', 'verify', { ...input, signature: base64('x') })
  }
})

test('signatures of old versions verify after a rotation, and of one version where it is named', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'Ed25519' })
  const input = { key, message: base64(message) }
  const old = await owner.call('sign', input)
  await owner.call('key.rotate', { key })
  const young = await owner.call('sign', input)
  assert.deepEqual([old.version, young.version], [1, 2])
  for (const [{ signature }, version, valid] of [
    [old, undefined, true],
    [old, 1, true],
    [old, 2, false],
    [young, undefined, true],
    [young, 1, false],
  ] as const) {
    const verified = await owner.call('verify', {
      ...input,
      signature,
      ...(version === undefined ? {} : { version }),
    })
    assert.equal(verified.valid, valid)
  }
  assert.equal((await owner.call('verify', { ...input, signature: old.signature })).version, 1)
  const missing = { ...input, signature: old.signature, version: 3 }
  await owner.refuse('not_found', 'verify', missing)
})
