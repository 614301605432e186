import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'

/** Re-wrap runs as the server keeps them, and what they say about destroying an old version. */

const DAY = 86_400_000
const counts = { done: 3, already: 0, failed: 0 }

async function rotatedKey(house: TestHouse, alias = 'app') {
  const { id: key } = await house.createKey({ alias })
  const { ciphertext } = await house.perform('encrypt', { key, plaintext: Buffer.from('old') })
  await house.perform('key.rotate', { key })
  return { key, ciphertext }
}

test('a run that was stopped goes on, is told once how it ended, and never counts back', async () => {
  await using house = await startHouse()
  const { key } = await rotatedKey(house)
  const run = await house.perform('rewrap.start', { key: 'app', source: 'files', total: 9 })
  assert.deepEqual(run.into, { key, envelopeKey: key, version: 2 })
  await house.perform('rewrap.report', { run: run.id, ...counts, bytes: 30, position: 'row 3' })
  const again = await house.perform('rewrap.start', { key, source: 'files' })
  assert.equal(again.id, run.id)
  assert.equal(again.position, 'row 3')
  const late = { run: run.id, done: 1, already: 0, failed: 0, bytes: 10 }
  assert.equal((await house.perform('rewrap.report', late)).done, 3)
  const end = await house.perform('rewrap.finish', { run: run.id, done: 9, already: 0, failed: 0 })
  assert.equal(end.outcome, 'complete')
  assert.equal(end.bytes, 30)
  assert.equal(await house.codeOf('rewrap.report', { run: run.id, ...counts }), 'wrong_state')
  assert.equal(await house.codeOf('rewrap.finish', { run: run.id, ...counts }), 'wrong_state')
  assert.notEqual((await house.perform('rewrap.start', { key, source: 'files' })).id, run.id)
})

test('a rotation overtakes an open run: it ends as incomplete, and the next goes further', async () => {
  await using house = await startHouse()
  const { key } = await rotatedKey(house)
  const first = await house.perform('rewrap.start', { key, source: 'files' })
  await house.perform('key.rotate', { key })
  const second = await house.perform('rewrap.start', { key, source: 'files' })
  assert.equal(second.into.version, 3)
  assert.equal((await house.perform('rewrap.get', { run: first.id })).outcome, 'incomplete')
  const open = await house.perform('rewrap.list', { key: 'app', state: 'open', limit: 10 })
  assert.deepEqual(
    open.items.map(({ id }) => id),
    [second.id],
  )
})

test('what cannot be re-wrapped, or has nowhere to go, is refused', async () => {
  await using house = await startHouse()
  const { id: signing } = await house.createKey({ algorithm: 'P-256' })
  const { id: gone } = await house.createKey()
  await house.perform('key.revoke', { key: gone, reason: 'superseded' })
  const { id: good } = await house.createKey()
  assert.equal(await house.codeOf('rewrap.start', { key: signing, source: 'x' }), 'wrong_usage')
  assert.equal(await house.codeOf('rewrap.start', { key: gone, source: 'x' }), 'wrong_state')
  const into = { key: good, into: gone, source: 'x' }
  assert.equal(await house.codeOf('rewrap.start', into), 'wrong_state')
  // Out of a revoked key nothing is decrypted, but that it was gone through can be said.
  assert.equal(await house.codeOf('rewrap.start', { key: gone, into: good, source: 'x' }), 'ok')
})

test('runs are seen and reported by whoever has the right on their key, and by nobody else', async () => {
  await using house = await startHouse()
  const { key } = await rotatedKey(house)
  const run = await house.perform('rewrap.start', { key, source: 'files' })
  const { id: principal, token } = await house.createUser()
  const { id: other } = await house.createKey()
  await house.perform('binding.create', {
    principal,
    role: 'key-user',
    scope: { kind: 'key', key: other },
  })
  await house.perform('rewrap.start', { key: other, source: 'theirs' }, { token })
  assert.equal(await house.codeOf('rewrap.get', { run: run.id }, { token }), 'forbidden')
  assert.equal(
    await house.codeOf('rewrap.report', { run: run.id, ...counts }, { token }),
    'forbidden',
  )
  const { items } = await house.perform('rewrap.list', { limit: 10 }, { token })
  assert.deepEqual(
    items.map(({ source }) => source),
    ['theirs'],
  )
})

test('a run goes to no key that the caller may not reach, and does not say whether there is one', async () => {
  await using house = await startHouse()
  const { id: key } = await house.createKey()
  const { id: hidden } = await house.createKey({ alias: 'hidden' })
  const { id: signing } = await house.createKey({ algorithm: 'P-256', alias: 'signing' })
  const { id: principal, token } = await house.createUser()
  const scope = { kind: 'key' as const, key }
  await house.perform('binding.create', { principal, role: 'key-user', scope })
  for (const into of [hidden, 'hidden', signing, 'signing', 'nothing'])
    assert.equal(
      await house.codeOf('rewrap.start', { key, into, source: 'files' }, { token }),
      'forbidden',
      into,
    )
  assert.equal(await house.codeOf('rewrap.start', { key, source: 'files' }, { token }), 'ok')
})

