import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Rotation by the calendar: when it is due, that it is done once, and that nothing in between is lost. */

const DAY_MS = 86_400_000
const plaintext = Buffer.from('kept').toString('base64')

function at(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

async function versionsOf(house: TestHouse, key: string) {
  const { items } = await house.perform('key.versions', { key, limit: 1_000 })
  return items
}

test('a key is rotated when its days are over, again and again, and never before', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const begun = clock.now()
  const asked = await owner.call('key.autoRotate', { key, days: 10 })
  assert.deepEqual(asked.rotation, { triggers: { everyDays: 10 }, nextAt: at(begun + 10 * DAY_MS) })
  const { ciphertext } = await owner.call('encrypt', { key, plaintext })
  clock.advance(10 * DAY_MS - 1)
  await house.runJob('rotation')
  assert.equal((await owner.call('key.get', { key })).version, 1)
  clock.advance(1)
  await house.runJob('rotation')
  await house.runJob('rotation')
  const after = await owner.call('key.get', { key })
  assert.deepEqual([after.version, after.rotation?.nextAt], [2, at(begun + 20 * DAY_MS)])
  clock.advance(10 * DAY_MS)
  await house.runJob('rotation')
  await house.renewToken()
  const later = owner.as(house.token)
  const versions = await versionsOf(house, key)
  assert.deepEqual(
    versions.map(({ rotatedBy, state, activatedAt }) => [rotatedBy, state, activatedAt]),
    [
      [undefined, 'deactivated', begun],
      ['age', 'deactivated', begun + 10 * DAY_MS],
      ['age', 'active', begun + 20 * DAY_MS],
    ],
  )
  assert.equal((await later.call('decrypt', { ciphertext })).plaintext, plaintext)
  const { items } = await later.call('ledger.search', { key, event: 'key.rotateDue' })
  assert.deepEqual(
    items.map(({ record }) => [record['principal'], record['door'], record['version']]),
    [
      ['system', 'jobs', 3],
      ['system', 'jobs', 2],
    ],
  )
})

test('a rotation on demand between moves nothing', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const { rotation } = await owner.call('key.autoRotate', { key, days: 10 })
  clock.advance(9 * DAY_MS)
  const demanded = await owner.call('key.rotate', { key })
  assert.deepEqual([demanded.version, demanded.rotation], [2, rotation])
  clock.advance(DAY_MS)
  await house.runJob('rotation')
  assert.deepEqual(
    (await versionsOf(house, key)).map(({ rotatedBy }) => rotatedBy),
    [undefined, 'demand', 'age'],
  )
})

test('asked again for the same days it goes on counting, for others it begins anew, and off is off', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const { rotation } = await owner.call('key.autoRotate', { key, days: 10 })
  clock.advance(5 * DAY_MS)
  assert.deepEqual((await owner.call('key.autoRotate', { key, days: 10 })).rotation, rotation)
  const other = await owner.call('key.autoRotate', { key, days: 8 })
  assert.deepEqual(other.rotation, {
    triggers: { everyDays: 8 },
    nextAt: at(clock.now() + 8 * DAY_MS),
  })
  assert.equal((await owner.call('key.autoRotate', { key, off: true })).rotation, undefined)
  assert.equal((await owner.call('key.get', { key })).rotation, undefined)
  clock.advance(20 * DAY_MS)
  await house.runJob('rotation')
  assert.equal((await owner.call('key.get', { key })).version, 1)
  for (const unclear of [{}, { off: false }, { days: 10, off: true }]) {
    const problem = await owner.refuse('invalid_request', 'key.autoRotate', { key, ...unclear })
    assert.equal(problem.field, 'days')
  }
  const done = await owner.call('key.autoRotate', { key, days: 10, off: false })
  assert.equal(done.rotation?.triggers.everyDays, 10)
})

test('pairs are rotated too, and what they signed still verifies', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', { algorithm: 'Ed25519' })
  await owner.call('key.autoRotate', { key, days: 1 })
  const message = plaintext
  const { signature } = await owner.call('sign', { key, message })
  clock.advance(DAY_MS)
  await house.runJob('rotation')
  assert.equal((await owner.call('sign', { key, message })).version, 2)
  const verified = await owner.call('verify', { key, message, signature })
  assert.deepEqual([verified.valid, verified.version], [true, 1])
})

