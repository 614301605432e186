import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { checkStatement } from '@claviger/sdk/ledger'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** A case that goes on by itself, wherever nobody else has to act or to decide; and says for whom it waits. */

const DAY_MS = 86_400_000
const plaintext = Buffer.from('an order')

/** A key that protects something in a declared store. */
async function scene(house: TestHouse) {
  const { id: key } = await house.createKey({ alias: 'orders' })
  await house.perform('encrypt', { key, plaintext })
  const { id: store } = await declare(house, key)
  return { key, store }
}

function declare(house: TestHouse, key: string) {
  const declared = { key, name: 'orders.db', kind: 'store', contact: '', description: '' } as const
  return house.perform('dependent.create', declared)
}

function open(house: TestHouse, key: string, rest: { destroyDays?: number } = {}) {
  const since = house.clock.now()
  return house.perform('compromise.open', { key, since, reason: 'stolen', hours: 72, ...rest })
}

/** What the server did in cases by itself. */
async function own(house: TestHouse, first = 0) {
  return (await house.entries(first))
    .filter(({ event, principal }) => event.startsWith('compromise.') && principal === 'system')
    .map(({ event, detail }) => [event, detail?.['cause'] ?? detail?.['waitsFor']])
}

/** A run ends, and the half minute after it. */
async function finish(house: TestHouse, clock: DrivenClock, run = '') {
  await house.perform('rewrap.finish', { run, done: 1, already: 0, failed: 0 })
  clock.advance(30_000)
}

test('from the opening to the report, each step once and with its cause, and nobody calls one', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { key, store } = await scene(house)
  const { id, waitsFor } = await open(house, key, { destroyDays: 7 })
  assert.equal(waitsFor, 'server')
  const get = () => house.perform('compromise.get', { case: id })

  await house.runJob('compromise')
  const begun = await get()
  assert.deepEqual([begun.next, begun.waitsFor, begun.runs.length], ['wait', 'stores', 1])
  const { next } = await house.store.head()
  await house.runJob('compromise')
  assert.equal((await house.store.head()).next, next, 'where nothing has happened nothing is done')

  await finish(house, clock, begun.runs[0])
  await house.runJob('compromise')
  const revoked = await get()
  assert.deepEqual([revoked.next, revoked.waitsFor], ['acknowledge', 'dependents'])
  assert.equal(revoked.destroyAt, clock.now() + 7 * DAY_MS)
  assert.equal((await house.perform('key.get', { key })).state, 'compromised')

  const { notice = -1 } = revoked
  await house.perform('dependent.acknowledge', { dependent: store, notice })
  await house.runJob('compromise')
  const closed = await get()
  assert.deepEqual([closed.next, closed.waitsFor, closed.closedBy], ['closed', 'nobody', 'system'])
  const statement = await house.perform('compromise.report', { case: id })
  assert.deepEqual((await checkStatement(statement, statement.keys)).findings, [])
  assert.deepEqual(await own(house), [
    ['compromise.assess', 'opened'],
    ['compromise.rewrap', 'stores'],
    ['compromise.look', 'stores'],
    ['compromise.revoke', 'rewrapped'],
    ['compromise.destroy', 'ordered'],
    ['compromise.look', 'dependents'],
    ['compromise.close', 'acknowledged'],
  ])
  await house.runJob('compromise')
  clock.advance(7 * DAY_MS)
  await house.renewToken()
  await house.runJob('destruction')
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed-compromised')
})

test('what nobody ordered waits for the order and says so; then the server goes on', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: key } = await house.createKey({ algorithm: 'P-256' })
  const { id } = await open(house, key)
  await house.runJob('compromise')
  const waiting = await house.perform('compromise.get', { case: id })
  assert.deepEqual([waiting.next, waiting.waitsFor], ['destroy', 'order'])
  assert.deepEqual(waiting.left, ['its destruction is not ordered (compromise destroy)'])
  assert.equal((await house.perform('key.get', { key })).destroyAt, undefined)
  await house.perform('compromise.destroy', { case: id, days: 30 })
  await house.runJob('compromise')
  assert.equal((await house.perform('compromise.get', { case: id })).next, 'closed')
})

test('where nobody said what a key protects, somebody is asked; a store that is declared then is gone through', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: key } = await house.createKey()
  await house.perform('encrypt', { key, plaintext })
  const { id } = await open(house, key)
  await house.runJob('compromise')
  const asking = await house.perform('compromise.get', { case: id })
  assert.deepEqual([asking.next, asking.waitsFor, asking.runs], ['wait', 'order', []])
  await declare(house, key)
  await house.runJob('compromise')
  const begun = await house.perform('compromise.get', { case: id })
  assert.deepEqual([begun.waitsFor, begun.runs.length], ['stores', 1])
  await finish(house, clock, begun.runs[0])
  await house.runJob('compromise')
  assert.equal((await house.perform('compromise.get', { case: id })).next, 'destroy')
})

