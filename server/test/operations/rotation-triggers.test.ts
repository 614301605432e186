import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** What makes the next version of a key by itself: each trigger alone, what it says of its cause, and what is refused. */

const DAY_MS = 86_400_000
const plaintext = Buffer.from('kept').toString('base64')

function at(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

async function causes(house: TestHouse, key: string) {
  const { items } = await house.perform('key.versions', { key, limit: 1_000 })
  return items.map(({ rotatedBy }) => rotatedBy)
}

async function fired(house: TestHouse, key: string) {
  const entries = await house.entries()
  return entries
    .filter((entry) => entry.event === 'key.rotateDue' && entry.key === key)
    .map(({ detail, version, outcome }) => [detail?.['cause'], version, outcome])
}

test('uses, bytes and wraps: the key is rotated once the version has come so far, and the next one counts anew', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const cases = [
    ['uses', { uses: 3 }, 3],
    ['bytes', { bytes: 12 }, 3],
    ['wraps', { wraps: 2 }, 2],
  ] as const
  for (const [cause, triggers, needed] of cases) {
    const { id: key, rotation } = await owner.call('key.create', { rotation: triggers })
    assert.deepEqual(rotation, { triggers })
    const use = () =>
      cause === 'wraps' ? owner.call('datakey', { key }) : owner.call('encrypt', { key, plaintext })
    for (let round = 1; round <= 2; round += 1) {
      for (let used = 1; used < needed; used += 1) await use()
      await house.runJob('rotation')
      assert.equal((await owner.call('key.get', { key })).version, round, cause)
      await use()
      await use()
      await house.runJob('rotation')
      await house.runJob('rotation')
      assert.equal((await owner.call('key.get', { key })).version, round + 1, cause)
    }
    assert.deepEqual(await causes(house, key), [undefined, cause, cause])
    assert.deepEqual(await fired(house, key), [
      [cause, 2, 'ok'],
      [cause, 3, 'ok'],
    ])
  }
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('a number of uses that is passed already when it is asked for rotates at once', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  for (let used = 0; used < 5; used += 1) await owner.call('encrypt', { key, plaintext })
  await owner.call('key.setRotation', { key, uses: 5 })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'uses'])
})

test('the calendar names the times, and what it named while nothing ran is done once', async () => {
  const clock = new DrivenClock()
  clock.advance(Date.parse('2030-06-30T00:00:00Z') - clock.now())
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const calendar = { calendar: '0 3 1 1,7 *', timeZone: 'Europe/Berlin' }
  const set = await owner.call('key.setRotation', { key, ...calendar })
  assert.deepEqual(set.rotation, { triggers: calendar, nextAt: '2030-07-01T01:00:00.000Z' })
  clock.advance(3 * 365 * DAY_MS)
  await house.runJob('rotation')
  await house.runJob('rotation')
  await house.renewToken()
  assert.deepEqual(await causes(house, key), [undefined, 'calendar'])
  const after = await owner.as(house.token).call('key.get', { key })
  assert.equal(after.rotation?.nextAt, '2033-07-01T01:00:00.000Z')
})

test('before its version stops protecting a key has another, which lives as long', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const begun = clock.now()
  const { id: key, rotation } = await owner.call('key.create', {
    protectStopAt: at(begun + 30 * DAY_MS),
    processStopAt: at(begun + 60 * DAY_MS),
    rotation: { beforeExpiryDays: 5 },
  })
  assert.equal(rotation?.nextAt, at(begun + 25 * DAY_MS))
  clock.advance(25 * DAY_MS - 1)
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined])
  clock.advance(1)
  await house.runJob('rotation')
  await house.renewToken()
  const { items } = await owner.as(house.token).call('key.versions', { key })
  assert.deepEqual(
    items.map(({ rotatedBy, state, protectStopAt, processStopAt }) => [
      rotatedBy,
      state,
      protectStopAt,
      processStopAt,
    ]),
    [
      [undefined, 'deactivated', at(begun + 30 * DAY_MS), at(begun + 60 * DAY_MS)],
      ['expiry', 'active', at(begun + 55 * DAY_MS), at(begun + 85 * DAY_MS)],
    ],
  )
  // An end date that comes nearer brings the rotation nearer.
  const nearer = await owner
    .as(house.token)
    .call('key.update', { key, protectStopAt: at(begun + 35 * DAY_MS) })
  assert.equal(nearer.rotation?.nextAt, at(begun + 30 * DAY_MS))
})

test('versions that live shorter than the days before their end are replaced at half of their time', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key, rotation } = await owner.call('key.create', {
    protectStopAt: at(clock.now() + 2 * DAY_MS),
    rotation: { beforeExpiryDays: 90 },
  })
  assert.equal(rotation?.nextAt, at(clock.now() + DAY_MS))
  clock.advance(DAY_MS)
  for (let run = 0; run < 3; run += 1) await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'expiry'])
})