test('what is not in force is not rotated, until it is again', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const make = async () => {
    const { id: key } = await owner.call('key.create', {})
    await owner.call('key.autoRotate', { key, days: 1 })
    return key
  }
  const [suspended, doomed, revoked] = [await make(), await make(), await make()]
  await owner.call('key.suspend', { key: suspended })
  await owner.call('key.destroy', { key: doomed, days: 7 })
  await owner.call('key.revoke', { key: revoked })
  for (const key of [suspended, doomed, revoked])
    await owner.refuse('wrong_state', 'key.autoRotate', { key, off: true })
  clock.advance(2 * DAY_MS)
  await house.runJob('rotation')
  await owner.call('key.resume', { key: suspended })
  await owner.call('key.restore', { key: doomed })
  const versions = async () =>
    Promise.all(
      [suspended, doomed, revoked].map(async (key) => (await versionsOf(house, key)).length),
    )
  assert.deepEqual(await versions(), [1, 1, 1])
  await house.runJob('rotation')
  assert.deepEqual(await versions(), [2, 2, 1])
})

test('a rotation that is not due is refused to the job itself', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const { id: key } = await owner.call('key.create', {})
  const { gate, custody } = house.house
  const rotate = () => gate.performAsSystem('key.rotateDue', custody.tenant, { key })
  await assert.rejects(rotate(), { code: 'wrong_state' })
  await owner.call('key.autoRotate', { key, days: 1 })
  await assert.rejects(rotate(), { code: 'wrong_state' })
  clock.advance(DAY_MS)
  // Two at once: one does it, the other finds it done.
  const both = await Promise.allSettled([rotate(), rotate()])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  assert.equal((await versionsOf(house, key)).length, 2)
})

test('keys of every tenant are found, and one that cannot be rotated holds up no other', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { owner } = restDoorOver(house)
  const other = owner.as((await owner.call('tenant.create', { name: 'other' })).token)
  const keys: string[] = []
  for (const client of [owner, owner, other]) {
    const { id: key } = await client.call('key.create', {})
    await client.call('key.autoRotate', { key, days: 1 })
    keys.push(key)
  }
  clock.advance(DAY_MS)
  const { gate } = house.house
  const performAsSystem = gate.performAsSystem.bind(gate)
  gate.performAsSystem = ((name: never, tenant: never, input: { key: string }) =>
    input.key === keys[0]
      ? Promise.reject(new Error('a defect'))
      : performAsSystem(name, tenant, input as never)) as typeof gate.performAsSystem
  await assert.rejects(house.runJob('rotation'), /a defect/)
  const numbers = async () =>
    Promise.all(keys.map(async (key) => ((await house.store.key(key))?.versions ?? []).length))
  assert.deepEqual(await numbers(), [1, 2, 2])
  gate.performAsSystem = performAsSystem
  await house.runJob('rotation')
  assert.deepEqual(await numbers(), [2, 2, 2])
})

/** The commit of the second rotation does not come back: nothing of it, or all of it, is on the disk. */
for (const reached of [false, true]) {
  test(`a crash ${reached ? 'after' : 'before'} the commit: at the next start each key is rotated exactly once`, async () => {
    await using folder = await temporaryFolder()
    const path = `${folder.path}/claviger.db`
    let broken = false
    let left = Number.POSITIVE_INFINITY
    const clock = new DrivenClock()
    const house = await startHouse({
      clock,
      path,
      wrapStore: (store) =>
        storeWith(store, {
          async commit(batch) {
            if (broken) throw new Error('the machine is gone')
            if (batch.changes.length === 0 || --left > 0) return store.commit(batch)
            broken = true
            if (reached) await store.commit(batch)
            throw new Error('the machine is gone')
          },
          recover: () => Promise.reject(new Error('the machine is gone')),
        }),
    })
    const { owner } = restDoorOver(house)
    const keys: string[] = []
    for (let made = 0; made < 4; made += 1) {
      const { id: key } = await owner.call('key.create', {})
      await owner.call('key.autoRotate', { key, days: 1 })
      keys.push(key)
    }
    clock.advance(5 * DAY_MS)
    // The first change is the lease of the job.
    left = 3
    await assert.rejects(house.runJob('rotation'))
    const { shares } = house
    await house.close().catch(() => undefined)
    await house.store.close().catch(() => undefined)

    await using again = await startHouse({ path, clock, shares })
    const numbers = async () =>
      Promise.all(keys.map(async (key) => (await versionsOf(again, key)).length))
    assert.deepEqual(await numbers(), [2, reached ? 2 : 1, 1, 1])
    await again.runJob('rotation')
    await again.runJob('rotation')
    assert.deepEqual(await numbers(), [2, 2, 2, 2])
    const views = await Promise.all(keys.map((key) => again.perform('key.get', { key })))
    for (const { rotation } of views) assert.equal(rotation?.nextAt, clock.now() + DAY_MS)
    assert.deepEqual((await again.perform('system.doctor', {})).findings, [])
  })
}
