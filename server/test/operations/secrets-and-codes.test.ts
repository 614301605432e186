import assert from 'node:assert/strict'
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
} from 'node:crypto'
import { test } from 'node:test'
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { base64, bytes } from '../rest/client.ts'
import { startRestHouse } from '../rest/house.ts'

/** Codes, shared secrets, data keys and random bytes, checked outside the server. */

const { owner } = await startRestHouse()

for (const bits of [256, 384, 512]) {
  test(`HMAC-SHA-${bits}: the code of an imported key is the one made outside`, async () => {
    const secret = randomBytes(bits / 8)
    const algorithm = `HMAC-SHA-${bits}`
    const { id: key } = await owner.call('key.import', {
      algorithm,
      unsafePlaintext: base64(secret),
    })
    for (const size of [0, 1, 65_536]) {
      const message = randomBytes(size)
      const made = await owner.call('mac', { key, message: base64(message) })
      const outside = createHmac(`sha${bits}`, secret).update(message).digest()
      assert.deepEqual(bytes(made.mac), outside)
      const check = { key, message: base64(message), mac: made.mac }
      assert.deepEqual(await owner.call('verifyMac', check), { valid: true, key, version: 1 })
      outside.writeUInt8(outside.readUInt8(0) ^ 1, 0)
      for (const mac of [outside, bytes(made.mac).subarray(1), randomBytes(64)]) {
        if (mac.length < 16) continue
        assert.equal((await owner.call('verifyMac', { ...check, mac: base64(mac) })).valid, false)
      }
    }
  })
}

test('codes of old versions verify after a rotation', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'HMAC-SHA-256' })
  const message = base64('a message')
  const old = await owner.call('mac', { key, message })
  await owner.call('key.rotate', { key })
  const young = await owner.call('mac', { key, message })
  assert.notEqual(old.mac, young.mac)
  assert.deepEqual(await owner.call('verifyMac', { key, message, mac: old.mac }), {
    valid: true,
    key,
    version: 1,
  })
  const named = { key, message, mac: old.mac, version: 2 }
  assert.equal((await owner.call('verifyMac', named)).valid, false)
})

const curves = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' } as const

function pairFor(algorithm: string) {
  if (algorithm === 'X25519') return generateKeyPairSync('x25519')
  const namedCurve = curves[algorithm as keyof typeof curves]
  return generateKeyPairSync('ec', { namedCurve })
}

for (const algorithm of [...Object.keys(curves), 'X25519']) {
  test(`${algorithm}: both sides agree on one secret`, async () => {
    const { id: key } = await owner.call('key.create', { algorithm, usage: 'agree' })
    const ours = createPublicKey((await owner.call('key.public', { key })).pem)
    const theirs = pairFor(algorithm)
    const publicKey = base64(theirs.publicKey.export({ type: 'spki', format: 'der' }))
    const outside = diffieHellman({ privateKey: theirs.privateKey, publicKey: ours })
    const agreed = await owner.call('agree', { key, publicKey })
    assert.deepEqual(bytes(agreed.sharedSecret), outside)
    await owner.call('key.rotate', { key })
    const old = await owner.call('agree', { key, publicKey, version: 1 })
    assert.deepEqual(bytes(old.sharedSecret), outside)
    const young = await owner.call('agree', { key, publicKey })
    assert.equal(young.version, 2)
    assert.notDeepEqual(bytes(young.sharedSecret), outside)
  })
}