test('when its time is up, a case whose data is not re-wrapped is somebody’s to decide', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { key, store } = await scene(house)
  const { id } = await open(house, key, { destroyDays: 7 })
  await house.runJob('compromise')
  clock.advance(3 * DAY_MS)
  await house.renewToken()
  await house.runJob('compromise')
  const late = await house.perform('compromise.get', { case: id })
  assert.deepEqual([late.next, late.waitsFor], ['wait', 'order'])
  assert.match(late.left.join('\n'), /decrypts for nobody any more/)
  assert.equal((await house.perform('key.get', { key })).state, 'deactivated')
  await house.perform('compromise.revoke', { case: id, anyway: 'the data is gone' })
  await house.runJob('compromise')
  const given = await house.perform('compromise.get', { case: id })
  assert.equal(given.waitsFor, 'dependents')
  // What was given up is not asked about again, and stands in the report.
  await house.perform('dependent.acknowledge', { dependent: store, notice: given.notice ?? -1 })
  await house.runJob('compromise')
  const { document } = await house.perform('compromise.report', { case: id })
  const { left, revoked } = JSON.parse(document) as { left: string[]; revoked: { anyway: string } }
  assert.equal(revoked.anyway, 'the data is gone')
  assert.match(left.join(), /orders\.db was not re-wrapped/)
})

test('after the last run programs get half a minute to decrypt what they had read before', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { key, store } = await scene(house)
  const { id } = await open(house, key)
  await house.runJob('compromise')
  const { runs, notice = -1 } = await house.perform('compromise.get', { case: id })
  const run = runs[0] ?? ''
  await house.perform('rewrap.finish', { run, done: 1, already: 0, failed: 0 })
  clock.advance(10_000)
  // That something else is done does not cut it short.
  await house.perform('dependent.acknowledge', { dependent: store, notice })
  clock.advance(19_999)
  await house.runJob('compromise')
  const settling = await house.perform('compromise.get', { case: id })
  assert.deepEqual([settling.next, settling.waitsFor], ['revoke', 'server'])
  clock.advance(1)
  await house.runJob('compromise')
  assert.equal((await house.perform('key.get', { key })).state, 'compromised')
})

test('a dependent that is removed is waited for no more', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: key } = await house.createKey({ algorithm: 'P-256' })
  const service = { key, name: 'signer', kind: 'service', contact: '', description: '' } as const
  const { id: dependent } = await house.perform('dependent.create', service)
  const { id } = await open(house, key, { destroyDays: 7 })
  await house.runJob('compromise')
  const waiting = await house.perform('compromise.get', { case: id })
  assert.equal(waiting.waitsFor, 'dependents')
  await house.perform('dependent.remove', { dependent })
  await house.runJob('compromise')
  assert.equal((await house.perform('compromise.get', { case: id })).next, 'closed')
})

test('a policy that asks for a longer window than was ordered gets it', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: key } = await house.createKey({ algorithm: 'P-256' })
  const { id } = await open(house, key, { destroyDays: 1 })
  await house.perform('lifecyclePolicy.create', {
    name: 'a month',
    scope: { kind: 'tenant' },
    rules: { destructionDaysMin: 30 },
  })
  await house.runJob('compromise')
  const { destroyAt } = await house.perform('compromise.get', { case: id })
  assert.equal(destroyAt, clock.now() + 30 * DAY_MS)
})

test('what is done while the server looks is not missed', async () => {
  let meanwhile: (() => Promise<unknown>) | undefined
  const clock = new DrivenClock()
  await using house = await startHouse({
    clock,
    wrapStore: (store) =>
      storeWith(store, {
        async list(query) {
          const rows = await store.list(query)
          // It has read who acknowledged, and does not know yet what is done now.
          if (query.kind === 'dependent') {
            const doing = meanwhile
            meanwhile = undefined
            await doing?.()
          }
          return rows
        },
      }),
  })
  const { key, store } = await scene(house)
  const { id } = await open(house, key, { destroyDays: 7 })
  await house.runJob('compromise')
  const { runs, notice = -1 } = await house.perform('compromise.get', { case: id })
  await finish(house, clock, runs[0])
  const { next } = await house.store.head()
  meanwhile = () => house.perform('dependent.acknowledge', { dependent: store, notice })
  await house.runJob('compromise')
  assert.equal(meanwhile, undefined)
  assert.equal((await house.perform('compromise.get', { case: id })).next, 'closed')
  assert.deepEqual(
    (await own(house, next)).map(([event]) => event),
    ['compromise.revoke', 'compromise.destroy', 'compromise.close'],
  )
})

test('a case that is taken out of the index of what is due is found by the doctor', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/claviger.db`
  await using house = await startHouse({ path, clock: new DrivenClock() })
  const { id: key } = await house.createKey()
  const { id } = await open(house, key)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  const database = new DatabaseSync(path)
  database.exec("DELETE FROM due WHERE kind = 'compromiseCase'")
  database.close()
  const { findings } = await house.perform('system.doctor', {})
  assert.deepEqual(
    findings.map(({ subject }) => subject),
    [`compromiseCase ${id}`],
  )
})

test('two nodes that look at the same time take each step once', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const path = `${folder.path}/claviger.db`
  await using one = await startHouse({ path, clock, node: 'one' })
  await using other = await startHouse({
    path,
    clock,
    node: 'other',
    shares: one.shares,
    token: one.token,
  })
  const { id: key } = await one.createKey({ algorithm: 'P-256' })
  const { id } = await open(one, key, { destroyDays: 7 })
  const looks = [one, other].flatMap(({ house: { gate, custody } }) =>
    Array.from({ length: 6 }, () =>
      gate.performAsSystem('compromise.look', custody.tenant, { case: id }),
    ),
  )
  await Promise.allSettled(looks)
  await one.runJob('compromise')
  const events = (await own(one)).map(([event]) => event)
  assert.deepEqual(events, [
    'compromise.assess',
    'compromise.rewrap',
    'compromise.revoke',
    'compromise.destroy',
    'compromise.close',
  ])
  assert.deepEqual((await one.perform('system.doctor', {})).findings, [])
})
