import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import fc from 'fast-check'
import {
  algorithms,
  closeCrypto,
  findAlgorithm,
  generateMaterial,
  importMaterial,
  mac,
  openMaterial,
  openPublicKey,
  publicKeyDer,
  publicKeyPem,
  sha256,
} from '#crypto'
import { ClavigerError } from '#model'
import { rsaVector } from '../../src/crypto/self-test-vectors.ts'
import {
  bothKey,
  ecPrivateKey,
  element,
  expandedKey,
  identifierOf,
  pkcs8,
  seedKey,
  spki,
} from './encode-key.ts'

after(() => closeCrypto())

/** Everything but what takes seconds to make: those share their code with a smaller sibling. */
const quick = algorithms.filter(
  ({ name }) => !/^RSA-[34]|^SLH-DSA-(SHAKE|SHA2-(192|256))/.test(name),
)

const refusal = { name: 'ClavigerError', code: 'invalid_key_material' } as const

function pkcs8Of(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' })
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

/** EC keys with the curve spelled out, as OpenSSL writes them when asked. */
function explicitPair() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })
}

for (const algorithm of quick) {
  test(`${algorithm.name}: what is made opens, is new each time, and imports as it is`, async () => {
    const [first, second] = [await generateMaterial(algorithm), await generateMaterial(algorithm)]
    assert.ok(!first.equals(second))
    const material = openMaterial(algorithm, first)
    assert.equal(material.algorithm, algorithm)
    assert.deepEqual(await importMaterial(algorithm, first), first)
    if (algorithm.keyBytes !== undefined) {
      assert.equal(first.length, algorithm.keyBytes)
      assert.equal(material.secret?.symmetricKeySize, algorithm.keyBytes)
      assert.throws(() => publicKeyDer(material), { code: 'wrong_usage' })
    } else {
      const der = publicKeyDer(material)
      const theirs = openPublicKey(der, algorithm)
      assert.deepEqual(spkiOf(theirs), der)
      const pem = publicKeyPem(material)
      assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/)
      assert.deepEqual(Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64'), der)
    }
  })
}

test('opening keeps nothing of the bytes', async () => {
  for (const name of ['AES-256-GCM', 'P-256']) {
    const algorithm = findAlgorithm(name)
    const bytes = await generateMaterial(algorithm)
    const { secret, privateKey } = openMaterial(algorithm, bytes)
    const copy = Buffer.from(bytes)
    bytes.fill(0)
    assert.deepEqual(secret?.export() ?? (privateKey && pkcs8Of(privateKey)), copy)
  }
})

test('symmetric keys are as long as they must be', () => {
  for (const algorithm of algorithms) {
    const { keyBytes, keyBytesMax = keyBytes } = algorithm
    if (keyBytes === undefined || keyBytesMax === undefined) continue
    for (const length of [0, 1, keyBytes - 1, keyBytesMax + 1, 2 * keyBytesMax]) {
      assert.throws(() => openMaterial(algorithm, Buffer.alloc(length, 7)), refusal, algorithm.name)
    }
    for (const length of [keyBytes, keyBytesMax]) {
      const { secret } = openMaterial(algorithm, Buffer.alloc(length, 7))
      assert.equal(secret?.symmetricKeySize, length, algorithm.name)
    }
  }
})

test('HMAC keys made elsewhere: from the length of the hash to the length of its block', async () => {
  const message = Buffer.from('a message')
  for (const [name, least, most] of [
    ['HMAC-SHA-224', 28, 64],
    ['HMAC-SHA-256', 32, 64],
    ['HMAC-SHA-384', 48, 128],
    ['HMAC-SHA-512', 64, 128],
  ] as const) {
    const algorithm = findAlgorithm(name)
    assert.deepEqual([algorithm.keyBytes, algorithm.keyBytesMax], [least, most])
    assert.equal((await generateMaterial(algorithm)).length, least)
    for (const length of [least, least + 1, most]) {
      const bytes = randomBytes(length)
      const kept = await importMaterial(algorithm, bytes)
      assert.deepEqual(kept, Buffer.from(bytes))
      const hash = name.replace('HMAC-SHA-', 'sha')
      const expected = createHmac(hash, bytes).update(message).digest()
      assert.deepEqual(mac(openMaterial(algorithm, kept), message), expected)
    }
    for (const length of [0, least - 1, most + 1]) {
      await assert.rejects(importMaterial(algorithm, randomBytes(length)), refusal)
    }
  }
  assert.throws(() => openMaterial(findAlgorithm('HMAC_384'), Buffer.alloc(47)), {
    message: /48 to 128 bytes/,
  })
})

