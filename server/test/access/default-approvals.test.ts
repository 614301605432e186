import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { defaultApprovals, operations, type InputOf, type OperationName } from '@claviger/contract'
import type { GatedName } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { inputsFor } from '../harness/inputs.ts'
import { enrolledWithPasskey } from '../harness/passkey-person.ts'
import { enrolled, invited } from '../harness/person.ts'

/** The policies that every tenant had better have: made together, once, and never so that nobody could approve. */

const tenant = { kind: 'tenant' } as const

/** What is made, and what is kept. */
async function make(
  house: TestHouse,
  about: Partial<InputOf<'approvalPolicy.createDefaults'>> = {},
  token = house.token,
) {
  const input = { approvals: 1, hours: 24, ...about }
  const { items } = await house.perform('approvalPolicy.createDefaults', input, { token })
  return { made: items.filter(({ made }) => made), kept: items.filter(({ made }) => !made) }
}

const policiesOf = async (house: TestHouse) =>
  (await house.perform('approvalPolicy.list', { limit: 100 })).items

test('every default is about actions that are there, and the manual names them', () => {
  const known = new Set(Object.values(operations).map((row): string => row.action))
  const named = defaultApprovals.flatMap(({ actions }) => actions)
  assert.deepEqual(
    named.filter((action) => !known.has(action)),
    [],
  )
  assert.equal(new Set(named).size, named.length)
  const manual = readFileSync(new URL('../../../docs/approvals.md', import.meta.url), 'utf8')
  for (const { name, actions } of defaultApprovals) {
    const row = manual.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? ''
    for (const action of actions) assert.ok(row.includes(`\`${action}\``), `${name}: ${action}`)
  }
})

/** Approvers who could not approve. */
const none: readonly (readonly [
  what: string,
  make: (house: TestHouse, clock: DrivenClock) => Promise<unknown>,
])[] = [
  ['nobody else', async () => undefined],
  [
    'somebody who is disabled',
    async (house) => {
      const { id: principal } = await house.createUser('approver')
      await house.perform('principal.disable', { principal })
    },
  ],
  [
    'a person who cannot log in yet',
    async (house) => {
      const { id: principal } = await invited(house)
      await house.perform('binding.create', { role: 'approver', principal, scope: tenant })
    },
  ],
  [
    'an approver for one key',
    async (house) => {
      const { id: principal } = await house.createUser()
      const scope = { kind: 'key', key: (await house.createKey()).id } as const
      await house.perform('binding.create', { role: 'approver', principal, scope })
    },
  ],
  [
    'an approver at one address',
    async (house) => {
      const { id: principal } = await house.createUser()
      const conditions = { networks: ['10.0.0.0/8'] }
      await house.perform('binding.create', {
        role: 'approver',
        principal,
        scope: tenant,
        conditions,
      })
    },
  ],
  [
    'an approver whose time is over',
    async (house, clock) => {
      const { id: principal } = await house.createUser()
      const expiresAt = clock.now() + 1_000
      await house.perform('binding.create', {
        role: 'approver',
        principal,
        scope: tenant,
        expiresAt,
      })
      clock.advance(1_000)
    },
  ],
  ['somebody with another role', (house) => house.createUser('key-admin')],
]

for (const [what, prepare] of none) {
  test(`nobody is locked out: ${what} approves nothing, and no policy is made`, async () => {
    const clock = new DrivenClock()
    await using house = await startHouse({ clock })
    await prepare(house, clock)
    await assert.rejects(make(house), { code: 'conflict', message: /give the role approver/ })
    assert.deepEqual(await policiesOf(house), [])
  })
}

