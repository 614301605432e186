import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from '../harness/house.ts'
import { startScene } from './scene.ts'

/** Keys that are made while a policy gets stricter: what the ledger has after the policy keeps to it. */

const KEYS = 100

function repeat<Doing>(make: () => Doing[]): Doing[] {
  return Array.from({ length: KEYS }).flatMap(make)
}

test('no key that breaks a policy stands in the ledger after it', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: policy } = await scene.ask({ strengthMin: 128 })
  const { id: labelled } = await house.createKey({ algorithm: 'AES-128-GCM' })
  const weak = { algorithm: 'AES-128-GCM', exportable: false }
  const make = () => [
    house.codeOf('key.create', weak),
    house.codeOf('key.label', { key: labelled, set: { at: 'now' } }),
  ]
  const making = repeat(make)
  await Promise.race(making)
  const rules = { strengthMin: 256 }
  making.push(house.codeOf('lifecyclePolicy.update', { policy, rules }), ...repeat(make))
  const codes = new Set(await Promise.all(making))
  assert.ok(codes.has('ok') && codes.has('policy_violated'), [...codes].join())
  const entries = await house.entries()
  const tightened = entries.findIndex(({ event }) => event === 'lifecyclePolicy.update')
  const after = entries.slice(tightened).filter(({ event }) => event === 'key.create')
  assert.ok(after.length > 0)
  for (const { outcome, reason } of after) {
    assert.equal(outcome, 'refused')
    assert.equal(reason, 'policy_violated')
  }
})

test('a key whose dates were the longest allowed is not made once they are too long', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: policy } = await scene.ask({
    cryptoperiods: { symmetricEncryption: { protect: 100 } },
  })
  const make = () => [house.createKey()]
  const making: Promise<unknown>[] = repeat(make)
  await Promise.race(making)
  const rules = { cryptoperiods: { symmetricEncryption: { protect: 50 } } }
  const update = house.perform('lifecyclePolicy.update', { policy, rules })
  making.push(...repeat(make))
  await update
  making.push(...repeat(make))
  await Promise.all(making.map((each) => codeOf(each)))
  const entries = await house.entries()
  const tightened = entries.findIndex(({ event }) => event === 'lifecyclePolicy.update')
  const makers = entries
    .slice(tightened)
    .filter(({ event, outcome }) => event === 'key.create' && outcome === 'ok')
  assert.ok(makers.length > 0)
  for (const { key } of makers) {
    assert.ok(key)
    const [dates] = await scene.datesOf(key)
    assert.equal(dates?.protect, 50)
  }
  // Those that came before it are what the check is for.
  const { items } = await house.perform('policy.check', { limit: 1_000 })
  assert.ok(items.length > 0)
})

test('no use of a key looks at a policy', async () => {
  await using scene = await startScene()
  const { house } = scene
  const { id: key } = await house.createKey()
  await scene.ask({ strengthMin: 128 })
  const { store } = house
  const list = store.list.bind(store)
  const listed: string[] = []
  store.list = (query) => {
    listed.push(query.kind)
    return list(query)
  }
  const plaintext = Buffer.from('a')
  const { ciphertext } = await house.perform('encrypt', { key, plaintext })
  await house.perform('decrypt', { ciphertext })
  assert.ok(!listed.includes('lifecyclePolicy'))
  await house.createKey()
  await house.createKey()
  // Read once, and held until one changes.
  assert.deepEqual(
    listed.filter((kind) => kind === 'lifecyclePolicy'),
    ['lifecyclePolicy'],
  )
})
