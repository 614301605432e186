import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** What the ledger says of a change: which fields, and of those that people do not write also what. It has no word that somebody wrote. */

const house = await startHouse()
after(() => house.close())

/** What the newest record says of itself. */
async function said() {
  const [last] = (await house.entries()).slice(-1)
  return [last?.event, last?.detail]
}

test('of a key', async () => {
  const { id: key } = await house.createKey()
  const { id: owner } = await house.createUser()
  const end = house.clock.now() + 86_400_000
  const written = { description: 'of Ann', labels: { person: 'ann' } }
  await house.perform('key.update', { key, ...written })
  assert.deepEqual(await said(), ['key.update', { changed: 'description labels' }])
  await house.perform('key.update', { key, owner, protectStopAt: end, usesMax: 9 })
  const protectStopAt = new Date(end).toISOString()
  const changed = 'owner protectStopAt usesMax'
  assert.deepEqual(await said(), ['key.update', { changed, owner, protectStopAt, usesMax: 9 }])
})

test('of a role: what whoever has it may do', async () => {
  const role = 'reader'
  await house.perform('role.create', { role, summary: 'Ann reads', actions: ['key.get'] })
  assert.deepEqual(await said(), ['role.create', { actions: 'key.get' }])
  await house.perform('role.update', { role, actions: ['key.get', 'decrypt'] })
  assert.deepEqual(await said(), ['role.update', { actions: 'key.get decrypt' }])
})

test('of an approval policy, a subscription and a dependent', async () => {
  const { id: policy } = await house.perform('approvalPolicy.create', {
    name: 'two',
    actions: ['key.export'],
    scope: { kind: 'tenant' },
    approvals: 2,
    principals: [],
    groups: [],
    hours: 1,
  })
  await house.perform('approvalPolicy.update', { policy, principals: [], hours: 2 })
  const ofPolicy = { approvals: 2, changed: 'hours principals' }
  assert.deepEqual(await said(), ['approvalPolicy.update', ofPolicy])
  const { id: subscription } = await house.perform('subscription.create', {
    name: 'pager',
    url: 'https://example.com/ann',
    scope: { kind: 'tenant' },
    types: [],
    signature: 'v1',
  })
  const url = 'https://example.com/bob'
  await house.perform('subscription.update', { subscription, url, state: 'disabled' })
  const ofSubscription = { changed: 'state url', state: 'disabled' }
  assert.deepEqual(await said(), ['subscription.update', ofSubscription])
  const { id: key } = await house.createKey()
  const about = { name: 'shop', kind: 'service', contact: 'Ann', description: '' } as const
  const { id: dependent } = await house.perform('dependent.create', { key, ...about })
  await house.perform('dependent.update', { dependent, contact: 'Bob' })
  assert.deepEqual(await said(), ['dependent.update', { changed: 'contact' }])
})
