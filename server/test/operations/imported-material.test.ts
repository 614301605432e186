import assert from 'node:assert/strict'
import {
  constants,
  createCipheriv,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { test } from 'node:test'
import { base64, bytes } from '../rest/client.ts'
import { startImports } from './years.ts'

/** The life of imported material, through the door: it comes, goes, comes again, waits for a rotation, and ends. */

const {
  clock,
  house,
  owner,
  plaintext,
  inDays,
  waitingKey,
  importedKey,
  versions,
  encrypted,
  stored,
} = await startImports()

const DAY_MS = 86_400_000
const NOBODY = '0'.repeat(64)

const wrappings = [
  ['rsa-oaep-sha-256', 'sha256', false],
  ['rsa-oaep-sha-1', 'sha1', false],
  ['rsa-oaep-sha-256+aes-256-kwp', 'sha256', true],
  ['rsa-oaep-sha-1+aes-256-kwp', 'sha1', true],
] as const

/** Wraps as another product would; AES-KWP is RFC 5649. */
function wrapAs(publicKey: string, oaepHash: string, aes: boolean, material: Uint8Array): Buffer {
  const key = createPublicKey({ key: bytes(publicKey), type: 'spki', format: 'der' })
  const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }
  if (!aes) return publicEncrypt(oaep, material)
  const fresh = randomBytes(32)
  const cipher = createCipheriv('id-aes256-wrap-pad', fresh, Buffer.from('a65959a6', 'hex'))
  return Buffer.concat([publicEncrypt(oaep, fresh), cipher.update(material), cipher.final()])
}

for (const [wrapping, hash, aes] of wrappings) {
  for (const bits of [2_048, 3_072, 4_096] as const) {
    test(`material comes in under ${wrapping} with RSA-${bits}`, async () => {
      const key = await waitingKey('HMAC-SHA-256')
      const made = await owner.call('key.importParameters', { wrapping, bits, key })
      assert.equal(made.wrapping, wrapping)
      const publicKey = createPublicKey({ key: bytes(made.publicKey), type: 'spki', format: 'der' })
      assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, bits)
      const secret = randomBytes(32)
      const wrapped = base64(wrapAs(made.publicKey, hash, aes, secret))
      const input = { key, parameters: made.id, wrapped }
      assert.equal((await owner.call('key.import', input)).awaitsMaterial, undefined)
      const message = Buffer.from('what is signed')
      const { mac } = await owner.call('mac', { key, message: base64(message) })
      assert.deepEqual(bytes(mac), createHmac('sha256', secret).update(message).digest())
      // What is wrapped for one key serves it again, for as long as the parameters live.
      await owner.call('key.deleteMaterial', { key })
      await owner.call('key.import', input)
      const other = await waitingKey('HMAC-SHA-256')
      await owner.refuse('not_found', 'key.import', { ...input, key: other })
      await owner.refuse('not_found', 'key.import', { ...input, key: undefined, algorithm: 'AES' })
      clock.advance(DAY_MS)
      await owner.refuse('wrong_state', 'key.import', input)
    })
  }
}

test('another wrapping than the one asked for does not open', async () => {
  const key = await waitingKey()
  const made = await owner.call('key.importParameters', { wrapping: 'rsa-oaep-sha-256', key })
  const material = randomBytes(32)
  for (const [, hash, aes] of wrappings.slice(1)) {
    const wrapped = base64(wrapAs(made.publicKey, hash, aes, material))
    await owner.refuse('invalid_ciphertext', 'key.import', { key, parameters: made.id, wrapped })
  }
})

test('expired parameters go when new ones are made', async () => {
  const left = () =>
    house.store.list({
      kind: 'importParameters',
      tenant: house.house.custody.tenant,
      facets: [],
      limit: 100,
    })
  await owner.call('key.importParameters', { bits: 2_048 })
  clock.advance(DAY_MS)
  const { id } = await owner.call('key.importParameters', { bits: 2_048 })
  assert.deepEqual(
    (await left()).map((row) => row.id),
    [id],
  )
})

test('a key that waits does nothing, and is shown', async () => {
  const key = await waitingKey()
  const view = await owner.call('key.get', { key })
  assert.deepEqual([view.awaitsMaterial, view.origin, view.version], [true, 'imported', 1])
  await owner.refuse('wrong_state', 'encrypt', { key, plaintext })
  await owner.refuse('wrong_state', 'key.rotate', { key })
  await owner.refuse('wrong_usage', 'key.autoRotate', { key, days: 90 })
  const [version] = await versions(key)
  assert.deepEqual([version?.material, version?.materialId], ['absent', view.materialId])
  const { items } = await owner.call('key.list', {})
  assert.ok(items.some(({ id, awaitsMaterial }) => id === key && awaitsMaterial === true))
  const pair = await waitingKey('P-256')
  const problem = await owner.refuse('wrong_state', 'key.public', { key: pair })
  assert.match(problem.detail, /imported/)
})

