import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Store } from '#store'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** That a version ends by its own dates is in the ledger, and so told: ahead and when it has come, once, whatever the server does. */

const DAY_MS = 86_400_000

/** What was told of a key, in order. */
async function told(house: TestHouse, key: string) {
  const { items } = await house.perform('notice.list', { key, after: 0, limit: 100 })
  return items.map(({ type, data: { version, detail } }) => [type, version, detail?.['end']])
}

/** Goes on by days, and does each day what the job does; the owner's token is renewed. */
async function live(house: TestHouse, clock: DrivenClock, days: number) {
  for (let day = 0; day < days; day += 1) {
    clock.advance(DAY_MS)
    await house.runJob('endDates')
  }
  await house.renewToken()
}

const everything = [
  ['key.versionEnding', 1, 'protectStop'],
  ['key.versionProtectStopped', 1, 'protectStop'],
  ['key.versionEnding', 1, 'processStop'],
  ['key.versionProcessStopped', 1, 'processStop'],
] as const

test('a version that comes to its end is told ahead and then, and is refused from the same moment', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const [protectStopAt, processStopAt] = [100, 200].map((days) => clock.now() + days * DAY_MS)
  const { id: key } = await house.createKey({ protectStopAt, processStopAt })
  const { id: other } = await house.createKey()
  await live(house, clock, 69)
  assert.deepEqual(await told(house, key), [])
  await live(house, clock, 1)
  assert.deepEqual(await told(house, key), everything.slice(0, 1))
  await live(house, clock, 30)
  assert.deepEqual(await told(house, key), everything.slice(0, 2))
  const plaintext = Buffer.from('x')
  assert.equal(await house.codeOf('encrypt', { key, plaintext }), 'wrong_state')
  await live(house, clock, 200)
  assert.deepEqual(await told(house, key), everything)
  assert.deepEqual(await told(house, other), [])
  const { items } = await house.perform('notice.list', { key, after: 0, limit: 100 })
  const { detail } = items.at(-1)?.data ?? {}
  assert.equal(detail?.['at'], new Date(processStopAt ?? 0).toISOString())
  // A node with nothing to do writes nothing.
  const before = (await house.entries()).length
  await house.runJob('endDates')
  assert.equal((await house.entries()).length, before)
})

test('whoever moves a date is told of the new one; what is replaced, revoked or destroyed ends quietly', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const at = (days: number) => clock.now() + days * DAY_MS
  const dates = { protectStopAt: at(40), processStopAt: at(400) }
  const [moved, replaced, revoked, suspended] = (await Promise.all(
    Array.from({ length: 4 }, async () => (await house.createKey(dates)).id),
  )) as [string, string, string, string]
  await live(house, clock, 20)
  for (const key of [moved, replaced, revoked, suspended])
    assert.deepEqual(await told(house, key), everything.slice(0, 1))
  await house.perform('key.update', { key: moved, protectStopAt: at(100) })
  await house.perform('key.rotate', { key: replaced })
  await house.perform('key.revoke', { key: revoked, reason: 'superseded' })
  await house.perform('key.suspend', { key: suspended })
  await live(house, clock, 100)
  const since = async (key: string) => (await told(house, key)).slice(2)
  assert.deepEqual(await since(moved), everything.slice(0, 2))
  assert.deepEqual([await since(replaced), await since(revoked)], [[], []])
  assert.deepEqual(await since(suspended), everything.slice(1, 2))
  await live(house, clock, 300)
  // The old version of the one that was rotated can no longer be read.
  assert.deepEqual(await since(replaced), everything.slice(2))
  assert.deepEqual(await since(revoked), [])
})

