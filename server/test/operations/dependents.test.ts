import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** What is declared to depend on keys, and what it says of notices. */

const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)

/** The index of the newest entry of an event about a key. */
async function indexOf(key: string, event: string): Promise<number> {
  const { items } = await owner.call('ledger.search', { key, event, limit: '1' })
  return items[0]?.index ?? assert.fail(`there is no ${event} of the key`)
}

test('a dependent is declared, changed, listed and removed', async () => {
  const { id: key } = await owner.call('key.create', { alias: 'orders' })
  const { id: other } = await owner.call('key.create', {})
  const { principal } = await owner.call('whoami', {})
  const input = { key: 'orders', name: 'shop', kind: 'store', contact: 'shop on call' } as const
  const { createdAt, id, ...made } = await owner.call('dependent.create', input)
  assert.deepEqual(made, {
    key,
    name: 'shop',
    kind: 'store',
    owner: principal.id,
    contact: 'shop on call',
    description: '',
    acknowledged: [],
  })
  const changed = await owner.call('dependent.update', { dependent: id, contact: '', name: 'x' })
  assert.deepEqual([changed.contact, changed.name, changed.createdAt], ['', 'x', createdAt])
  const second = await owner.call('dependent.create', { key: other, name: 'another' })
  const listed = async (query: { key?: string; owner?: string }) =>
    (await owner.call('dependent.list', query)).items.map((each) => each.id).toSorted()
  assert.deepEqual(await listed({}), [id, second.id].toSorted())
  assert.deepEqual(await listed({ key: 'orders' }), [id])
  assert.deepEqual(await listed({ owner: principal.id }), [id, second.id].toSorted())
  await owner.call('dependent.remove', { dependent: id })
  await owner.refuse('not_found', 'dependent.get', { dependent: id })
  assert.deepEqual(await listed({ key }), [])
})

test('a dependent acknowledges notices about its key, each once, and nothing else', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { id: other } = await owner.call('key.create', {})
  const { id: dependent } = await owner.call('dependent.create', { key, name: 'shop' })
  await owner.call('key.suspend', { key })
  await owner.call('key.suspend', { key: other })
  const notice = await indexOf(key, 'key.suspend')
  const once = await owner.call('dependent.acknowledge', { dependent, notice })
  assert.deepEqual(
    once.acknowledged.map((each) => each.notice),
    [notice],
  )
  // It may hear of it twice, and says so twice.
  const again = await owner.call('dependent.acknowledge', { dependent, notice })
  assert.deepEqual(again.acknowledged, once.acknowledged)
  for (const index of [
    await indexOf(other, 'key.suspend'),
    // Not a notice, and no entry at all.
    await indexOf(key, 'key.create'),
    1_000_000,
  ]) {
    await owner.refuse('not_found', 'dependent.acknowledge', { dependent, notice: index })
  }
})

test('of very many acknowledgements the row has the newest', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { id: dependent } = await owner.call('dependent.create', { key, name: 'shop' })
  const notices: number[] = []
  for (let at = 0; at < 33; at += 1) {
    await owner.call('key.suspend', { key })
    notices.push(await indexOf(key, 'key.suspend'))
    await owner.call('key.resume', { key })
    notices.push(await indexOf(key, 'key.resume'))
  }
  for (const notice of notices) await owner.call('dependent.acknowledge', { dependent, notice })
  const { acknowledged } = await owner.call('dependent.get', { dependent })
  assert.deepEqual(
    acknowledged.map(({ notice }) => notice),
    notices.slice(-64),
  )
})

test('who answers for a dependent speaks for it without any role; others need one for its key', async () => {
  const { id: key } = await owner.call('key.create', {})
  const service = await house.createUser()
  const stranger = await house.createUser()
  const user = await house.createUser('key-user')
  const as = ({ token }: { token: string }) => owner.as(token)
  const { id: dependent } = await owner.call('dependent.create', {
    key,
    name: 'shop',
    owner: service.id,
  })
  await owner.call('key.suspend', { key })
  const notice = await indexOf(key, 'key.suspend')
  await as(service).call('dependent.acknowledge', { dependent, notice })
  await as(service).call('dependent.update', { dependent, contact: 'me' })
  for (const caller of [stranger, user]) {
    await as(caller).refuse('forbidden', 'dependent.acknowledge', { dependent, notice })
    await as(caller).refuse('forbidden', 'dependent.update', { dependent, contact: 'them' })
    await as(caller).refuse('forbidden', 'dependent.remove', { dependent })
  }
  // Whoever may not see a dependent does not learn whether there is one.
  const nothing = '00000000-0000-4000-8000-000000000000'
  await as(stranger).refuse('forbidden', 'dependent.remove', { dependent: nothing })
  await as(stranger).refuse('forbidden', 'dependent.get', { dependent })
  // Given to somebody else, it is theirs alone.
  await as(service).call('dependent.update', { dependent, owner: user.id })
  await as(service).refuse('forbidden', 'dependent.remove', { dependent })
  await as(user).call('dependent.remove', { dependent })
})

test('lists show what depends on keys that the caller may list, and no other tenant sees any', async () => {
  const { id: seen } = await owner.call('key.create', { labels: { team: 'seen' } })
  const { id: hidden } = await owner.call('key.create', { labels: { team: 'hidden' } })
  const { id: one } = await owner.call('dependent.create', { key: seen, name: 'a' })
  const { id: two } = await owner.call('dependent.create', { key: hidden, name: 'b' })
  const { id: principal, token } = await house.createUser()
  const scope = { kind: 'labels', selector: 'team=seen' } as const
  await owner.call('binding.create', { principal, role: 'key-user', scope })
  const client = owner.as(token)
  const { items } = await client.call('dependent.list', {})
  assert.deepEqual(
    items.map(({ id }) => id),
    [one],
  )
  await client.refuse('forbidden', 'dependent.get', { dependent: two })
  const other = owner.as((await owner.call('tenant.create', { name: 'other' })).token)
  assert.deepEqual((await other.call('dependent.list', {})).items, [])
  await other.refuse('not_found', 'dependent.get', { dependent: one })
  await other.refuse('not_found', 'dependent.remove', { dependent: one })
})

test('nothing is declared to depend on what is gone, or in the name of nobody', async () => {
  const { id: key } = await owner.call('key.create', {})
  const nobody = '00000000-0000-4000-8000-000000000000'
  await owner.refuse('not_found', 'dependent.create', { key, name: 'a', owner: nobody })
  await owner.refuse('not_found', 'dependent.create', { key: 'nothing', name: 'a' })
  const { id: dependent } = await owner.call('dependent.create', { key, name: 'a' })
  await owner.refuse('not_found', 'dependent.update', { dependent, owner: nobody })
  await owner.call('key.destroy', { key, days: 7, acknowledge: 'all' })
  clock.advance(7 * 86_400_000)
  await house.renewToken()
  await house.runJob('destruction')
  const later = owner.as(house.token)
  await later.refuse('wrong_state', 'dependent.create', { key, name: 'a' })
  // What is known of it stays until somebody takes it away.
  assert.equal((await later.call('dependent.get', { dependent })).key, key)
  await later.call('dependent.remove', { dependent })
})