test('a compromise of the current version gets another at once; one of an old version, or of the key, does not', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { rotation: { on: ['compromise'] } })
  await owner.call('key.rotate', { key })
  await owner.call('key.revoke', { key, version: 1, reason: 'keyCompromise' })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'demand'])
  await owner.call('key.revoke', { key, version: 2, reason: 'superseded' })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'demand'])
  await owner.call('key.revoke', { key, version: 2, reason: 'keyCompromise' })
  await owner.refuse('wrong_state', 'encrypt', { key, plaintext })
  await house.runJob('rotation')
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'demand', 'compromise'])
  assert.equal((await owner.call('encrypt', { key, plaintext })).version, 3)
  await owner.call('key.revoke', { key, reason: 'keyCompromise' })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'demand', 'compromise'])
  const { id: other } = await owner.call('key.create', { rotation: { everyDays: 1 } })
  await owner.call('key.revoke', { key: other, version: 1, reason: 'keyCompromise' })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, other), [undefined])
})

test('triggers come together, are shown, replaced and taken away; days at the AWS way are one of them', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const triggers = { everyDays: 30, uses: 1_000, on: ['compromise' as const] }
  const set = await owner.call('key.setRotation', { key, ...triggers })
  const nextAt = at(clock.now() + 30 * DAY_MS)
  assert.deepEqual(set.rotation, { triggers, nextAt })
  clock.advance(DAY_MS)
  const fewer = await owner.call('key.setRotation', { key, everyDays: 30, uses: 9 })
  assert.deepEqual(fewer.rotation, { triggers: { everyDays: 30, uses: 9 }, nextAt })
  const off = await owner.call('key.autoRotate', { key, off: true })
  assert.deepEqual(off.rotation, { triggers: { uses: 9 } })
  const days = await owner.call('key.autoRotate', { key, days: 7 })
  assert.deepEqual(days.rotation?.triggers, { uses: 9, everyDays: 7 })
  assert.equal((await owner.call('key.setRotation', { key, off: true })).rotation, undefined)
  for (let used = 0; used < 10; used += 1) await owner.call('encrypt', { key, plaintext })
  clock.advance(8 * DAY_MS)
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined])
})

test('what would rotate nothing, or means nothing, is refused', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const { id: imported } = await owner.call('key.create', { origin: 'imported' })
  const unclear = [
    [{}, 'everyDays'],
    [{ off: false }, 'everyDays'],
    [{ off: true, uses: 1 }, 'off'],
    [{ off: true, publishNext: true }, 'off'],
    [{ timeZone: 'UTC', uses: 1 }, 'timeZone'],
    [{ calendar: '0 3 31 2 *' }, 'calendar'],
    [{ calendar: '0 3 1 1 *', timeZone: 'Moon/Base' }, 'calendar'],
  ] as const
  for (const [input, field] of unclear) {
    const problem = await owner.refuse('invalid_request', 'key.setRotation', { key, ...input })
    assert.equal(problem.field, field, JSON.stringify(input))
  }
  await owner.refuse('invalid_request', 'key.create', { rotation: { calendar: '0 99 1 1 *' } })
  await owner.refuse('wrong_usage', 'key.create', { origin: 'imported', rotation: { uses: 1 } })
  await owner.refuse('wrong_usage', 'key.setRotation', { key: imported, uses: 1 })
  await owner.refuse('wrong_usage', 'key.setRotation', { key, uses: 1, publishNext: true })
  await owner.call('key.suspend', { key })
  await owner.refuse('wrong_state', 'key.setRotation', { key, uses: 1 })
})

test('a key that is suspended is rotated when it is resumed, for what it had come to', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { rotation: { uses: 2 } })
  for (let used = 0; used < 2; used += 1) await owner.call('encrypt', { key, plaintext })
  await owner.call('key.suspend', { key })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined])
  await owner.call('key.resume', { key })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'uses'])
})

test('of related keys each counts its own uses, and one that has come so far rotates them all', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { region: 'eu-1', multiRegion: true })
  const { id: replica } = await owner.call('key.replicate', { key, region: 'us-1' })
  await owner.call('key.setRotation', { key, uses: 2 })
  await owner.call('encrypt', { key, plaintext })
  await owner.call('encrypt', { key: replica, plaintext })
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined])
  await owner.call('encrypt', { key: replica, plaintext })
  await house.runJob('rotation')
  await house.runJob('rotation')
  assert.deepEqual(await causes(house, key), [undefined, 'uses'])
  assert.deepEqual(await causes(house, replica), [undefined, 'uses'])
})
