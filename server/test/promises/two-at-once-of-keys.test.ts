import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { Meanwhile } from '../harness/meanwhile.ts'

/** What is done only where nothing stands in its way is not done where something comes into it before it is recorded. */

const meanwhile = new Meanwhile()
const clock = new DrivenClock()
const house = await startHouse({ clock, wrapStore: meanwhile.wrapStore })
after(() => house.close())
const { tenant } = house.house.custody

const DAY_MS = 86_400_000
const whole = { kind: 'tenant' as const }

async function dependentOf(key: string): Promise<string> {
  const input = { key, name: 'd', kind: 'service' as const, contact: '', description: '' }
  return (await house.perform('dependent.create', input)).id
}

function subscribing(
  scope:
    | { readonly kind: 'key'; readonly key: string }
    | { readonly kind: 'dependent'; readonly dependent: string },
) {
  return { name: 'x', url: 'https://example.com', scope, types: [], signature: 'v1' as const }
}

/** What is still there for a subscription. */
async function leftOf(subscription: string): Promise<string[]> {
  const facets = [['subscription', subscription]] as const
  const left = []
  for (const kind of ['delivery', 'deadLetter'] as const)
    left.push(...(await house.store.list({ kind, tenant, facets, limit: 10 })))
  return left.map(({ kind, id }) => `${kind} ${id}`)
}

async function newestNotice(): Promise<number> {
  const [last] = (await house.entries()).slice(-1)
  return last?.index ?? 0
}

test('a group that gets a role, or a member, in time stays', async () => {
  const { id: principal } = await house.createUser()
  const { id: group } = await house.perform('group.create', { name: 'kept' })
  const role = { principal: group, role: 'auditor', scope: whole }
  meanwhile.after('membership', () => house.perform('group.add', { group, principal }))
  assert.equal(await house.codeOf('group.delete', { group }), 'conflict')
  meanwhile.after('binding', () => house.perform('binding.create', role))
  assert.equal(await house.codeOf('group.delete', { group }), 'conflict')
  assert.equal((await house.perform('group.members', { group, limit: 10 })).items.length, 1)
  const { items } = await house.perform('binding.list', { group, limit: 10 })
  for (const { id: binding } of items) await house.perform('binding.delete', { binding })
  await house.perform('group.delete', { group })
  const facets = [['group', group]] as const
  assert.deepEqual(await house.store.list({ kind: 'membership', tenant, facets, limit: 10 }), [])
})

test('of two groups of one name, one is made', async () => {
  const input = { name: 'same' }
  meanwhile.after('group', () => house.perform('group.create', input))
  assert.equal(await house.codeOf('group.create', input), 'conflict')
})

test('a role that somebody gets in time, or that comes behind glass, stays', async () => {
  const { id: principal } = await house.createUser()
  const roles = { role: 'kept', summary: '', actions: ['key.get'] }
  await house.perform('role.create', roles)
  const glass = { name: 'g', role: 'kept', scope: whole, minutes: 5, waivesApprovals: false }
  const doings = [
    () => house.perform('binding.create', { principal, role: 'kept', scope: whole }),
    () => house.perform('breakGlass.create', glass),
  ]
  for (const doing of doings) {
    meanwhile.after('breakGlass', doing)
    assert.equal(await house.codeOf('role.delete', { role: 'kept' }), 'conflict')
    const { items } = await house.perform('binding.list', { principal, limit: 10 })
    for (const { id: binding } of items) await house.perform('binding.delete', { binding })
  }
})

test('nobody ends a key without having seen what was declared to depend on it a moment ago', async () => {
  const { id: key } = await house.createKey()
  const endings = [
    ['key.destroy', { key, days: 7 }],
    ['key.revoke', { key, reason: 'superseded' }],
  ] as const
  for (const [operation, input] of endings) {
    let dependent = ''
    meanwhile.after('dependent', async () => {
      dependent = await dependentOf(key)
    })
    assert.equal(await house.codeOf(operation, input), 'acknowledgement_required', operation)
    await house.perform('dependent.remove', { dependent })
  }
  await house.perform('key.destroy', { key, days: 7 })
})

test('a version does not go where a re-wrap of what it protects has just begun', async () => {
  const { id: key } = await house.createKey()
  await house.perform('key.rotate', { key })
  meanwhile.after('rewrapRun', () => house.perform('rewrap.start', { key, source: 'disk' }))
  const destroying = { key, version: 1, days: 7 }
  assert.equal(await house.codeOf('key.destroyVersion', destroying), 'conflict')
})