test('an old version goes when every place was gone through, and not before', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { key, ciphertext } = await rotatedKey(house)
  const destroy = (rest: { anyway?: string } = {}) =>
    house.codeOf('key.destroyVersion', { key, version: 1, days: 7, ...rest })
  assert.equal(await destroy(), 'conflict', 'it was used, and nobody went beyond it')
  const files = await house.perform('rewrap.start', { key, source: 'files' })
  const column = await house.perform('rewrap.start', { key, source: 'column' })
  await house.perform('rewrap.finish', { run: files.id, ...counts })
  assert.equal(await destroy(), 'conflict', 'one run is under way')
  await house.perform('rewrap.finish', { run: column.id, done: 1, already: 0, failed: 1 })
  assert.equal(await destroy(), 'conflict', 'one run left something behind')
  const again = await house.perform('rewrap.start', { key, source: 'column' })
  await house.perform('rewrap.finish', { run: again.id, ...counts })
  assert.equal(await destroy(), 'ok')
  assert.equal(await destroy(), 'wrong_state', 'it is scheduled already')

  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
  await house.perform('key.restoreVersion', { key, version: 1 })
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'ok')
  assert.equal(await destroy(), 'ok')
  clock.advance(7 * DAY - 1)
  await house.runJob('destruction')
  await house.renewToken()
  assert.equal(await house.codeOf('key.restoreVersion', { key, version: 1 }), 'ok')
  assert.equal(await destroy(), 'ok')
  clock.advance(7 * DAY)
  await house.runJob('destruction')
  await house.renewToken()
  assert.equal(await house.codeOf('key.restoreVersion', { key, version: 1 }), 'wrong_state')
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
  const { items } = await house.perform('key.versions', { key, limit: 10 })
  assert.equal(items[0]?.state, 'destroyed')
  assert.equal(items[0]?.material, 'absent')
  assert.equal(items[1]?.state, 'active')
  const stored = await house.store.key(key)
  assert.equal(stored?.versions[0]?.material, undefined)
  assert.notEqual(stored?.versions[1]?.material, undefined)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('the version that protects now is not destroyed by itself, and an order says why it goes anyway', async () => {
  await using house = await startHouse()
  const { key } = await rotatedKey(house)
  const input = { key, days: 7, anyway: 'the data is public by now' }
  assert.equal(await house.codeOf('key.destroyVersion', { ...input, version: 2 }), 'wrong_state')
  assert.equal(await house.codeOf('key.destroyVersion', { ...input, version: 1 }), 'ok')
  const record = (await house.entries()).findLast(({ event }) => event === 'key.destroyVersion')
  assert.equal(record?.version, 1)
  assert.deepEqual(record?.detail, { days: 7, anyway: input.anyway, leftBehind: 1 })
})

test('a run to another key counts only from a time when the version protected nothing new', async () => {
  await using house = await startHouse()
  const { id: key } = await house.createKey()
  const { id: into } = await house.createKey()
  await house.perform('encrypt', { key, plaintext: Buffer.from('x') })
  const early = await house.perform('rewrap.start', { key, into, source: 'files' })
  await house.perform('rewrap.finish', { run: early.id, ...counts })
  await house.perform('key.rotate', { key })
  const destroy = { key, version: 1, days: 7 }
  assert.equal(await house.codeOf('key.destroyVersion', destroy), 'conflict')
  const late = await house.perform('rewrap.start', { key, into, source: 'files' })
  await house.perform('rewrap.finish', { run: late.id, ...counts })
  assert.equal(await house.codeOf('key.destroyVersion', destroy), 'ok')
})

test('a declared store is gone through before the version goes, under whatever name', async () => {
  await using house = await startHouse()
  const { key } = await rotatedKey(house)
  const declare = (kind: 'store' | 'service', of = key) =>
    house.perform('dependent.create', { key: of, name: kind, kind, contact: '', description: '' })
  const { id: dependent } = await declare('store')
  const { id: service } = await declare('service')
  const files = await house.perform('rewrap.start', { key, source: 'files' })
  await house.perform('rewrap.finish', { run: files.id, ...counts })
  const destroy = { key, version: 1, days: 7 }
  assert.equal(await house.codeOf('key.destroyVersion', destroy), 'conflict')
  const start = { key, source: 'the table' }
  assert.equal(await house.codeOf('rewrap.start', { ...start, dependent: service }), 'conflict')
  const { id: other } = await house.createKey()
  const { id: elsewhere } = await declare('store', other)
  assert.equal(await house.codeOf('rewrap.start', { ...start, dependent: elsewhere }), 'conflict')
  const run = await house.perform('rewrap.start', { ...start, dependent })
  assert.equal(run.dependent, dependent)
  await house.perform('rewrap.finish', { run: run.id, ...counts })
  assert.equal(await house.codeOf('key.destroyVersion', destroy), 'ok')
})
