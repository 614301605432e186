import assert from 'node:assert/strict'
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  verify,
  type KeyObject,
} from 'node:crypto'
import { test } from 'node:test'
import type { WireInputOf } from '@claviger/contract'
import { base64, bytes } from '../rest/client.ts'
import { startRestHouse } from '../rest/house.ts'

/** Key material in and out: wrapped outside as other products do it, and everything that is no good refused. */

const { owner } = await startRestHouse()
const message = Buffer.from('what is signed')

/** AES-KWP's integrity check (RFC 5649 section 3). */
const KWP_CHECK = Buffer.from('a65959a6', 'hex')
const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const

/** PKCS#11 CKM_RSA_AES_KEY_WRAP, made here from its definition. */
function wrapFor(publicKey: KeyObject, material: Uint8Array): Buffer {
  const fresh = randomBytes(32)
  const cipher = createCipheriv('id-aes256-wrap-pad', fresh, KWP_CHECK)
  return Buffer.concat([
    publicEncrypt({ key: publicKey, ...oaep }, fresh),
    cipher.update(material),
    cipher.final(),
  ])
}

function unwrapWith(privateKey: KeyObject, wrapped: Buffer, blockBytes: number): Buffer {
  const fresh = privateDecrypt({ key: privateKey, ...oaep }, wrapped.subarray(0, blockBytes))
  const decipher = createDecipheriv('id-aes256-wrap-pad', fresh, KWP_CHECK)
  return Buffer.concat([decipher.update(wrapped.subarray(blockBytes)), decipher.final()])
}

