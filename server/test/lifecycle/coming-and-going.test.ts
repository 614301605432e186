import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { DAY_MS, startScene } from './scene.ts'

/** What a policy asks of versions while their material goes and comes back, and of those that only waited. */

test('material that is overdue comes back where it was, and is used on', async () => {
  await using scene = await startScene()
  const { house, clock } = scene
  await scene.ask({ rotation: { everyDays: 90, uses: 1 } })
  const material = randomBytes(32)
  const given = () => ({ exportable: false, unsafePlaintext: Buffer.from(material) })
  const { id: key } = await house.perform('key.import', { ...given(), algorithm: 'AES-256-GCM' })
  const { ciphertext } = await house.perform('encrypt', { key, plaintext: Buffer.from('a') })
  clock.advance(90 * DAY_MS)
  await house.renewToken()
  await house.perform('key.deleteMaterial', { key })
  await house.perform('key.import', { ...given(), key })
  const { plaintext } = await house.perform('decrypt', { ciphertext })
  assert.equal(Buffer.from(plaintext).toString(), 'a')
})

test('a next public key that is not asked for any more goes, though a version without an end would not be made', async () => {
  await using scene = await startScene()
  const { house } = scene
  const dates = { processStopAt: scene.clock.now() + DAY_MS }
  const { id: key } = await house.createKey({ algorithm: 'Ed25519', ...dates })
  await house.perform('key.setRotation', { key, everyDays: 1, publishNext: true })
  await scene.ask({ cryptoperiods: { privateSignature: { process: 1 } } })
  await house.perform('key.setRotation', { key, off: true })
  assert.equal((await house.perform('key.versions', { key, limit: 10 })).items.length, 1)
})

test('a destruction that a case ordered before the policy is as it was, also for whoever orders it again', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.createKey()
  const about = { key, since: scene.clock.now(), hours: 0, reason: 'found', principals: [] }
  const { id } = await house.perform('compromise.open', about)
  await house.perform('compromise.revoke', { case: id })
  const { destroyAt } = await house.perform('compromise.destroy', { case: id, days: 1 })
  await scene.ask({ destructionDaysMin: 30 })
  const again = await house.perform('compromise.destroy', { case: id, days: 1 })
  assert.equal(again.destroyAt, destroyAt)
})

test('of a version that is destroyed nothing is asked, and the key is copied', async () => {
  await using scene = await startScene()
  const { house, clock } = scene
  const { id: key } = await house.createKey({ region: 'north', multiRegion: true })
  const processStopAt = clock.now() + 2 * DAY_MS
  await house.perform('key.rotate', { key, processStopAt })
  await house.perform('key.destroyVersion', { key, version: 1, days: 1, anyway: 'it goes' })
  clock.advance(DAY_MS)
  await house.renewToken()
  await house.runJob('destruction')
  await scene.ask({ cryptoperiods: { symmetricEncryption: { process: 2 } } })
  assert.deepEqual((await house.perform('policy.check', { limit: 10 })).items, [])
  await house.perform('key.replicate', { key, region: 'east' })
})