test('public keys that are no good: another curve, no key, a point of small order, explicit parameters', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'P-256', usage: 'agree' })
  const { id: x } = await owner.call('key.create', { algorithm: 'X25519' })
  const spki = (pair: ReturnType<typeof pairFor>) =>
    pair.publicKey.export({ type: 'spki', format: 'der' })
  const p256 = spki(pairFor('P-256'))
  const offCurve = Buffer.from(p256)
  offCurve.writeUInt8(offCurve.readUInt8(60) ^ 1, 60)
  const explicit = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    paramEncoding: 'explicit',
  }).publicKey.export({ type: 'spki', format: 'der' })
  const zero = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), Buffer.alloc(32)])
  const bad: readonly (readonly [key: string, publicKey: Buffer])[] = [
    [key, spki(pairFor('P-384'))],
    [key, spki(pairFor('X25519'))],
    [key, explicit],
    [key, offCurve],
    [key, Buffer.concat([p256, Buffer.from([0])])],
    [key, p256.subarray(0, -1)],
    [key, randomBytes(91)],
    [x, zero],
    [x, p256],
  ]
  for (const [reference, publicKey] of bad) {
    const input = { key: reference, publicKey: base64(publicKey) }
    await owner.refuse('invalid_key_material', 'agree', input)
  }
})

const kems = {
  'ML-KEM-512': ml_kem512,
  'ML-KEM-768': ml_kem768,
  'ML-KEM-1024': ml_kem1024,
} as const

for (const [algorithm, kem] of Object.entries(kems)) {
  test(`${algorithm}: encapsulations of either side open on the other`, async () => {
    const { id: key } = await owner.call('key.create', { algorithm })
    const made = await owner.call('encapsulate', { key })
    const { encapsulation, sharedSecret } = made
    const back = await owner.call('decapsulate', { key, encapsulation })
    assert.equal(back.sharedSecret, sharedSecret)

    const { publicKey } = await owner.call('key.public', { key })
    const raw = bytes(publicKey).subarray(-(kem.lengths.publicKey ?? 0))
    const outside = kem.encapsulate(raw)
    const opened = await owner.call('decapsulate', {
      key,
      encapsulation: base64(outside.cipherText),
    })
    assert.deepEqual(bytes(opened.sharedSecret), Buffer.from(outside.sharedSecret))

    // Implicit rejection (FIPS 203 section 6.3): another secret, the same one each time.
    const changed = bytes(encapsulation)
    changed.writeUInt8(changed.readUInt8(0) ^ 1, 0)
    const input = { key, encapsulation: base64(changed) }
    const rejected = await owner.call('decapsulate', input)
    assert.notEqual(rejected.sharedSecret, sharedSecret)
    assert.deepEqual(await owner.call('decapsulate', input), rejected)
    const short = { key, encapsulation: base64(changed.subarray(1)) }
    await owner.refuse('invalid_ciphertext', 'decapsulate', short)

    await owner.call('key.rotate', { key })
    const old = await owner.call('decapsulate', { key, encapsulation, version: 1 })
    assert.equal(old.sharedSecret, sharedSecret)
  })
}

test('data keys, with and without their plaintext, bound to a context', async () => {
  const { id: key } = await owner.call('key.create', {})
  const context = { volume: 'a' }
  for (const length of [undefined, 16, 64, 1_024]) {
    const size = length === undefined ? {} : { bytes: length }
    const made = await owner.call('datakey', { key, context, ...size })
    assert.equal(bytes(made.plaintext).length, length ?? 32)
    const opened = await owner.call('decrypt', { ciphertext: made.ciphertext, context })
    assert.equal(opened.plaintext, made.plaintext)
    await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext: made.ciphertext })
    const wrapped = await owner.call('datakey', { key, context, ...size, withoutPlaintext: true })
    assert.equal('plaintext' in wrapped, false)
    const later = await owner.call('decrypt', { ciphertext: wrapped.ciphertext, context })
    assert.equal(bytes(later.plaintext).length, length ?? 32)
    assert.notEqual(later.plaintext, made.plaintext)
  }
  for (const wrong of [0, 15, 1_025, 16.5, '32']) {
    await owner.refuse('invalid_request', 'datakey', { key, bytes: wrong })
  }
})