function pkcs8(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' })
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function ecPair(namedCurve: string, paramEncoding: 'named' | 'explicit' = 'named') {
  return generateKeyPairSync('ec', { namedCurve, paramEncoding })
}

async function parameters() {
  const made = await owner.call('key.importParameters', {})
  const publicKey = createPublicKey({ key: bytes(made.publicKey), type: 'spki', format: 'der' })
  return { id: made.id, publicKey, expiresAt: made.expiresAt }
}

async function importWrapped(material: Uint8Array, rest: Partial<WireInputOf<'key.import'>>) {
  const { id, publicKey } = await parameters()
  return { parameters: id, wrapped: base64(wrapFor(publicKey, material)), ...rest }
}

test('import parameters are a fresh RSA-3072 key, for a day', async () => {
  const one = await parameters()
  const two = await parameters()
  assert.equal(one.publicKey.asymmetricKeyDetails?.modulusLength, 3_072)
  assert.notDeepEqual(spki(one.publicKey), spki(two.publicKey))
  const left = Date.parse(one.expiresAt) - Date.now()
  assert.ok(left > 23 * 3_600_000 && left <= 24 * 3_600_000)
})

test('a wrapped HMAC key: codes are those made outside', async () => {
  const secret = randomBytes(32)
  const input = await importWrapped(secret, { algorithm: 'HMAC-SHA-256', alias: 'imported/mac' })
  const key = await owner.call('key.import', input)
  assert.deepEqual([key.origin, key.usage, key.exportable], ['imported', 'mac', false])
  assert.deepEqual(key.aliases, ['imported/mac'])
  const made = await owner.call('mac', { key: 'imported/mac', message: base64(message) })
  assert.deepEqual(bytes(made.mac), createHmac('sha256', secret).update(message).digest())
  // They serve once.
  await owner.refuse('not_found', 'key.import', { ...input, alias: undefined })
})

const pairs = [
  ['P-256', () => ecPair('prime256v1')],
  ['P-384', () => ecPair('secp384r1')],
  ['P-521', () => ecPair('secp521r1')],
  ['secp256k1', () => ecPair('secp256k1')],
  ['RSA-2048', () => generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ['RSA-3072', () => generateKeyPairSync('rsa', { modulusLength: 3_072 })],
  ['Ed25519', () => generateKeyPairSync('ed25519')],
  ['ML-DSA-44', () => generateKeyPairSync('ml-dsa-44')],
] as const

for (const [algorithm, make] of pairs) {
  test(`a wrapped ${algorithm} pair: its signatures verify under the public key from outside`, async () => {
    const { privateKey, publicKey } = make()
    const input = await importWrapped(pkcs8(privateKey), { algorithm, usage: 'sign' })
    const { id: key } = await owner.call('key.import', input)
    assert.deepEqual(bytes((await owner.call('key.public', { key })).publicKey), spki(publicKey))
    const scheme = algorithm.startsWith('RSA') ? { scheme: 'rsa-pkcs1-sha-256' as const } : {}
    const signed = await owner.call('sign', { key, message: base64(message), ...scheme })
    const hash = { 'P-384': 'sha384', 'P-521': 'sha512', Ed25519: null, 'ML-DSA-44': null }
    const digest = algorithm in hash ? hash[algorithm as keyof typeof hash] : 'sha256'
    assert.ok(verify(digest, message, publicKey, bytes(signed.signature)))
  })
}

test('material in the clear, by the field that says so', async () => {
  for (const [algorithm, length] of [
    ['AES-256-GCM', 32],
    ['AES-128-GCM', 16],
    ['AES-256-GCM-SIV', 32],
    ['ChaCha20-Poly1305', 32],
    ['HMAC-SHA-512', 64],
  ] as const) {
    const unsafePlaintext = base64(randomBytes(length))
    const key = await owner.call('key.import', { algorithm, unsafePlaintext })
    assert.equal(key.origin, 'imported')
  }
})

test('exactly one way of giving the material', async () => {
  const given = await importWrapped(randomBytes(32), {})
  const unsafePlaintext = base64(randomBytes(32))
  const algorithm = 'AES-256-GCM'
  for (const wrong of [
    {},
    { parameters: given.parameters },
    { wrapped: given.wrapped },
    { ...given, unsafePlaintext },
    { parameters: given.parameters, unsafePlaintext },
  ]) {
    const problem = await owner.refuse('invalid_request', 'key.import', { algorithm, ...wrong })
    assert.equal(problem.field, 'wrapped')
  }
  await owner.refuse('invalid_request', 'key.import', given)
  // Not used up by a request that was refused.
  await owner.call('key.import', { algorithm, ...given })
})

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const p256 = ecPair('prime256v1')

/** A P-256 key whose public half is another one's (RFC 5915: the last 65 bytes). */
function mismatched(): Buffer {
  const own = pkcs8(p256.privateKey)
  const other = spki(ecPair('prime256v1').publicKey).subarray(-65)
  return Buffer.concat([own.subarray(0, -65), other])
}

/** A modulus that is not the product of its primes: its last byte is another one, the primes are the same. */
function brokenRsa(): Buffer {
  const whole = pkcs8(rsa.privateKey)
  const modulus = Buffer.from(rsa.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')
  const at = whole.indexOf(modulus) + modulus.length - 1
  whole.writeUInt8(whole.readUInt8(at) ^ 2, at)
  return whole
}

const encrypted = rsa.privateKey.export({
  type: 'pkcs8',
  format: 'der',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
})

const bad: readonly (readonly [what: string, algorithm: string, material: () => Uint8Array])[] = [
  ['too short for AES-256', 'AES-256-GCM', () => randomBytes(31)],
  ['too long for AES-256', 'AES-256-GCM', () => randomBytes(33)],
  ['an AES-256 key for AES-128', 'AES-128-GCM', () => randomBytes(32)],
  ['a short HMAC key', 'HMAC-SHA-256', () => randomBytes(16)],
  ['another hash of HMAC', 'HMAC-SHA-512', () => randomBytes(32)],
  [
    'RSA-1024',
    'RSA-2048',
    () => pkcs8(generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey),
  ],
  ['RSA of another length', 'RSA-3072', () => pkcs8(rsa.privateKey)],
  [
    'RSA with exponent 3',
    'RSA-2048',
    () => pkcs8(generateKeyPairSync('rsa', { modulusLength: 2_048, publicExponent: 3 }).privateKey),
  ],
  [
    'RSA-PSS restricted',
    'RSA-2048',
    () => pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).privateKey),
  ],
  ['RSA that does not multiply', 'RSA-2048', brokenRsa],
  ['explicit EC parameters', 'P-256', () => pkcs8(ecPair('prime256v1', 'explicit').privateKey)],
  ['another curve', 'P-256', () => pkcs8(ecPair('secp384r1').privateKey)],
  ['a curve that is not offered', 'P-256', () => pkcs8(ecPair('brainpoolP256r1').privateKey)],
  ["another key's public half", 'P-256', mismatched],
  ['a public key', 'P-256', () => spki(p256.publicKey)],
  ['SEC1 without PKCS#8', 'P-256', () => p256.privateKey.export({ type: 'sec1', format: 'der' })],
  [
    'PKCS#1 without PKCS#8',
    'RSA-2048',
    () => rsa.privateKey.export({ type: 'pkcs1', format: 'der' }),
  ],
  ['PEM', 'P-256', () => Buffer.from(p256.privateKey.export({ type: 'pkcs8', format: 'pem' }))],
  ['encrypted PKCS#8', 'RSA-2048', () => encrypted],
  [
    'something behind the key',
    'P-256',
    () => Buffer.concat([pkcs8(p256.privateKey), Buffer.alloc(1)]),
  ],
  ['half a key', 'P-256', () => pkcs8(p256.privateKey).subarray(0, -1)],
  ['another algorithm', 'Ed25519', () => pkcs8(generateKeyPairSync('x25519').privateKey)],
  ['noise', 'P-256', () => randomBytes(121)],
  ['zeros', 'Ed25519', () => Buffer.alloc(48)],
]

for (const [what, algorithm, material] of bad) {
  test(`refused: ${what}`, async () => {
    const { revision } = await owner.standing()
    const made = material()
    const plain = { algorithm, unsafePlaintext: base64(made) }
    const problem = await owner.refuse('invalid_key_material', 'key.import', plain)
    assert.equal(problem.detail.includes(base64(made).slice(0, 12)), false)
    const { revision: after } = await owner.standing()
    assert.equal(after, revision)
  })
}

test('what is no good is refused just so when it is wrapped', async () => {
  for (const [algorithm, material] of [
    ['AES-256-GCM', randomBytes(31)],
    ['P-256', mismatched()],
  ] as const) {
    const wrapped = await importWrapped(material, { algorithm })
    await owner.refuse('invalid_key_material', 'key.import', wrapped)
  }
})

test('refused algorithms, usages and wrappings', async () => {
  const unsafePlaintext = base64(randomBytes(32))
  for (const algorithm of [
    'RSA-1024',
    '3DES',
    'AES-256-CBC',
    'HMAC-SHA-1',
    '',
    'P-224',
    'nothing',
  ]) {
    await owner.refuse('algorithm_refused', 'key.import', { algorithm, unsafePlaintext })
  }
  const usage = { algorithm: 'AES-256-GCM', usage: 'sign', unsafePlaintext }
  await owner.refuse('wrong_usage', 'key.import', usage)
  const { id } = await parameters()
  const other = await parameters()
  const foreign = base64(wrapFor(other.publicKey, randomBytes(32)))
  const algorithm = 'AES-256-GCM'
  for (const wrapped of [foreign, base64(randomBytes(424)), base64(randomBytes(425))]) {
    await owner.refuse('invalid_ciphertext', 'key.import', { algorithm, parameters: id, wrapped })
  }
  const unknown = {
    algorithm,
    parameters: '00000000-0000-4000-8000-000000000000',
    wrapped: foreign,
  }
  await owner.refuse('not_found', 'key.import', unknown)
})

test('of two that use the same parameters at once, one is told that they were used', async () => {
  const input = { ...(await importWrapped(randomBytes(32), {})), algorithm: 'AES-256-GCM' }
  const sent = { method: 'POST', path: '/v1/keys/import', body: JSON.stringify(input) }
  const answers = await Promise.all([owner.send(sent), owner.send(sent), owner.send(sent)])
  assert.deepEqual(answers.map(({ status }) => String(status)).toSorted(), ['200', '404', '404'])
})

test('a new version of an imported key: the new one applies, the old one still opens', async () => {
  const { privateKey } = p256
  const first = { algorithm: 'P-256', unsafePlaintext: base64(pkcs8(privateKey)) }
  const { id: key } = await owner.call('key.import', first)
  const old = await owner.call('sign', { key, message: base64(message) })
  await owner.refuse('wrong_state', 'key.rotate', { key })
  const next = ecPair('prime256v1')
  const input = await importWrapped(pkcs8(next.privateKey), { key })
  const rotated = await owner.call('key.import', input)
  assert.deepEqual([rotated.id, rotated.version], [key, 2])
  const young = await owner.call('sign', { key, message: base64(message) })
  assert.ok(verify('sha256', message, next.publicKey, bytes(young.signature)))
  for (const { signature, version } of [old, young]) {
    const checked = await owner.call('verify', { key, message: base64(message), signature })
    assert.deepEqual(checked, { valid: true, key, version })
  }
  const wrong = { key, unsafePlaintext: base64(pkcs8(ecPair('secp384r1').privateKey)) }
  await owner.refuse('invalid_key_material', 'key.import', wrong)
})

test('what belongs to a new key is refused with a new version', async () => {
  const unsafePlaintext = base64(randomBytes(32))
  const { id: key } = await owner.call('key.import', { algorithm: 'AES-256-GCM', unsafePlaintext })
  for (const extra of [
    { alias: 'x' },
    { labels: { a: 'b' } },
    { description: 'd' },
    { owner: '00000000-0000-4000-8000-000000000000' },
    { usage: 'encrypt' },
    { exportable: true },
    { activateAt: '2030-01-01T00:00:00Z' },
    { algorithm: 'ChaCha20-Poly1305' },
  ]) {
    const input = { key, unsafePlaintext: base64(randomBytes(32)), ...extra }
    const problem = await owner.refuse('invalid_request', 'key.import', input)
    assert.equal(problem.field, Object.keys(extra)[0])
  }
  const same = { key, unsafePlaintext: base64(randomBytes(32)), algorithm: 'AES' }
  assert.equal((await owner.call('key.import', same)).version, 2)
})

test('a generated key takes no material from outside', async () => {
  const { id: key } = await owner.call('key.create', {})
  const input = { key, unsafePlaintext: base64(randomBytes(32)) }
  await owner.refuse('wrong_usage', 'key.import', input)
  await owner.refuse('wrong_usage', 'key.importParameters', { key })
  await owner.refuse('wrong_usage', 'key.deleteMaterial', { key })
  await owner.refuse('not_found', 'key.import', { ...input, key: 'nobody' })
})

const recipient = generateKeyPairSync('rsa', { modulusLength: 3_072 })

for (const algorithm of [
  'AES-256-GCM',
  'HMAC-SHA-384',
  'P-256',
  'Ed25519',
  'RSA-2048',
  'ML-KEM-768',
]) {
  test(`an exportable ${algorithm} key leaves wrapped, and comes back`, async () => {
    const key = await owner.call('key.create', { algorithm, exportable: true })
    assert.equal(key.exportable, true)
    const exported = await owner.call('key.export', {
      key: key.id,
      publicKey: base64(spki(recipient.publicKey)),
    })
    assert.equal(exported.wrapping, 'rsa-oaep-sha-256+aes-256-kwp')
    assert.deepEqual([exported.key, exported.version, exported.algorithm], [key.id, 1, algorithm])
    const material = unwrapWith(recipient.privateKey, bytes(exported.wrapped), 384)
    if (key.usage === 'sign') {
      const secret = createPrivateKey({ key: material, type: 'pkcs8', format: 'der' })
      const shown = await owner.call('key.public', { key: key.id })
      assert.deepEqual(spki(createPublicKey(secret)), bytes(shown.publicKey))
    }
    const back = { algorithm, exportable: true, unsafePlaintext: base64(material) }
    const copy = await owner.call('key.import', back)
    assert.notEqual(copy.id, key.id)
    if (key.usage === 'mac') {
      const input = { message: base64(message) }
      const [one, two] = await Promise.all([
        owner.call('mac', { key: key.id, ...input }),
        owner.call('mac', { key: copy.id, ...input }),
      ])
      assert.equal(one.mac, two.mac)
    }
  })
}

test('an old version leaves where it is named', async () => {
  const { id: key } = await owner.call('key.create', {
    algorithm: 'HMAC-SHA-256',
    exportable: true,
  })
  const { mac } = await owner.call('mac', { key, message: base64(message) })
  await owner.call('key.rotate', { key })
  const publicKey = base64(spki(recipient.publicKey))
  const exported = await owner.call('key.export', { key, version: 1, publicKey })
  const secret = unwrapWith(recipient.privateKey, bytes(exported.wrapped), 384)
  assert.equal(createHmac('sha256', secret).update(message).digest('base64'), mac)
  await owner.refuse('not_found', 'key.export', { key, version: 3, publicKey })
})

test('what may not leave does not, and nobody gets it under a weak key', async () => {
  const publicKey = base64(spki(recipient.publicKey))
  const fixed = await owner.call('key.create', {})
  await owner.refuse('not_exportable', 'key.export', { key: fixed.id, publicKey })
  const { id: key } = await owner.call('key.create', { exportable: true })
  const weak = base64(spki(rsa.publicKey))
  await owner.refuse('algorithm_refused', 'key.export', { key, publicKey: weak })
  const curve = base64(Buffer.concat([spki(ecPair('prime256v1').publicKey), Buffer.alloc(200)]))
  await owner.refuse('invalid_key_material', 'key.export', { key, publicKey: curve })
  await owner.call('key.suspend', { key })
  await owner.refuse('wrong_state', 'key.export', { key, publicKey })
})