test('a key of one algorithm is none of another', async () => {
  const pairs = quick.filter(({ pair }) => pair !== undefined)
  for (const algorithm of pairs) {
    const bytes = await generateMaterial(algorithm)
    const der = publicKeyDer(openMaterial(algorithm, bytes))
    for (const other of pairs) {
      if (other === algorithm) continue
      assert.throws(() => openMaterial(other, bytes), refusal, `${algorithm.name} as ${other.name}`)
      assert.throws(() => openPublicKey(der, other), refusal, `${algorithm.name} as ${other.name}`)
    }
  }
})

test('EC keys are on named curves: explicit parameters are refused wherever they can stand', () => {
  const algorithm = findAlgorithm('P-256')
  const { privateKey, publicKey } = explicitPair()
  assert.throws(() => openMaterial(algorithm, pkcs8Of(privateKey)), refusal)
  assert.throws(() => openPublicKey(spkiOf(publicKey), algorithm), refusal)
  assert.throws(() => openPublicKey(spkiOf(publicKey), 'ec'), refusal)

  const scalar = Buffer.alloc(32, 3)
  const p256Name = element(0x06, Buffer.from('2a8648ce3d030107', 'hex'))
  const p384Name = element(0x06, Buffer.from('2b81040022', 'hex'))
  assert.ok(openMaterial(algorithm, ecPrivateKey('P-256', scalar)).privateKey)
  assert.ok(
    openMaterial(algorithm, ecPrivateKey('P-256', scalar, element(0xa0, p256Name))).privateKey,
  )
  const inner: Uint8Array[] = [
    p384Name,
    element(0x30, Buffer.of(0x02, 1, 1)),
    Buffer.alloc(0),
    Buffer.concat([p256Name, p256Name]),
    p256Name.subarray(2),
  ]
  for (const parameters of inner) {
    const bytes = ecPrivateKey('P-256', scalar, element(0xa0, parameters))
    assert.throws(() => openMaterial(algorithm, bytes), refusal, parameters.toHex())
  }
})

test('a scalar out of range, and a public half of another key, are refused', async () => {
  const algorithm = findAlgorithm('P-256')
  const order = Buffer.from(
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    'hex',
  )
  for (const scalar of [Buffer.alloc(32), order, Buffer.alloc(32, 0xff)]) {
    await assert.rejects(
      async () => importMaterial(algorithm, ecPrivateKey('P-256', scalar)),
      refusal,
    )
  }
  const [one, other] = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ]
  const theirPoint = spkiOf(other.publicKey).subarray(-65)
  const bytes = Buffer.from(pkcs8Of(one.privateKey))
  bytes.set(theirPoint, bytes.length - 65)
  await assert.rejects(async () => importMaterial(algorithm, bytes), refusal)
})

test('RSA keys: the modulus is the row’s, and the exponent FIPS 186-5’s', () => {
  const algorithm = findAlgorithm('RSA-2048')
  const cases = [
    { modulusLength: 1024 },
    { modulusLength: 2056 },
    { modulusLength: 2048, publicExponent: 3 },
    { modulusLength: 2048, publicExponent: 17 },
  ]
  for (const options of cases) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', options)
    assert.throws(
      () => openMaterial(algorithm, pkcs8Of(privateKey)),
      refusal,
      JSON.stringify(options),
    )
    assert.throws(
      () => openPublicKey(spkiOf(publicKey), algorithm),
      refusal,
      JSON.stringify(options),
    )
    assert.throws(() => openPublicKey(spkiOf(publicKey), 'rsa'), refusal, JSON.stringify(options))
  }
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  assert.throws(() => openMaterial(algorithm, pkcs8Of(pss.privateKey)), refusal)
  assert.throws(() => openPublicKey(spkiOf(pss.publicKey), 'rsa'), refusal)
})

test('a family takes the keys of all its rows', () => {
  const material = openMaterial(
    findAlgorithm('RSA-2048'),
    Buffer.from(rsaVector.privateKey, 'base64'),
  )
  const der = publicKeyDer(material)
  assert.equal(openPublicKey(der, 'rsa').asymmetricKeyDetails?.modulusLength, 2048)
  assert.throws(() => openPublicKey(der, findAlgorithm('RSA-3072')), refusal)
  assert.throws(() => openPublicKey(der, 'ec'), refusal)
  assert.throws(() => openPublicKey(der, 'hmac'), { code: 'wrong_usage' })
})

