import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Single labels, and when a key was last used. */

const clock = new DrivenClock()
let looks = 0
const house = await startHouse({
  clock,
  wrapStore: (store) =>
    storeWith(store, {
      candidates(query) {
        looks += 1
        return store.candidates(query)
      },
    }),
})
after(() => house.close())
const { owner } = restDoorOver(house)
const plaintext = Buffer.from('text').toString('base64')

test('labels are added, changed and removed one by one', async () => {
  const { id: key } = await owner.call('key.create', { labels: { env: 'test', team: 'a' } })
  const set = { team: 'b', 'cost centre': '7' }
  const changed = await owner.call('key.label', { key, set })
  assert.deepEqual(changed.labels, { env: 'test', team: 'b', 'cost centre': '7' })
  // What is not there is removed as well.
  const fewer = await owner.call('key.label', { key, remove: ['env', 'nothing'] })
  assert.deepEqual(fewer.labels, set)
  const both = await owner.call('key.label', { key, set: { env: 'prod' }, remove: ['team'] })
  assert.deepEqual(both.labels, { env: 'prod', 'cost centre': '7' })
  const found = await owner.call('key.list', { labels: 'env=prod' })
  assert.deepEqual(
    found.items.map(({ id }) => id),
    [key],
  )
  assert.deepEqual((await owner.call('key.list', { labels: 'env=test' })).items, [])
})

test('two that label at once both have their way', async () => {
  const { id: key } = await owner.call('key.create', {})
  const names = Array.from({ length: 5 }, (_, at) => `l${at}`)
  await Promise.all(names.map((name) => owner.call('key.label', { key, set: { [name]: 'x' } })))
  assert.deepEqual(Object.keys((await owner.call('key.get', { key })).labels).toSorted(), names)
})

test('what is unclear, too many, or on a key that goes, is refused', async () => {
  const labels = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`l${at}`, 'x']))
  const { id: key } = await owner.call('key.create', { labels })
  for (const [unclear, field] of [
    [{}, 'set'],
    [{ set: { more: 'x' } }, 'set'],
    [{ set: { l1: 'y' }, remove: ['l1'] }, 'remove'],
    [{ set: { 'a,b': 'x' } }, undefined],
    [{ remove: ['a,b'] }, undefined],
  ] as const) {
    const problem = await owner.refuse('invalid_request', 'key.label', { key, ...unclear })
    if (field !== undefined) assert.equal(problem.field, field)
  }
  // One may take the place of another.
  const moved = await owner.call('key.label', { key, set: { more: 'x' }, remove: ['l1'] })
  assert.equal(Object.keys(moved.labels).length, 50)
  await owner.call('key.destroy', { key, days: 7 })
  await owner.refuse('wrong_state', 'key.label', { key, remove: ['l2'] })
  await owner.refuse('not_found', 'key.label', { key: 'nobody', remove: ['l2'] })
})

test('nobody labels a key out of their own reach, or into it', async () => {
  const { id } = await owner.call('principal.create', { name: 'admin of tests' })
  const scope = { kind: 'labels', selector: 'env=test' } as const
  await owner.call('binding.create', { principal: id, role: 'key-admin', scope })
  const admin = owner.as((await owner.call('token.create', { principal: id })).token)
  const { id: own } = await owner.call('key.create', { labels: { env: 'test' } })
  const { id: other } = await owner.call('key.create', { labels: { env: 'prod' } })
  await admin.call('key.label', { key: own, set: { team: 'a' } })
  await admin.refuse('forbidden', 'key.label', { key: own, set: { env: 'prod' } })
  await admin.refuse('forbidden', 'key.label', { key: own, remove: ['env'] })
  await admin.refuse('forbidden', 'key.label', { key: other, set: { env: 'test' } })
  assert.deepEqual((await owner.call('key.get', { key: own })).labels, { env: 'test', team: 'a' })
})

