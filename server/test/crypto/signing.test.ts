import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import type { SignatureScheme } from '@claviger/contract'
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { slh_dsa_sha2_128f, slh_dsa_shake_128f } from '@noble/post-quantum/slh-dsa.js'
import fc from 'fast-check'
import {
  algorithms,
  closeCrypto,
  findAlgorithm,
  findScheme,
  generateMaterial,
  openMaterial,
  setPoolConcurrency,
  sign,
  verify,
  type Algorithm,
  type OpenMaterial,
} from '#crypto'
import { rsaVector } from '../../src/crypto/self-test-vectors.ts'

after(() => closeCrypto())

const MESSAGE = Buffer.from('a message')

const rsa2048 = openMaterial(findAlgorithm('RSA-2048'), Buffer.from(rsaVector.privateKey, 'base64'))

async function newKey(name: string): Promise<OpenMaterial> {
  const algorithm = findAlgorithm(name)
  if (algorithm === rsa2048.algorithm) return rsa2048
  return openMaterial(algorithm, await generateMaterial(algorithm))
}

function digestOf(
  algorithm: Algorithm,
  scheme: SignatureScheme,
  message: Uint8Array,
): Buffer | undefined {
  const { hash } = findScheme(algorithm, scheme)
  return hash === undefined ? undefined : createHash(hash).update(message).digest()
}

/** The public half alone, as a verifier has it. */
function verifierOf({ algorithm, publicKey }: OpenMaterial): OpenMaterial {
  return { algorithm, ...(publicKey === undefined ? {} : { publicKey }) }
}

const signers = algorithms
  .filter(({ schemes, name }) => schemes.length > 0 && !/^RSA-[34]|^SLH.*(s$|192|256)/.test(name))
  .map(({ name }) => name)

for (const name of signers) {
  test(`${name}: every scheme, message and digest, both forms, and every change`, async () => {
    const material = await newKey(name)
    const verifier = verifierOf(material)
    const { algorithm } = material
    for (const scheme of algorithm.schemes) {
      const digest = digestOf(algorithm, scheme, MESSAGE)
      const inputs =
        digest === undefined ? [{ message: MESSAGE }] : [{ message: MESSAGE }, { digest }]
      for (const format of ['der', 'p1363'] as const) {
        for (const data of inputs) {
          const signature = await sign(material, scheme, data, format)
          for (const again of inputs) {
            assert.equal(await verify(verifier, scheme, again, signature, format), true, scheme)
          }
          const turned = Buffer.from(signature)
          turned[turned.length - 1] = (turned.at(-1) ?? 0) ^ 1
          assert.equal(await verify(verifier, scheme, data, turned, format), false, scheme)
          const otherMessage = { message: Buffer.from('another message') }
          assert.equal(
            await verify(verifier, scheme, otherMessage, signature, format),
            false,
            scheme,
          )
          if (algorithm.family === 'ec') {
            const width = algorithm.pair?.coordinateBytes ?? 0
            if (format === 'p1363') assert.equal(signature.length, 2 * width)
            else assert.equal(signature[0], 0x30)
            const other = format === 'der' ? 'p1363' : 'der'
            assert.equal(
              await verify(verifier, scheme, data, signature, other),
              false,
              'another form',
            )
          }
        }
      }
    }
  })
}

test('fast algorithms answer at once, slow ones later', async () => {
  const cases = [
    ['Ed25519', false, false],
    ['P-256', false, false],
    ['RSA-2048', true, false],
    ['P-384', true, true],
    ['secp256k1', true, true],
    ['ML-DSA-44', true, true],
    ['SLH-DSA-SHA2-128f', true, true],
  ] as const
  for (const [name, signsLater, verifiesLater] of cases) {
    const material = await newKey(name)
    const signature = sign(material, undefined, { message: MESSAGE })
    assert.equal(signature instanceof Promise, signsLater, name)
    const verdict = verify(material, undefined, { message: MESSAGE }, await signature)
    assert.equal(verdict instanceof Promise, verifiesLater, name)
    assert.equal(await verdict, true)
  }
})

const curves = [
  ['P-256', p256],
  ['P-384', p384],
  ['P-521', p521],
  ['secp256k1', secp256k1],
] as const