test('an RSA key whose numbers do not fit together is refused at import', async () => {
  const algorithm = findAlgorithm('RSA-2048')
  const good = Buffer.from(rsaVector.privateKey, 'base64')
  // The CRT coefficient and the exponents stand at the end; a change there makes wrong signatures with a right-looking key.
  for (const fromEnd of [1, 150, 300, 500]) {
    const bytes = Buffer.from(good)
    const at = bytes.length - fromEnd
    bytes[at] = (bytes[at] ?? 0) ^ 4
    await assert.rejects(
      async () => importMaterial(algorithm, bytes),
      refusal,
      `changed ${fromEnd} from the end`,
    )
  }
})

const seeded = [
  ['ML-KEM-768', 64, ml_kem768],
  ['ML-DSA-65', 32, ml_dsa65],
] as const

for (const [name, seedBytes, other] of seeded) {
  test(`${name} is kept as its seed`, async () => {
    const algorithm = findAlgorithm(name)
    const seed = sha256(Buffer.from(name)).toString('hex').slice(0, seedBytes)
    const keys = other.keygen(Buffer.from(seed))
    const alone = seedKey(name, Buffer.from(seed))
    assert.deepEqual(publicKeyDer(openMaterial(algorithm, alone)), spki(name, keys.publicKey))
    assert.deepEqual(await importMaterial(algorithm, alone), alone)
    // As OpenSSL's command writes it: both, and they must agree.
    assert.deepEqual(
      await importMaterial(algorithm, bothKey(name, Buffer.from(seed), keys.secretKey)),
      alone,
    )
    const stranger = other.keygen(Buffer.alloc(seedBytes, 9)).secretKey
    assert.throws(
      () => openMaterial(algorithm, bothKey(name, Buffer.from(seed), stranger)),
      refusal,
    )
    assert.throws(() => openMaterial(algorithm, expandedKey(name, keys.secretKey)), {
      ...refusal,
      message: /with their seed/,
    })
    for (const length of [0, seedBytes - 1, seedBytes + 1]) {
      assert.throws(() => openMaterial(algorithm, seedKey(name, Buffer.alloc(length))), refusal)
    }
  })
}

test('no bytes are taken beside a key, nor for one', async () => {
  for (const name of ['P-256', 'Ed25519', 'ML-KEM-512', 'SLH-DSA-SHA2-128f']) {
    const algorithm = findAlgorithm(name)
    const bytes = await generateMaterial(algorithm)
    const der = publicKeyDer(openMaterial(algorithm, bytes))
    for (const wrong of [
      Buffer.alloc(0),
      Buffer.concat([bytes, Buffer.of(0)]),
      bytes.subarray(1),
      bytes.subarray(0, -1),
      der,
      Buffer.alloc(20_000, 0x30),
      pkcs8(name, Buffer.alloc(0)),
    ]) {
      assert.throws(() => openMaterial(algorithm, wrong), refusal, name)
    }
    for (const wrong of [
      Buffer.alloc(0),
      Buffer.concat([der, Buffer.of(0)]),
      der.subarray(0, -1),
      bytes,
      Buffer.alloc(20_000, 0x30),
      spki(name, Buffer.alloc(0)),
      element(0x30, identifierOf(name), element(0x03)),
    ]) {
      assert.throws(() => openPublicKey(wrong, algorithm), refusal, name)
    }
  }
})

test('points that are not on the curve, and the point at infinity, are refused', () => {
  const algorithm = findAlgorithm('P-256')
  for (const point of [
    Buffer.of(0),
    Buffer.of(4, ...Buffer.alloc(64, 1)),
    Buffer.of(2, ...Buffer.alloc(32, 0xff)),
  ]) {
    assert.throws(() => openPublicKey(spki('P-256', point), algorithm), refusal)
  }
})

test('whatever is done to a key, it opens or is refused, and says nothing of it', async () => {
  const samples = await Promise.all(
    ['P-256', 'P-521', 'Ed25519', 'ML-KEM-768', 'ML-DSA-44'].map(async (name) => {
      const algorithm = findAlgorithm(name)
      const bytes = await generateMaterial(algorithm)
      return { algorithm, bytes, der: publicKeyDer(openMaterial(algorithm, bytes)) }
    }),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.nat(),
      fc.nat(255),
      fc.boolean(),
      (sample, position, value, open) => {
        const changed = Buffer.from(open ? sample.bytes : sample.der)
        // Mostly in the framing, where parsers go wrong.
        changed[position % Math.min(changed.length, 60)] = value
        try {
          if (open) openMaterial(sample.algorithm, changed)
          else openPublicKey(changed, sample.algorithm)
        } catch (thrown) {
          assert.ok(thrown instanceof ClavigerError)
          assert.equal(thrown.code, 'invalid_key_material')
          assert.equal(thrown.cause, undefined)
        }
      },
    ),
    { numRuns: 600 },
  )
})
