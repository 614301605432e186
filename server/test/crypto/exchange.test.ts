import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { x25519 } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import {
  agree,
  closeCrypto,
  decapsulate,
  encapsulate,
  findAlgorithm,
  generateMaterial,
  openMaterial,
  openPublicKey,
  publicKeyDer,
  type OpenMaterial,
} from '#crypto'
import { spki } from './encode-key.ts'

after(() => closeCrypto())

async function newKey(name: string): Promise<OpenMaterial> {
  const algorithm = findAlgorithm(name)
  return openMaterial(algorithm, await generateMaterial(algorithm))
}

const curves = [
  ['P-256', p256, true],
  ['P-384', p384, false],
  ['P-521', p521, false],
] as const

for (const [name, curve, atOnce] of curves) {
  test(`${name}: both sides agree, and another implementation with them`, async () => {
    const [ours, theirs] = [await newKey(name), await newKey(name)]
    const theirPublicKey = openPublicKey(publicKeyDer(theirs), ours.algorithm)
    const answer = agree(ours, theirPublicKey)
    assert.equal(answer instanceof Promise, !atOnce)
    const shared = await answer
    assert.ok(ours.publicKey)
    assert.deepEqual(await agree(theirs, ours.publicKey), shared)
    const secret = Buffer.from(theirs.privateKey?.export({ format: 'jwk' }).d ?? '', 'base64url')
    const width = ours.algorithm.pair?.coordinateBytes ?? 0
    const point = publicKeyDer(ours).subarray(-(2 * width + 1))
    assert.deepEqual(Buffer.from(curve.getSharedSecret(secret, point).subarray(1)), shared)
    const compressed = curve.Point.fromBytes(point).toBytes(true)
    assert.deepEqual(
      await agree(theirs, openPublicKey(spki(name, compressed), ours.algorithm)),
      shared,
    )
  })
}

test('X25519: both sides agree, and another implementation with them', async () => {
  const [ours, theirs] = [await newKey('X25519'), await newKey('X25519')]
  const shared = agree(ours, openPublicKey(publicKeyDer(theirs), ours.algorithm))
  assert.ok(shared instanceof Buffer)
  const [secret, point] = [
    theirs.privateKey?.export({ format: 'raw-private' }),
    ours.publicKey?.export({ format: 'raw-public' }),
  ]
  assert.ok(secret && point)
  assert.deepEqual(Buffer.from(x25519.getSharedSecret(secret, point)), shared)
})

test('X25519: points of small order lead to zero and are refused', async () => {
  const ours = await newKey('X25519')
  const points = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]
  for (const point of points) {
    const theirs = openPublicKey(spki('X25519', Buffer.from(point, 'hex')), ours.algorithm)
    assert.throws(
      () => agree(ours, theirs),
      { code: 'invalid_key_material', message: /no shared secret/ },
      point,
    )
  }
})

test('a public key of another algorithm is refused, and so are keys that do not agree', async () => {
  const names = ['P-256', 'P-384', 'X25519', 'Ed25519', 'secp256k1'] as const
  const keys = await Promise.all(names.map(newKey))
  for (const ours of keys) {
    for (const theirs of keys) {
      assert.ok(theirs.publicKey)
      const { publicKey } = theirs
      if (!ours.algorithm.usages.includes('agree')) {
        assert.throws(() => agree(ours, publicKey), { code: 'wrong_usage' })
      } else if (ours !== theirs) {
        assert.throws(() => agree(ours, publicKey), { code: 'invalid_key_material' })
      }
    }
  }
})

const kems = [
  ['ML-KEM-512', ml_kem512],
  ['ML-KEM-768', ml_kem768],
  ['ML-KEM-1024', ml_kem1024],
] as const

for (const [name, other] of kems) {
  test(`${name}: another implementation opens ours, and we open its; a changed one gives another secret`, async () => {
    const material = await newKey(name)
    const seed = material.privateKey?.export({ format: 'raw-seed' })
    assert.ok(seed)
    const keys = other.keygen(seed)
    const ours = encapsulate(material)
    assert.deepEqual(
      Buffer.from(other.decapsulate(ours.encapsulation, keys.secretKey)),
      ours.sharedSecret,
    )
    const theirs = other.encapsulate(keys.publicKey)
    assert.deepEqual(decapsulate(material, theirs.cipherText), Buffer.from(theirs.sharedSecret))
    assert.notDeepEqual(encapsulate(material).sharedSecret, ours.sharedSecret)

    const changed = Buffer.from(ours.encapsulation)
    changed[7] = (changed[7] ?? 0) ^ 1
    const rejected = decapsulate(material, changed)
    assert.notDeepEqual(rejected, ours.sharedSecret)
    assert.deepEqual(rejected, decapsulate(material, changed))

    for (const wrong of [0, 1, changed.length - 1, changed.length + 1]) {
      assert.throws(() => decapsulate(material, Buffer.alloc(wrong)), {
        code: 'invalid_ciphertext',
      })
    }
  })
}

test('other keys do not encapsulate', async () => {
  const material = await newKey('X25519')
  assert.throws(() => encapsulate(material), { code: 'wrong_usage' })
  assert.throws(() => decapsulate(material, Buffer.alloc(32)), { code: 'wrong_usage' })
})