test('the first import fills the first version and begins its life', async () => {
  const key = await waitingKey()
  clock.advance(DAY_MS)
  const filled = await owner.call('key.import', {
    key,
    unsafePlaintext: base64(randomBytes(32)),
    materialDescription: 'from the vault in Bern',
    existing: true,
  })
  assert.deepEqual([filled.id, filled.version, filled.awaitsMaterial], [key, 1, undefined])
  const [version, ...others] = await versions(key)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [version?.activatedAt, version?.description, version?.material, version?.materialId],
    [new Date(clock.now()).toISOString(), 'from the vault in Bern', 'present', filled.materialId],
  )
  await encrypted(key)
})

test('a pair is filled, and is the one from outside', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = await waitingKey('P-256')
  const material = base64(privateKey.export({ type: 'pkcs8', format: 'der' }))
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const unsafePlaintext = base64(other.export({ type: 'pkcs8', format: 'der' }))
  await owner.refuse('invalid_key_material', 'key.import', { key, unsafePlaintext })
  await owner.call('key.import', { key, unsafePlaintext: material })
  const shown = await owner.call('key.public', { key })
  assert.deepEqual(bytes(shown.publicKey), publicKey.export({ type: 'spki', format: 'der' }))
})

test('deleted material is gone, and only the same brings the key back', async () => {
  const { key, materialId, input } = await importedKey()
  const ciphertext = await encrypted(key)
  const deleted = await owner.call('key.deleteMaterial', { key })
  assert.deepEqual([deleted.awaitsMaterial, deleted.materialId], [true, materialId])
  assert.deepEqual(await stored(key), [undefined])
  for (const [name, rest] of [
    ['encrypt', { key, plaintext }],
    ['decrypt', { ciphertext }],
    ['key.rotate', { key }],
  ] as const) {
    await owner.refuse('wrong_state', name, rest)
  }
  // Once more changes nothing.
  await owner.call('key.deleteMaterial', { key, materialId })
  const other = { key, unsafePlaintext: base64(randomBytes(32)) }
  const refused = await owner.refuse('conflict', 'key.import', other)
  assert.match(refused.detail, /same/)
  await owner.refuse('conflict', 'key.import', { ...other, existing: true })
  await owner.refuse('conflict', 'key.import', { ...other, materialId })
  await owner.refuse('not_found', 'key.import', { ...input, materialId: NOBODY })
  const back = await owner.call('key.import', { ...input, materialId })
  assert.deepEqual([back.version, back.awaitsMaterial, back.materialId], [1, undefined, materialId])
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
  await owner.refuse('not_found', 'key.deleteMaterial', { key, materialId: NOBODY })
})

test('material that is there may come again, with another end', async () => {
  const { key, input } = await importedKey()
  const ciphertext = await encrypted(key)
  const materialExpiresAt = inDays(10)
  const again = await owner.call('key.import', { ...input, materialExpiresAt })
  assert.deepEqual([again.version, again.materialExpiresAt], [1, materialExpiresAt])
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
  assert.equal((await owner.call('key.import', input)).materialExpiresAt, undefined)
  await owner.refuse('invalid_request', 'key.import', { ...input, protectStopAt: inDays(1) })
  const past = { ...input, materialExpiresAt: inDays(0) }
  assert.equal(
    (await owner.refuse('invalid_request', 'key.import', past)).field,
    'materialExpiresAt',
  )
})

test('the same bytes under another algorithm, or in another key, are other material', async () => {
  const material = randomBytes(32)
  const one = await importedKey('AES-256-GCM', material)
  const two = await importedKey('ChaCha20-Poly1305', material)
  const fingerprints = []
  for (const { key } of [one, two]) {
    const document = (await house.store.key(key))?.versions[0]?.document ?? ''
    fingerprints.push((JSON.parse(document) as { fingerprint?: string }).fingerprint)
  }
  assert.equal(new Set(fingerprints).size, 2)
  assert.notEqual(one.materialId, two.materialId)
  for (const fingerprint of fingerprints) assert.equal(bytes(fingerprint).length, 32)
})