for (const [name, curve] of curves) {
  test(`${name}: another implementation verifies ours, and we verify its`, async () => {
    const material = await newKey(name)
    const { privateKey, publicKey } = material
    const scheme = material.algorithm.schemes[0]
    assert.ok(privateKey && publicKey && scheme)
    const jwk = privateKey.export({ format: 'jwk' })
    const secret = Buffer.from(jwk.d ?? '', 'base64url')
    const point = curve.getPublicKey(secret, false)
    const digest = digestOf(material.algorithm, scheme, MESSAGE)
    assert.ok(digest)
    const options = { prehash: false, lowS: false } as const
    const ours = await sign(material, scheme, { message: MESSAGE }, 'p1363')
    assert.equal(curve.verify(Uint8Array.from(ours), digest, point, options), true)
    const oursOfDigest = await sign(material, scheme, { digest }, 'p1363')
    assert.equal(curve.verify(Uint8Array.from(oursOfDigest), digest, point, options), true)
    const theirs = curve.sign(digest, secret, { ...options, format: 'der' })
    assert.equal(await verify(material, scheme, { message: MESSAGE }, theirs), true)
    assert.equal(await verify(material, scheme, { digest }, theirs), true)
  })
}

test('Ed25519 is what another implementation makes', async () => {
  const material = await newKey('Ed25519')
  const seed = material.privateKey?.export({ format: 'raw-private' })
  assert.ok(seed)
  const ours = await sign(material, 'ed25519', { message: MESSAGE })
  assert.deepEqual(Buffer.from(ours), Buffer.from(ed25519.sign(MESSAGE, seed)))
})

test('Ed25519ph is what another implementation makes, of a message and of its digest', async () => {
  const material = await newKey('Ed25519')
  const seed = material.privateKey?.export({ format: 'raw-private' })
  const digest = digestOf(material.algorithm, 'ed25519ph', MESSAGE)
  assert.ok(seed && digest)
  const theirs = Buffer.from(ed25519ph.sign(MESSAGE, seed))
  assert.deepEqual(await sign(material, 'ed25519ph', { message: MESSAGE }), theirs)
  assert.deepEqual(await sign(material, 'ed25519ph', { digest }), theirs)
  // One scheme's signature is not the other's, whatever was signed: RFC 8032 section 5.1 has them apart by dom2.
  for (const data of [{ message: MESSAGE }, { message: digest }]) {
    assert.equal(await verify(material, 'ed25519', data, theirs), false)
    const plain = await sign(material, 'ed25519', data)
    assert.equal(await verify(material, 'ed25519ph', { digest }, plain), false)
  }
  for (const length of [0, 32, 63, 65]) {
    const error = { code: 'invalid_request', field: 'digest' }
    assert.throws(() => sign(material, 'ed25519ph', { digest: Buffer.alloc(length) }), error)
  }
})

const lattices = [
  ['ML-DSA-44', ml_dsa44],
  ['ML-DSA-65', ml_dsa65],
  ['ML-DSA-87', ml_dsa87],
] as const

for (const [name, other] of lattices) {
  test(`${name}: another implementation verifies ours, and we verify its`, async () => {
    const material = await newKey(name)
    const seed = material.privateKey?.export({ format: 'raw-seed' })
    assert.ok(seed)
    const keys = other.keygen(seed)
    const ours = await sign(material, 'ml-dsa', { message: MESSAGE })
    assert.equal(other.verify(ours, MESSAGE, keys.publicKey), true)
    const theirs = other.sign(MESSAGE, keys.secretKey)
    assert.equal(await verify(material, 'ml-dsa', { message: MESSAGE }, theirs), true)
  })
}

/** FIPS 204 algorithm 2 line 10 and algorithm 7 line 6, with an empty context. */
function muOf(publicKey: Uint8Array, message: Uint8Array): Buffer {
  const shake = (...parts: Uint8Array[]) =>
    createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()
  return shake(shake(publicKey), Buffer.of(0, 0), message)
}