test('what was missed while the server was down is told once when it is back, by however many nodes', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/claviger.db`
  const clock = new DrivenClock()
  const first = await startHouse({ path, clock, node: 'one' })
  const dates = {
    protectStopAt: clock.now() + 40 * DAY_MS,
    processStopAt: clock.now() + 80 * DAY_MS,
  }
  const keys: string[] = []
  for (let made = 0; made < 4; made += 1) keys.push((await first.createKey(dates)).id)
  const { shares } = first
  await first.close()
  clock.advance(41 * DAY_MS)
  const one = await startHouse({ path, clock, node: 'one', shares })
  const other = await startHouse({ path, clock, node: 'other', shares, token: one.token })
  // Without the lease, all at once: the ledger's order decides.
  const { tenant } = one.house.custody
  await Promise.allSettled(
    keys.flatMap((key) =>
      [one, other, one, other].map(({ house }) =>
        house.gate.performAsSystem('key.tellEndDate', tenant, { key, version: 1 }),
      ),
    ),
  )
  await one.runJob('endDates')
  for (const key of keys) assert.deepEqual(await told(one, key), everything.slice(1, 2))
  clock.advance(1_000 * DAY_MS)
  await one.renewToken()
  await one.runJob('endDates')
  for (const key of keys) assert.deepEqual(await told(one, key), [everything[1], everything[3]])
  await one.close()
  await other.close()
})

for (const when of ['before', 'after'] as const)
  test(`a commit that fails ${when} it is durable leaves each end told once`, async () => {
    const clock = new DrivenClock()
    let countdown = Infinity
    const wrapStore = (store: Store): Store =>
      storeWith(store, {
        async commit(batch) {
          countdown -= 1
          const fails = countdown === 0
          if (fails && when === 'before') throw new Error('the disk is gone')
          const result = await store.commit(batch)
          if (fails) throw new Error('the disk is gone')
          return result
        },
      })
    await using house = await startHouse({ clock, wrapStore })
    const dates = {
      protectStopAt: clock.now() + 100 * DAY_MS,
      processStopAt: clock.now() + 200 * DAY_MS,
    }
    const keys = [(await house.createKey(dates)).id, (await house.createKey(dates)).id]
    let failures = 0
    // The job commits the lease, and then one change for each key.
    for (const [day, failing] of [
      [70, 1],
      [30, 2],
      [70, 3],
      [30, 2],
    ] as const) {
      clock.advance(day * DAY_MS)
      countdown = failing
      await house.runJob('endDates').catch(() => (failures += 1))
      countdown = Infinity
      // The ledger opens again by itself.
      while (!house.house.serving()) await new Promise((resolve) => setImmediate(resolve))
      await house.renewToken()
      await house.runJob('endDates')
    }
    assert.equal(failures, 4)
    for (const key of keys) assert.deepEqual(await told(house, key), everything)
    assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  })

test('a database from before finds the same, and doctor misses what was taken from the index', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/claviger.db`
  const clock = new DrivenClock()
  const house = await startHouse({ path, clock })
  const at = (days: number) => clock.now() + days * DAY_MS
  const { id: rotated } = await house.createKey({ protectStopAt: at(100), processStopAt: at(300) })
  await house.perform('key.rotate', { key: rotated, protectStopAt: at(3) })
  await house.createKey({ processStopAt: at(5) })
  await house.createKey({ protectStopAt: at(77), processStopAt: at(77) })
  const { id: revoked } = await house.createKey({ protectStopAt: at(9) })
  await house.perform('key.revoke', { key: revoked, reason: 'superseded' })
  await house.createKey()
  const { shares } = house
  await house.close()
  const read = () => {
    using database = new DatabaseSync(path)
    return database.prepare("SELECT * FROM due WHERE job = 'endDates' ORDER BY at, id").all()
  }
  const before = read()
  assert.equal(before.length, 4)
  const change = (sql: string) => {
    using database = new DatabaseSync(path)
    database.exec(sql)
  }
  change("DELETE FROM due WHERE job = 'endDates'; PRAGMA user_version = 2")
  const again = await startHouse({ path, clock, shares })
  assert.deepEqual((await again.perform('system.doctor', {})).findings, [])
  await again.close()
  assert.deepEqual(read(), before)
  change("DELETE FROM due WHERE job = 'endDates'")
  await using robbed = await startHouse({ path, clock, shares })
  const { findings } = await robbed.perform('system.doctor', {})
  assert.equal(findings.length, 4)
  assert.match(JSON.stringify(findings), /endDates is due some time, and is not found/)
})