test('what is for keys that are there is refused for new ones', async () => {
  const unsafePlaintext = base64(randomBytes(32))
  for (const extra of [{ materialId: NOBODY }, { pending: true }, { existing: true }]) {
    const input = { algorithm: 'AES-256-GCM', unsafePlaintext, ...extra }
    const problem = await owner.refuse('invalid_request', 'key.import', input)
    assert.equal(problem.field, Object.keys(extra)[0])
  }
})

test('a suspended key takes and loses material, one that ends takes none', async () => {
  const { key, input } = await importedKey()
  await owner.call('key.suspend', { key })
  await owner.call('key.deleteMaterial', { key })
  await owner.call('key.importParameters', { key, bits: 2_048 })
  await owner.call('key.import', input)
  await owner.call('key.destroy', { key, days: 7 })
  await owner.refuse('wrong_state', 'key.import', input)
  await owner.refuse('wrong_state', 'key.importParameters', { key })
  await owner.call('key.deleteMaterial', { key })
  await owner.call('key.restore', { key })
  await owner.call('key.revoke', { key })
  await owner.refuse('wrong_state', 'key.import', input)
  await owner.call('key.destroy', { key, days: 1 })
  clock.advance(DAY_MS)
  await house.runJob('destruction')
  await owner.refuse('wrong_state', 'key.deleteMaterial', { key })
})

test('a revoked version takes no material again', async () => {
  const { key, input } = await importedKey()
  await owner.call('key.deleteMaterial', { key })
  await owner.call('key.revoke', { key, version: 1, reason: 'keyCompromise' })
  await owner.refuse('wrong_state', 'key.import', input)
})

test('material ends by itself: at once for every use, and soon in the store', async () => {
  const { key, input } = await importedKey()
  const until = { ...input, materialExpiresAt: inDays(5) }
  const { materialId } = await owner.call('key.import', until)
  const ciphertext = await encrypted(key)
  clock.advance(5 * DAY_MS - 1)
  await house.runJob('expiry')
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
  clock.advance(1)
  await owner.refuse('wrong_state', 'decrypt', { ciphertext })
  await owner.refuse('wrong_state', 'encrypt', { key, plaintext })
  const shown = await owner.call('key.get', { key })
  assert.deepEqual([shown.awaitsMaterial, shown.materialExpiresAt], [true, undefined])
  assert.deepEqual(
    (await versions(key)).map(({ material }) => material),
    ['absent'],
  )
  assert.notDeepEqual(await stored(key), [undefined])
  const { entries } = await owner.standing()
  await house.runJob('expiry')
  await house.runJob('expiry')
  assert.deepEqual(await stored(key), [undefined])
  const { items } = await owner.call('ledger.search', { key, event: 'key.expireMaterial' })
  assert.equal((await owner.standing()).entries, entries + 2, 'a lease, and it')
  assert.deepEqual(
    items.map(({ record }) => [record['principal'], record['version'], record['outcome']]),
    [['system', 1, 'ok']],
  )
  await owner.refuse('conflict', 'key.import', {
    key,
    unsafePlaintext: base64(randomBytes(32)),
  })
  await owner.call('key.import', { ...input, materialId })
  assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
})

test('a material that was given another end meanwhile is left alone', async () => {
  const { key, input } = await importedKey()
  await owner.call('key.import', { ...input, materialExpiresAt: inDays(1) })
  await owner.call('key.import', { ...input, materialExpiresAt: inDays(3) })
  clock.advance(2 * DAY_MS)
  await house.runJob('expiry')
  await encrypted(key)
  const tenant = house.house.custody.tenant
  const early = house.house.gate.performAsSystem('key.expireMaterial', tenant, { key, version: 1 })
  await assert.rejects(early, { code: 'wrong_state' })
})

test('no material, and nothing of it but its fingerprint, stands in ledger or answers', async () => {
  const { key, material } = await importedKey()
  await owner.call('key.deleteMaterial', { key })
  const spellings = [material.toString('base64'), material.toString('hex')]
  const told = JSON.stringify([
    await owner.call('key.get', { key }),
    await versions(key),
    await owner.call('ledger.search', { key }),
    (await house.store.key(key))?.versions.map(({ document }) => document),
  ])
  for (const spelling of spellings) assert.equal(told.includes(spelling), false)
})

test('a key that is destroyed before its material ends leaves nothing to do', async () => {
  const { key, input } = await importedKey()
  await owner.call('key.import', { ...input, materialExpiresAt: inDays(30) })
  await owner.call('key.destroy', { key, days: 7 })
  clock.advance(7 * DAY_MS)
  await house.runJob('destruction')
  assert.equal((await owner.call('key.get', { key })).state, 'destroyed')
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
  clock.advance(30 * DAY_MS)
  await house.runJob('expiry')
})