for (const [name, other] of lattices) {
  test(`${name}: a mu stands for its message, here and in another implementation`, async () => {
    const material = await newKey(name)
    const verifier = verifierOf(material)
    const seed = material.privateKey?.export({ format: 'raw-seed' })
    assert.ok(seed)
    const keys = other.keygen(seed)
    const mu = muOf(keys.publicKey, MESSAGE)
    const ofMu = await sign(material, 'ml-dsa', { mu })
    assert.equal(other.verify(ofMu, MESSAGE, keys.publicKey), true)
    const theirs = other.internal.sign(mu, keys.secretKey, { externalMu: true })
    const ofMessage = await sign(material, 'ml-dsa', { message: MESSAGE })
    for (const signature of [ofMu, theirs, ofMessage]) {
      assert.equal(await verify(verifier, undefined, { mu }, signature), true)
      assert.equal(await verify(verifier, undefined, { message: MESSAGE }, signature), true)
      const otherMu = muOf(keys.publicKey, Buffer.from('another message'))
      assert.equal(await verify(verifier, undefined, { mu: otherMu }, signature), false)
      // A mu that was taken for a message would make it valid.
      assert.equal(await verify(verifier, undefined, { message: mu }, signature), false)
      const turned = Buffer.from(signature)
      turned[7] = (turned[7] ?? 0) ^ 1
      assert.equal(await verify(verifier, undefined, { mu }, turned), false)
      for (const wrong of [signature.subarray(1), Buffer.alloc(0), Buffer.alloc(9_000)])
        assert.equal(await verify(verifier, undefined, { mu }, wrong), false)
    }
    // Hedged: never the same twice (FIPS 204 section 3.4).
    assert.notDeepEqual(await sign(material, 'ml-dsa', { mu }), ofMu)
  })
}

test('a mu is 64 bytes, and of ML-DSA alone', async () => {
  const material = await newKey('ML-DSA-44')
  for (const length of [0, 32, 63, 65]) {
    const data = { mu: Buffer.alloc(length) }
    const error = { code: 'invalid_request', field: 'mu' }
    assert.throws(() => sign(material, undefined, data), error)
    assert.throws(() => verify(material, undefined, data, Buffer.alloc(64)), error)
  }
  const data = { mu: Buffer.alloc(64) }
  for (const name of ['P-256', 'P-521', 'RSA-2048', 'Ed25519', 'SLH-DSA-SHA2-128f']) {
    const other = await newKey(name)
    for (const scheme of other.algorithm.schemes) {
      const error = { code: 'wrong_usage', message: /has no mu/ }
      assert.throws(() => sign(other, scheme, data), error)
      assert.throws(() => verify(other, scheme, data, Buffer.alloc(64)), error)
    }
  }
})

for (const [name, other] of [
  ['SLH-DSA-SHA2-128f', slh_dsa_sha2_128f],
  ['SLH-DSA-SHAKE-128f', slh_dsa_shake_128f],
] as const) {
  test(`${name}: another implementation verifies ours`, async () => {
    const material = await newKey(name)
    const raw = material.publicKey?.export({ format: 'raw-public' })
    assert.ok(raw)
    const ours = await sign(material, 'slh-dsa', { message: MESSAGE })
    assert.equal(other.verify(ours, MESSAGE, raw), true)
  })
}

test('what cannot be parsed as a signature is not valid', async () => {
  const materials = await Promise.all(
    ['P-256', 'P-384', 'RSA-2048', 'Ed25519', 'ML-DSA-44', 'SLH-DSA-SHA2-128f'].map(newKey),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...materials),
      fc.oneof(
        fc.uint8Array({ maxLength: 600 }),
        fc.constantFrom(0, 1, 64, 512, 1_025, 65_536).map((n) => new Uint8Array(n)),
      ),
      fc.constantFrom('der', 'p1363' as const),
      fc.boolean(),
      async (material, signature, format, hashFirst) => {
        const { algorithm } = material
        const digest = digestOf(algorithm, findScheme(algorithm, undefined).name, MESSAGE)
        const data = hashFirst && digest !== undefined ? { digest } : { message: MESSAGE }
        assert.equal(await verify(material, undefined, data, signature, format as 'der'), false)
      },
    ),
    { numRuns: 200 },
  )
})