for (const algorithm of ['P-256', 'Ed25519', 'X25519', 'RSA-2048', 'ML-KEM-768', 'ML-DSA-44']) {
  test(`a data key pair of ${algorithm}: the halves belong together, and the wrapped one opens`, async () => {
    const { id: key } = await owner.call('key.create', {})
    const context = { for: 'a pair' }
    const made = await owner.call('datakeyPair', { key, algorithm, context })
    const secret = createPrivateKey({ key: bytes(made.privateKey), type: 'pkcs8', format: 'der' })
    const half = createPublicKey(secret).export({ type: 'spki', format: 'der' })
    assert.deepEqual(half, bytes(made.publicKey))
    const opened = await owner.call('decrypt', { ciphertext: made.ciphertext, context })
    assert.equal(opened.plaintext, made.privateKey)
    const input = { key, algorithm, context, withoutPlaintext: true }
    assert.equal('privateKey' in (await owner.call('datakeyPair', input)), false)
  })
}

test('data key pairs of what has no pair are refused', async () => {
  const { id: key } = await owner.call('key.create', {})
  for (const algorithm of ['AES-256-GCM', 'HMAC-SHA-256', 'RSA-1024', 'DSA', 'nothing', '']) {
    await owner.refuse('algorithm_refused', 'datakeyPair', { key, algorithm })
  }
})

test('data keys under an RSA key, as far as a block goes', async () => {
  const { id: key } = await owner.call('key.create', { algorithm: 'RSA-2048', usage: 'encrypt' })
  const made = await owner.call('datakey', { key })
  const opened = await owner.call('decrypt', { key, ciphertext: made.ciphertext })
  assert.equal(opened.plaintext, made.plaintext)
  await owner.refuse('payload_too_large', 'datakey', { key, bytes: 191 })
  await owner.refuse('payload_too_large', 'datakeyPair', { key, algorithm: 'RSA-2048' })
  await owner.refuse('invalid_request', 'datakey', { key, context: { a: 'b' } })
})

test('random bytes, of every length, and never twice the same', async () => {
  const seen = new Set<string>()
  for (const length of [1, 2, 32, 1_023, 1_024]) {
    const drawn = bytes((await owner.call('random', { length })).bytes)
    assert.equal(drawn.length, length)
  }
  for (let draw = 0; draw < 100; draw += 1) seen.add((await owner.call('random', {})).bytes)
  assert.equal(seen.size, 100)
  for (const length of [0, -1, 1_025, 1.5, '32', null]) {
    await owner.refuse('invalid_request', 'random', { length })
  }
})

test('a key serves what it is made for and nothing else', async () => {
  const made: Record<string, string> = {}
  for (const [usage, algorithm] of [
    ['encrypt', 'AES-256-GCM'],
    ['sign', 'P-256'],
    ['mac', 'HMAC-SHA-256'],
    ['agree', 'P-256'],
    ['encapsulate', 'ML-KEM-768'],
  ] as const) {
    made[usage] = (await owner.call('key.create', { algorithm, usage })).id
  }
  const peer = base64(pairFor('P-256').publicKey.export({ type: 'spki', format: 'der' }))
  const message = base64('m')
  const uses = {
    encrypt: [
      ['encrypt', { plaintext: message }],
      ['datakey', {}],
      ['datakeyPair', { algorithm: 'P-256' }],
      ['decrypt', { ciphertext: base64(randomBytes(120)) }],
    ],
    sign: [
      ['sign', { message }],
      ['verify', { message, signature: message }],
    ],
    mac: [
      ['mac', { message }],
      ['verifyMac', { message, mac: base64(randomBytes(32)) }],
    ],
    agree: [['agree', { publicKey: peer }]],
    encapsulate: [
      ['encapsulate', {}],
      ['decapsulate', { encapsulation: base64(randomBytes(1_088)) }],
    ],
  } as const
  for (const [usage, key] of Object.entries(made)) {
    for (const [other, operations] of Object.entries(uses)) {
      if (other === usage) continue
      for (const [name, input] of operations)
        await owner.refuse('wrong_usage', name, { key, ...input })
    }
  }
})