test('a policy that lets somebody label a key still does with the new labels', async () => {
  const { id } = await owner.call('principal.create', { name: 'tagger' })
  const tagger = owner.as((await owner.call('token.create', { principal: id })).token)
  const { account } = await owner.call('whoami', {})
  const statement = (AWS: string, Action: string) => ({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:${AWS}` },
    Action,
    Resource: '*',
  })
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [statement('root', 'kms:*'), statement('user/tagger', 'kms:TagResource')],
  })
  const { id: key } = await owner.call('key.create', { policy })
  const labelled = await tagger.call('key.label', { key, set: { env: 'test' } })
  assert.deepEqual(labelled.labels, { env: 'test' })
  await tagger.refuse('forbidden', 'key.label', { key, remove: ['env'] })
})

test('the last use is the newest that was done, and changes are none', async () => {
  const { id: key, createdAt } = await owner.call('key.create', {})
  assert.deepEqual(await owner.call('key.lastUse', { key }), { key, createdAt })
  const { ciphertext } = await owner.call('encrypt', { key, plaintext })
  const encrypted = (await owner.call('key.lastUse', { key })).last
  assert.equal(encrypted?.operation, 'encrypt')
  clock.advance(60_000)
  await owner.call('key.rotate', { key })
  await owner.call('decrypt', { ciphertext })
  const used = clock.now()
  clock.advance(60_000)
  // None of these is a use of the key that was done.
  await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext, context: { a: 'b' } })
  await owner.refuse('wrong_usage', 'sign', { key, message: plaintext })
  await owner.call('key.update', { key, description: 'changed' })
  await owner.call('key.public', {
    key: (await owner.call('key.create', { algorithm: 'P-256' })).id,
  })
  await owner.call('key.suspend', { key })
  await owner.refuse('wrong_state', 'encrypt', { key, plaintext })
  const { last, ...rest } = await owner.call('key.lastUse', { key })
  assert.deepEqual(rest, { key, createdAt })
  const { items } = await owner.call('ledger.search', { key, event: 'decrypt', outcome: 'ok' })
  const { principal } = await owner.call('whoami', {})
  assert.deepEqual(last, {
    operation: 'decrypt',
    at: new Date(used).toISOString(),
    index: items[0]?.index,
    request: items[0]?.record['request'],
    principal: principal.id,
    version: 1,
  })
})

test('a batch is a use, and so is an export', async () => {
  const { id: key } = await owner.call('key.create', {})
  await owner.call('encryptBatch', { key, items: [{ plaintext }, { plaintext }] })
  assert.equal((await owner.call('key.lastUse', { key })).last?.operation, 'encryptBatch')
})

test('a key that is used much, or never, costs one look at most', async () => {
  const { id: busy } = await owner.call('key.create', {})
  const { id: idle } = await owner.call('key.create', {})
  for (let use = 0; use < 50; use += 1) await owner.call('encrypt', { key: busy, plaintext })
  for (let change = 0; change < 20; change += 1)
    await owner.call('key.update', { key: idle, description: `${change}` })
  looks = 0
  assert.ok((await owner.call('key.lastUse', { key: busy })).last !== undefined)
  assert.equal(looks, 1)
  assert.equal((await owner.call('key.lastUse', { key: idle })).last, undefined)
  assert.equal(looks, 1)
  // Many changes after the last use are passed over.
  for (let change = 0; change < 50; change += 1)
    await owner.call('key.update', { key: busy, description: `${change}` })
  assert.equal((await owner.call('key.lastUse', { key: busy })).last?.operation, 'encrypt')
})

test("the last use of somebody else's key is not told", async () => {
  const { id: key } = await owner.call('key.create', {})
  const { id } = await owner.call('principal.create', { name: 'curious' })
  const curious = owner.as((await owner.call('token.create', { principal: id })).token)
  await curious.refuse('forbidden', 'key.lastUse', { key })
  const other = owner.as((await owner.call('tenant.create', { name: 'next door' })).token)
  await other.refuse('not_found', 'key.lastUse', { key })
})
