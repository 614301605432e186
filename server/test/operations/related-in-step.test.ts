import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'

/** Related keys have their versions and their rotation in common: what is to happen to them does, whichever of them leads or is left. */

async function related(house: TestHouse) {
  const { id: primary } = await house.createKey({ region: 'north', multiRegion: true })
  const { id: replica } = await house.perform('key.replicate', { key: primary, region: 'south' })
  return { primary, replica }
}

async function materialOf(house: TestHouse, key: string) {
  const { items } = await house.perform('key.versions', { key, limit: 100 })
  return items.map(({ material }) => material)
}

test('what keys are to be rotated for is not lost when another of them becomes the primary one', async () => {
  await using house = await startHouse()
  const { primary, replica } = await related(house)
  await house.perform('key.setRotation', { key: primary, alarm: 'critical' })
  const { id: other } = await house.createKey()
  await house.perform('key.revoke', { key: other, reason: 'keyCompromise' })
  await house.runJob('occurrence')
  await house.perform('key.setPrimary', { key: primary, region: 'south' })
  await house.runJob('rotation')
  for (const key of [primary, replica])
    assert.equal((await house.perform('key.get', { key })).version, 2)
})

test('a version goes from all related keys, and so it is asked of each what may still need it', async () => {
  await using house = await startHouse()
  const { primary, replica } = await related(house)
  await house.perform('encrypt', { key: replica, plaintext: Buffer.from('x') })
  await house.perform('key.rotate', { key: primary })
  const going = { key: primary, version: 1, days: 7 }
  await assert.rejects(house.perform('key.destroyVersion', going), {
    code: 'conflict',
    message: /it was used.*south/,
  })
  const store = {
    key: replica,
    name: 'orders',
    kind: 'store',
    contact: '',
    description: '',
  } as const
  await house.perform('dependent.create', store)
  await assert.rejects(house.perform('key.destroyVersion', going), { message: /orders.*south/ })
  await house.perform('key.destroyVersion', { ...going, anyway: 'it was a test' })
})

test('a compromised version is destroyed in related keys, too, where the key of the case is destroyed', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { primary, replica } = await related(house)
  const { id } = await house.perform('compromise.open', {
    key: replica,
    version: 1,
    reason: 'found',
    since: clock.now(),
    hours: 24,
  })
  await house.perform('key.destroy', { key: replica, days: 1, acknowledge: 'all' })
  clock.advance(2 * 86_400_000)
  await house.renewToken()
  await house.runJob('destruction')
  await house.perform('compromise.revoke', { case: id, anyway: 'it is over' })
  await house.perform('compromise.destroy', { case: id, days: 1 })
  clock.advance(2 * 86_400_000)
  await house.renewToken()
  await house.runJob('destruction')
  assert.deepEqual(await materialOf(house, primary), ['absent', 'present'])
})

test('a replica that loses what waits in it at its end takes nothing from the primary key', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const multiRegion = { region: 'north', multiRegion: true } as const
  const { id: primary } = await house.createKey({ ...multiRegion, origin: 'imported' })
  const give = (key: string, material: Buffer, how: Partial<InputOf<'key.import'>> = {}) =>
    house.perform('key.import', {
      key,
      exportable: false,
      unsafePlaintext: Buffer.from(material),
      ...how,
    })
  const first = randomBytes(32)
  const next = randomBytes(32)
  await give(primary, first)
  const { id: replica } = await house.perform('key.replicate', { key: primary, region: 'south' })
  await give(replica, first)
  const materialExpiresAt = clock.now() + 86_400_000
  await give(primary, next, { pending: true, materialExpiresAt })
  // Brought again, it stays; in the other region nobody has brought it again.
  await give(primary, next, { existing: true })
  clock.advance(2 * 86_400_000)
  await house.renewToken()
  await house.runJob('expiry')
  assert.deepEqual(await materialOf(house, primary), ['present', 'pending'])
  assert.deepEqual(await materialOf(house, replica), ['present', 'absent'])
  assert.equal(await house.codeOf('key.rotate', { key: primary }), 'wrong_state')
  await give(replica, next, { existing: true })
  assert.equal((await house.perform('key.rotate', { key: primary })).version, 2)
})