test('a digest is of its hash’s length, and only where the algorithm takes one', async () => {
  for (const name of ['P-256', 'RSA-2048', 'P-521']) {
    const material = await newKey(name)
    for (const scheme of material.algorithm.schemes) {
      const right = digestOf(material.algorithm, scheme, MESSAGE)?.length ?? 0
      for (const length of [0, 20, right - 1, right + 1, 65]) {
        const data = { digest: Buffer.alloc(length) }
        const error = { code: 'invalid_request', field: 'digest' }
        assert.throws(() => sign(material, scheme, data), error)
        assert.throws(() => verify(material, scheme, data, Buffer.alloc(64)), error)
      }
    }
  }
  for (const name of ['Ed25519', 'ML-DSA-44', 'SLH-DSA-SHA2-128f']) {
    const material = await newKey(name)
    const error = { code: 'wrong_usage', message: /signs messages, not digests/ }
    assert.throws(() => sign(material, undefined, { digest: Buffer.alloc(32) }), error)
    assert.throws(
      () => verify(material, undefined, { digest: Buffer.alloc(32) }, Buffer.alloc(64)),
      error,
    )
  }
})

test('schemes of other algorithms, and keys that are not there, are refused', async () => {
  const material = await newKey('P-256')
  assert.throws(() => sign(material, 'ed25519', { message: MESSAGE }), { code: 'wrong_usage' })
  assert.throws(() => sign(verifierOf(material), undefined, { message: MESSAGE }), {
    code: 'wrong_usage',
  })
  const agreeing = await newKey('X25519')
  assert.throws(() => sign(agreeing, undefined, { message: MESSAGE }), { code: 'wrong_usage' })
  assert.throws(() => verify(agreeing, undefined, { message: MESSAGE }, Buffer.alloc(64)), {
    code: 'wrong_usage',
  })
})

test('PKCS#1 v1.5 signatures are always the same, PSS signatures never', async () => {
  const data = { message: MESSAGE }
  const digest = digestOf(rsa2048.algorithm, 'rsa-pkcs1-sha-256', MESSAGE)
  assert.ok(digest)
  const fixed = Buffer.from(await sign(rsa2048, 'rsa-pkcs1-sha-256', data))
  assert.deepEqual(Buffer.from(await sign(rsa2048, 'rsa-pkcs1-sha-256', { digest })), fixed)
  const salted = await sign(rsa2048, 'rsa-pss-sha-256', data)
  assert.notDeepEqual(await sign(rsa2048, 'rsa-pss-sha-256', data), salted)
})

test('many digests at once, of several keys, are not mixed up', async () => {
  const materials = await Promise.all(
    ['P-256', 'P-384', 'secp256k1', 'RSA-2048', 'Ed25519'].map(newKey),
  )
  const work = Array.from({ length: 80 }, async (_, index) => {
    const material = materials[index % materials.length]
    assert.ok(material)
    const message = Buffer.from(`message ${index}`)
    const { algorithm } = material
    const hashing = algorithm.schemes.filter((each) => digestOf(algorithm, each, message))
    const scheme = hashing[index % hashing.length]
    assert.ok(scheme)
    const digest = digestOf(algorithm, scheme, message)
    assert.ok(digest)
    const signature = await sign(material, scheme, { digest })
    assert.equal(await verify(material, scheme, { message }, signature), true)
  })
  await Promise.all(work)
})

test('beyond what may wait, signatures are refused as overloaded, and the others are made', async () => {
  setPoolConcurrency(1)
  const material = await newKey('secp256k1')
  const asked = Array.from({ length: 2_048 + 1 + 5 }, async () =>
    sign(material, undefined, { message: MESSAGE }),
  )
  const results = await Promise.allSettled(asked)
  setPoolConcurrency(3)
  const failed = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as { code: string }] : [],
  )
  assert.deepEqual(
    failed.map(({ code }) => code),
    Array.from({ length: 5 }, () => 'overloaded'),
  )
  assert.equal(
    await verify(
      material,
      undefined,
      { message: MESSAGE },
      await sign(material, undefined, { message: MESSAGE }),
    ),
    true,
  )
})
