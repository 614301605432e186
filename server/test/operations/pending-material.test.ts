import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { WireInputOf } from '@claviger/contract'
import { base64 } from '../rest/client.ts'
import { startImports } from './years.ts'

/** Imported material that waits for a rotation, and keys with more than one material. */

const { clock, house, owner, plaintext, inDays, importedKey, versions, encrypted, stored } =
  await startImports()

const DAY_MS = 86_400_000

/** An imported key with other material that waits. */
async function keyWithPending(rest: Partial<WireInputOf<'key.import'>> = {}) {
  const made = await importedKey()
  const next = { key: made.key, unsafePlaintext: base64(randomBytes(32)), pending: true, ...rest }
  const { materialId: nextId } = await owner.call('key.import', next)
  return { ...made, next, nextId }
}

test('new material waits until a rotation, and then protects', async () => {
  const { key, materialId, next, nextId } = await keyWithPending({ materialDescription: 'second' })
  assert.notEqual(nextId, materialId)
  const view = await owner.call('key.get', { key })
  assert.deepEqual([view.version, view.materialId], [1, materialId])
  const waiting = (await versions(key))[1]
  assert.deepEqual(
    [waiting?.state, waiting?.material, waiting?.activatedAt, waiting?.description],
    ['pre-activation', 'pending', undefined, 'second'],
  )
  const old = await encrypted(key)
  clock.advance(DAY_MS)
  // One waits at a time; the same again is no other.
  const third = { ...next, unsafePlaintext: base64(randomBytes(32)) }
  const problem = await owner.refuse('wrong_state', 'key.import', third)
  assert.ok(problem.detail.includes(nextId))
  await owner.refuse('wrong_state', 'key.import', { ...third, pending: undefined })
  assert.equal((await owner.call('key.import', next)).materialId, nextId)

  const rotated = await owner.call('key.rotate', { key, protectStopAt: inDays(30) })
  assert.deepEqual([rotated.version, rotated.materialId], [2, nextId])
  const young = await owner.call('encrypt', { key, plaintext })
  assert.equal(young.version, 2)
  for (const ciphertext of [old, young.ciphertext])
    assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
  const [one, two] = await versions(key)
  assert.deepEqual([one?.state, one?.rotatedBy], ['deactivated', undefined])
  assert.deepEqual(
    [two?.state, two?.rotatedBy, two?.activatedAt, two?.protectStopAt, two?.description],
    ['active', 'demand', new Date(clock.now()).toISOString(), inDays(30), 'second'],
  )
  await owner.refuse('wrong_state', 'key.rotate', { key })
})

test('a waiting version verifies nothing, and is not to be asked for', async () => {
  const first = await importedKey('HMAC-SHA-256')
  const { key } = first
  const next = randomBytes(32)
  await owner.call('key.import', { key, unsafePlaintext: base64(next), pending: true })
  const message = base64('m')
  const mac = base64(createHmac('sha256', next).update('m').digest())
  const forged = await owner.call('verifyMac', { key, message, mac })
  assert.equal(forged.valid, false)
  await owner.refuse('wrong_state', 'verifyMac', { key, message, mac, version: 2 })
})

test('other material than what was there before waits under no name of it', async () => {
  const { key, input } = await importedKey()
  await owner.refuse('conflict', 'key.import', { ...input, pending: true })
  await owner.refuse('invalid_request', 'key.import', {
    key,
    unsafePlaintext: base64(randomBytes(32)),
    pending: true,
    protectStopAt: inDays(1),
  })
})

test('what waits can be deleted, and something else can wait', async () => {
  const { key, materialId, next, nextId } = await keyWithPending()
  const deleted = await owner.call('key.deleteMaterial', { key, materialId: nextId })
  assert.deepEqual([deleted.materialId, deleted.awaitsMaterial], [nextId, undefined])
  assert.equal((await versions(key)).length, 1)
  await owner.refuse('wrong_state', 'key.rotate', { key })
  await encrypted(key)
  await owner.call('key.import', { ...next, unsafePlaintext: base64(randomBytes(32)) })
  assert.equal((await owner.call('key.rotate', { key })).version, 2)
  assert.notEqual((await owner.call('key.get', { key })).materialId, materialId)
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
})

test('what waits ends by itself', async () => {
  const { key } = await keyWithPending({ materialExpiresAt: inDays(2) })
  clock.advance(2 * DAY_MS)
  await owner.refuse('wrong_state', 'key.rotate', { key })
  await house.runJob('expiry')
  assert.equal((await versions(key)).length, 1)
  assert.equal((await owner.call('key.get', { key })).awaitsMaterial, undefined)
  await encrypted(key)
})

test('a key without its present material is not rotated, whatever waits', async () => {
  const { key, input } = await keyWithPending()
  await owner.call('key.deleteMaterial', { key })
  await owner.refuse('wrong_state', 'key.rotate', { key })
  await owner.call('key.import', input)
  await owner.call('key.rotate', { key })
})

test('each version gets its own material again', async () => {
  const { key, input, next, nextId, materialId } = await keyWithPending()
  const old = await encrypted(key)
  await owner.call('key.rotate', { key })
  const young = await encrypted(key)
  for (const id of [materialId, nextId])
    await owner.call('key.deleteMaterial', { key, materialId: id })
  assert.deepEqual(await stored(key), [undefined, undefined])
  // Each is known by what it is, or by its name.
  const { pending: _pending, ...again } = next
  assert.equal((await owner.call('key.import', { ...again, existing: true })).materialId, nextId)
  await owner.refuse('wrong_state', 'decrypt', { ciphertext: old })
  assert.equal((await owner.call('decrypt', { ciphertext: young })).plaintext, plaintext)
  await owner.refuse('conflict', 'key.import', { ...input, materialId: nextId })
  const back = await owner.call('key.import', input)
  assert.deepEqual([back.materialId, back.version], [materialId, 2])
  assert.equal((await owner.call('decrypt', { ciphertext: old })).plaintext, plaintext)
})

test('everything is the same after the server forgot it all', async () => {
  const { key, next, nextId } = await keyWithPending()
  const ciphertext = await encrypted(key)
  await owner.call('key.deleteMaterial', { key })
  await owner.call('system.seal', {})
  assert.equal(await house.unseal(), true)
  await owner.refuse('wrong_state', 'decrypt', { ciphertext })
  assert.deepEqual(
    (await versions(key)).map(({ material }) => material),
    ['absent', 'pending'],
  )
  assert.equal((await owner.call('key.import', next)).materialId, nextId)
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
})