test('what is made is named, asks before each of its operations, and is made once', async () => {
  await using house = await startHouse()
  const inputs = inputsFor(house)
  const actions = new Set(defaultApprovals.flatMap((one) => one.actions))
  const asked = (Object.values(operations) as { name: OperationName; action: string }[]).filter(
    ({ action }) => actions.has(action),
  )
  const given = new Map<GatedName, unknown>()
  for (const { name } of asked) given.set(name as GatedName, await inputs[name as GatedName]())
  await house.createUser('approver')
  const { made, kept } = await make(house)
  assert.deepEqual(kept, [])
  assert.deepEqual(
    made.map((one) => [one.name, one.actions, one.approvals, one.signed]),
    defaultApprovals.map(({ name, actions: about }) => [name, about, 1, false]),
  )
  const ids = new Set(made.map(({ policy }) => policy))
  const stored = (await policiesOf(house)).filter(({ id }) => ids.has(id))
  assert.deepEqual(
    new Map(stored.map(({ id, actions: about, scope }) => [id, { about, scope }])),
    new Map(made.map(({ policy, actions: about }) => [policy, { about, scope: tenant }])),
  )
  for (const [name, input] of given)
    assert.equal(await house.codeOf(name, input as never), 'approval_required', name)
  const again = await make(house)
  assert.deepEqual(again.made, [])
  assert.deepEqual(
    again.kept.map(({ policy, actions: about }) => [policy, about]),
    made.map(({ policy, actions: about }) => [policy, about]),
  )
  const record = (await house.entries()).find(
    ({ event, outcome }) => event === 'approvalPolicy.createDefaults' && outcome === 'ok',
  )
  assert.equal(record?.changed?.length, made.length)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('what a policy asks for already is left to it, where it is as strict and as wide', async () => {
  await using house = await startHouse()
  await house.createUser('approver')
  await house.createUser('approver')
  const { id: key } = await house.createKey()
  const shared = { principals: [], groups: [], hours: 1 }
  const { id: strict } = await house.perform('approvalPolicy.create', {
    name: 'exports',
    actions: ['key.export', 'settings.update'],
    scope: tenant,
    approvals: 2,
    ...shared,
  })
  await house.perform('approvalPolicy.create', {
    name: 'one key',
    actions: ['key.destroy'],
    scope: { kind: 'key', key },
    approvals: 2,
    ...shared,
  })
  const { made, kept } = await make(house)
  assert.deepEqual(kept, [
    {
      policy: strict,
      name: 'exports',
      made: false,
      approvals: 2,
      signed: false,
      actions: ['key.export', 'settings.update'],
    },
  ])
  const about = made.flatMap(({ actions }) => actions)
  assert.ok(about.includes('key.destroy') && about.includes('subscription.update'))
  assert.ok(!about.includes('key.export') && !about.includes('settings.update'))
  const stricter = await make(house, { approvals: 2 })
  assert.deepEqual(
    stricter.kept.map(({ policy }) => policy),
    [strict],
  )
  assert.equal(stricter.made.length, made.length)
})

test('made by several at once, they are there once', async () => {
  await using house = await startHouse()
  await house.createUser('approver')
  const all = await Promise.allSettled([make(house), make(house), make(house)])
  const made = all.flatMap((one) => (one.status === 'fulfilled' ? one.value.made : []))
  assert.equal(made.length, defaultApprovals.length)
  assert.equal((await policiesOf(house)).length, defaultApprovals.length)
  for (const one of all)
    if (one.status === 'rejected') assert.equal((one.reason as { code?: string }).code, 'conflict')
})

test('signatures are asked for only where others have a passkey', async () => {
  await using house = await startHouse()
  await house.createUser('approver')
  const withCode = await enrolled(house)
  await house.perform('binding.create', { role: 'approver', principal: withCode.id, scope: tenant })
  await assert.rejects(make(house, { signed: true }), { code: 'conflict', message: /passkey/ })
  const { id: principal } = await enrolledWithPasskey(house)
  const conditions = { factors: { anyOf: ['passkey' as const], maxAgeSeconds: 60 } }
  await house.perform('binding.create', { role: 'approver', principal, scope: tenant, conditions })
  const { made } = await make(house, { signed: true })
  assert.ok(made.every(({ signed }) => signed))
  await assert.rejects(make(house, { signed: true, approvals: 2 }), { code: 'conflict' })
})

test("another tenant gets none about the server's root key", async () => {
  await using house = await startHouse()
  const { token, tenant: other } = await house.perform('tenant.create', { name: 'other' })
  const by = { token }
  const { id: principal } = await house.perform(
    'principal.create',
    { name: 'other', kind: 'service' },
    by,
  )
  await house.perform('binding.create', { role: 'approver', principal, scope: tenant }, by)
  const { made } = await make(house, {}, token)
  assert.equal(made.length, defaultApprovals.length - 1)
  assert.ok(made.every(({ actions }) => actions.every((action) => !action.startsWith('system.'))))
  // The doctor has words for the tenant that has none.
  const { advice } = await house.perform('system.doctor', {})
  assert.deepEqual(
    advice.map(({ subject }) => subject),
    [`tenant ${house.house.custody.tenant}`],
  )
  assert.notEqual(other.id, house.house.custody.tenant)
})