test('of two runs that begin in one place, there is one', async () => {
  const { id: key } = await house.createKey()
  const place = { key, source: 'disk' }
  let begun: string | undefined
  meanwhile.after('rewrapRun', async () => {
    begun = (await house.perform('rewrap.start', place)).id
  })
  assert.equal(await house.codeOf('rewrap.start', place), 'conflict')
  assert.equal((await house.perform('rewrap.start', place)).id, begun)
})

test('no subscription outlives the dependent that hears by it', async () => {
  const { id: key } = await house.createKey()
  const dependent = await dependentOf(key)
  const hearing = subscribing({ kind: 'dependent', dependent })
  meanwhile.after('subscription', () => house.perform('subscription.create', hearing))
  assert.equal(await house.codeOf('dependent.remove', { dependent }), 'conflict')
  meanwhile.after('subscription', () => house.perform('dependent.remove', { dependent }))
  assert.equal(await house.codeOf('subscription.create', hearing), 'not_found')
  assert.deepEqual((await house.perform('subscription.list', { limit: 10 })).items, [])
})

test('nothing that is queued, or given up, outlives its subscription', async () => {
  const { id: key } = await house.createKey()
  const make = async () =>
    (await house.perform('subscription.create', subscribing({ kind: 'key', key }))).id
  const one = await make()
  await house.perform('key.suspend', { key })
  const replayed = { subscription: one, notices: [await newestNotice()] }
  meanwhile.after('deadLetter', () => house.perform('subscription.replay', replayed))
  await house.perform('subscription.delete', { subscription: one })
  assert.deepEqual(await leftOf(one), [])

  const other = await make()
  await house.perform('key.resume', { key })
  const notice = await newestNotice()
  await house.perform('subscription.replay', { subscription: other, notices: [notice] })
  const fail = (retryAt: { readonly retryAt?: number }) =>
    house.house.gate.performAsSystem('notice.settle', tenant, {
      subscription: other,
      notice,
      result: { kind: 'failed', reason: 'no-answer', ...retryAt },
    })
  await fail({ retryAt: house.clock.now() })
  meanwhile.after('deadLetter', () => fail({}))
  await house.perform('subscription.delete', { subscription: other })
  assert.deepEqual(await leftOf(other), [])
})

test('what others approved of an import is still that where a related key changes meanwhile', async () => {
  const region = { region: 'north', multiRegion: true }
  const { id: key } = await house.createKey({ origin: 'imported', ...region })
  const importing = (into: string, byte: number) => ({
    key: into,
    exportable: false,
    unsafePlaintext: new Uint8Array(32).fill(byte),
  })
  await house.perform('key.import', importing(key, 1))
  const { id: replica } = await house.perform('key.replicate', { key, region: 'south' })
  await house.perform('approvalPolicy.create', {
    name: 'another sees it',
    actions: ['key.import'],
    scope: { kind: 'key', key },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 1,
  })
  const approver = await house.createUser('approver')
  const next = importing(key, 2)
  const input = { ...next, unsafePlaintext: Buffer.from(next.unsafePlaintext).toString('base64') }
  const asked = { operation: 'key.import', input, comment: '' }
  const { id: approval } = await house.perform('approval.request', asked)
  await house.perform('approval.approve', { approval, comment: '' }, approver)
  const described = { key: replica, description: 'changed' }
  meanwhile.after('alias', () => house.perform('key.update', described))
  await house.perform('key.import', next, { approval })
  assert.equal((await house.perform('key.get', { key: replica })).version, 2)
})

test('no credential outlives what the settings have just come to allow', async () => {
  const { id: principal } = await house.createUser()
  const bounds = {
    tokenDays: 7,
    accessKeyDays: 7,
    secretIdDays: 7,
    certificateDays: 7,
  }
  meanwhile.after('settings', () => house.perform('settings.update', bounds))
  const asked = { principal, description: '', days: 30 }
  assert.equal(await house.codeOf('token.create', asked), 'conflict')
  assert.equal(await house.codeOf('token.create', asked), 'invalid_request')
})

test('no name and no grant outlives a key that is destroyed', async () => {
  const { id: key } = await house.createKey()
  await house.perform('key.destroy', { key, days: 1 })
  clock.advance(DAY_MS)
  await house.renewToken()
  meanwhile.after('grant', () => house.perform('alias.create', { key, alias: 'late' }))
  await assert.rejects(house.runJob('destruction'), { code: 'conflict' })
  await house.runJob('destruction')
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed')
  const { id: other } = await house.createKey()
  await house.perform('alias.create', { key: other, alias: 'late' })
})
