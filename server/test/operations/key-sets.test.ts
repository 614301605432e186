import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** The key set of a signature key: which public keys stand in it, in which form, and that the next one does before it signs. */

const DAY_MS = 86_400_000
/** Read as any program would. */
function readKey(jwk: object | undefined) {
  return createPublicKey({
    key: JSON.parse(JSON.stringify(jwk)) as Record<string, string>,
    format: 'jwk',
  })
}

const message = Buffer.from('signed').toString('base64')

test('every algorithm with a JWK form shows keys that others read, by the thumbprint that others compute', async () => {
  await using house = await startHouse()
  const { owner } = restDoorOver(house)
  const cases = [
    ['RSA-2048', { usage: 'sign' }, 'RSA', undefined],
    ['P-256', { usage: 'sign' }, 'EC', 'ES256'],
    ['P-384', { usage: 'sign' }, 'EC', 'ES384'],
    ['P-521', { usage: 'sign' }, 'EC', 'ES512'],
    ['secp256k1', {}, 'EC', 'ES256K'],
    ['Ed25519', {}, 'OKP', undefined],
    ['ML-DSA-44', {}, 'AKP', 'ML-DSA-44'],
    ['ML-DSA-65', {}, 'AKP', 'ML-DSA-65'],
    ['ML-DSA-87', {}, 'AKP', 'ML-DSA-87'],
  ] as const
  for (const [algorithm, given, kty, alg] of cases) {
    const { id: key } = await owner.call('key.create', { algorithm, ...given })
    const { keys } = await owner.call('key.jwks', { key })
    const [jwk, ...others] = keys
    assert.ok(jwk !== undefined && others.length === 0, algorithm)
    assert.deepEqual([jwk.kty, jwk.alg, jwk.use], [kty, alg, 'sig'], algorithm)
    assert.equal(jwk.kid, await calculateJwkThumbprint(jwk as JWK), algorithm)
    const { publicKey } = await owner.call('key.public', { key })
    const read = readKey(jwk)
    assert.equal(
      read.export({ type: 'spki', format: 'der' }).toString('base64'),
      publicKey,
      algorithm,
    )
    const secrets = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'priv', 'k']
    assert.deepEqual(
      Object.keys(jwk).filter((name) => secrets.includes(name)),
      [],
      algorithm,
    )
  }
})

test('jose imports a key of the set, and what the key signed verifies with it', async () => {
  await using house = await startHouse()
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { algorithm: 'Ed25519' })
  const [jwk] = (await owner.call('key.jwks', { key })).keys
  const imported = await importJWK(jwk as JWK, 'Ed25519')
  assert.ok(!(imported instanceof Uint8Array))
  const { signature } = await owner.call('sign', { key, message })
  const bytes = Buffer.from(signature, 'base64')
  const read = readKey(jwk)
  assert.ok(verify(null, Buffer.from('signed'), read, bytes))
})

test('keys without such a form, and keys that do not sign, are refused', async () => {
  await using house = await startHouse()
  const { owner } = restDoorOver(house)
  for (const input of [
    { algorithm: 'SLH-DSA-SHA2-128f' },
    { algorithm: 'ML-KEM-768' },
    { algorithm: 'X25519' },
    { algorithm: 'RSA-2048', usage: 'encrypt' },
    {},
  ]) {
    const { id: key } = await owner.call('key.create', input)
    await owner.refuse('wrong_usage', 'key.jwks', { key })
  }
})

test('the next key is shown for as long as the current one signs, and is the one that signs after the rotation', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { algorithm: 'P-256', usage: 'sign' })
  const kids = async () => (await owner.call('key.jwks', { key })).keys.map(({ kid }) => kid)
  assert.equal((await kids()).length, 1)
  const set = await owner.call('key.setRotation', { key, everyDays: 1, publishNext: true })
  assert.deepEqual([set.version, set.rotation?.publishNext], [1, true])
  const [first, second, ...none] = await kids()
  assert.ok(second !== undefined && none.length === 0)
  await owner.refuse('wrong_state', 'verify', { key, message, signature: message, version: 2 })
  clock.advance(DAY_MS)
  await house.runJob('rotation')
  const rotated = await kids()
  assert.deepEqual(rotated.slice(0, 2), [first, second])
  assert.equal(rotated.length, 3)
  const signed = await owner.call('sign', { key, message })
  assert.equal(signed.version, 2)
  const by = (await owner.call('key.jwks', { key })).keys.find(({ kid }) => kid === second)
  const read = readKey(by)
  assert.ok(verify('sha256', Buffer.from('signed'), read, Buffer.from(signed.signature, 'base64')))
  // On demand it is the same.
  assert.equal((await owner.call('key.rotate', { key })).version, 3)
  assert.deepEqual((await kids()).slice(0, 3), rotated)
  const { items } = await owner.call('key.versions', { key })
  assert.deepEqual(
    items.map(({ state, rotatedBy, material }) => [state, rotatedBy, material]),
    [
      ['deactivated', undefined, 'present'],
      ['deactivated', 'age', 'present'],
      ['active', 'demand', 'present'],
      ['pre-activation', undefined, 'pending'],
    ],
  )
  assert.equal((await owner.call('key.setRotation', { key, everyDays: 1 })).version, 3)
  assert.deepEqual(await kids(), rotated)
  assert.equal((await owner.call('key.rotate', { key })).version, 4)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('what may not verify is not in the set; a next key that was revoked is passed over', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { algorithm: 'Ed25519' })
  const kids = async () => (await owner.call('key.jwks', { key })).keys.map(({ kid }) => kid)
  await owner.call('key.setRotation', { key, everyDays: 9, publishNext: true })
  const [first, next] = await kids()
  await owner.call('key.revoke', { key, version: 2, reason: 'keyCompromise' })
  assert.deepEqual(await kids(), [first])
  assert.equal((await owner.call('key.rotate', { key })).version, 3)
  const after = await kids()
  assert.deepEqual([after.length, after[0], after.includes(next ?? '')], [3, first, false])
  await owner.call('key.revoke', { key, version: 1, reason: 'superseded' })
  assert.deepEqual(await kids(), after.slice(1))
  await owner.call('key.suspend', { key })
  assert.deepEqual(await kids(), [])
  await owner.call('key.resume', { key })
  await owner.call('key.destroy', { key, days: 1 })
  assert.deepEqual(await kids(), [])
})

test('related keys have the next key in common', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const made = { algorithm: 'P-256', usage: 'sign', region: 'eu-1', multiRegion: true }
  const { id: key } = await owner.call('key.create', made)
  const { id: replica } = await owner.call('key.replicate', { key, region: 'us-1' })
  await owner.call('key.setRotation', { key, everyDays: 9, publishNext: true })
  const setOf = async (one: string) => (await owner.call('key.jwks', { key: one })).keys
  assert.deepEqual(await setOf(replica), await setOf(key))
  assert.equal((await setOf(key)).length, 2)
  const { id: later } = await owner.call('key.replicate', { key, region: 'ap-1' })
  await owner.call('key.rotate', { key })
  for (const one of [replica, later]) assert.deepEqual(await setOf(one), await setOf(key))
  assert.equal((await setOf(key)).length, 3)
})
