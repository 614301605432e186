import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { ApprovalRequired } from '#model'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type StartOptions } from '../harness/house.ts'

/** Some actions are done only once others have approved just that, and each attack on that. */

async function scene(
  about: Partial<InputOf<'approvalPolicy.create'>> = {},
  how: StartOptions = {},
) {
  const house = await startHouse(how)
  const requester = await house.createUser('key-admin')
  const approvers = [await house.createUser('approver'), await house.createUser('approver')]
  const key = (await house.createKey({ exportable: true })).id
  const policy = await house.perform('approvalPolicy.create', {
    name: 'two of us',
    actions: ['key.suspend', 'key.public'],
    scope: { kind: 'tenant' },
    approvals: 2,
    principals: [],
    groups: [],
    hours: 2,
    ...about,
  })
  const { token } = requester
  const ask = async (operation = 'key.suspend', input: Record<string, unknown> = { key }) =>
    (await house.perform('approval.request', { operation, input, comment: 'it leaked' }, { token }))
      .id
  const approve = (approval: string, one: number) =>
    house.perform('approval.approve', { approval, comment: '' }, { ...approvers[one] })
  const approved = async (operation?: string, input?: Record<string, unknown>) => {
    const id = await ask(operation, input)
    for (const [one] of approvers.entries()) await approve(id, one)
    return id
  }
  const suspend = (approval?: string, other = token, which = key) =>
    house.codeOf(
      'key.suspend',
      { key: which },
      { token: other, ...(approval === undefined ? {} : { approval }) },
    )
  return { house, requester, approvers, key, policy, token, ask, approve, approved, suspend }
}

test('two others approve, then it is done, once', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const error: unknown = await house
    .perform('key.suspend', { key: a.key }, a.requester)
    .catch((thrown: unknown) => thrown)
  assert.ok(error instanceof ApprovalRequired)
  assert.deepEqual(error.demand, { policy: a.policy.id, approvals: 2 })
  const id = await a.ask()
  assert.equal(await a.suspend(id), 'forbidden')
  assert.equal((await a.approve(id, 0)).state, 'pending')
  assert.equal(await a.suspend(id), 'forbidden')
  assert.equal((await a.approve(id, 1)).state, 'approved')
  assert.equal(await a.suspend(), 'approval_required')
  assert.equal(await a.suspend(id, a.approvers[0]?.token), 'forbidden')
  assert.equal(await a.suspend(id), 'ok')
  const seen = await house.perform('approval.get', { approval: id }, a.requester)
  assert.equal(seen.state, 'executed')
  assert.deepEqual(seen.input, { key: a.key })
  assert.deepEqual(seen.policies, [a.policy.id])
  assert.equal(seen.decisions.length, 2)
  await house.perform('key.resume', { key: a.key })
  assert.equal(await a.suspend(id), 'forbidden')
  const entries = await house.entries()
  const done = entries.find(({ event, outcome }) => event === 'key.suspend' && outcome === 'ok')
  assert.equal(done?.detail?.['approval'], id)
  const denied = entries.find(({ reason }) => reason === 'approval_required')
  assert.equal(denied?.outcome, 'denied')
})

test('of two that come at once under one approval, one is done', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const id = await a.approved()
  const codes = await Promise.all([a.suspend(id), a.suspend(id), a.suspend(id)])
  assert.equal(codes.filter((code) => code === 'ok').length, 1, codes.join())
  assert.equal(house.token === a.token, false)
})

test('what changes nothing is done once too, and uses the approval up first', async () => {
  const { house: test, ...a } = await scene({ actions: ['encrypt', 'key.public'] })
  await using house = test
  const user = await house.createUser('key-user')
  const caller = { token: user.token }
  const input = { key: a.key, plaintext: Buffer.from('a') }
  const wire = { key: a.key, plaintext: Buffer.from('a').toString('base64') }
  const asked = { operation: 'encrypt', input: wire, comment: '' }
  const { id } = await house.perform('approval.request', asked, caller)
  await a.approve(id, 0)
  await a.approve(id, 1)
  const encrypt = (plaintext: string) =>
    house.codeOf(
      'encrypt',
      { ...input, plaintext: Buffer.from(plaintext) },
      { ...caller, approval: id },
    )
  assert.equal(await encrypt('b'), 'forbidden')
  const codes = await Promise.all([encrypt('a'), encrypt('a')])
  assert.equal(codes.filter((code) => code === 'ok').length, 1, codes.join())
  assert.equal(await encrypt('a'), 'forbidden')
  const used = (await house.entries()).filter(({ event }) => event === 'approval.execute')
  assert.equal(used.find(({ outcome }) => outcome === 'ok')?.subject, id)
})

test('nobody approves their own, or twice, or what is decided', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const id = await a.ask()
  await house.perform('binding.create', {
    role: 'approver',
    principal: a.requester.id,
    scope: { kind: 'tenant' },
  })
  const own = { approval: id, comment: '' }
  assert.equal(await house.codeOf('approval.approve', own, a.requester), 'forbidden')
  await a.approve(id, 0)
  await assert.rejects(a.approve(id, 0), { code: 'conflict' })
  const second = { ...a.approvers[1] }
  await house.perform('approval.reject', own, second)
  await assert.rejects(a.approve(id, 1), { code: 'conflict' })
  assert.equal(await a.suspend(id), 'forbidden')
  const other = await a.approved()
  assert.equal(await house.codeOf('approval.withdraw', { approval: other }, second), 'forbidden')
  await house.perform('approval.withdraw', { approval: other }, a.requester)
  assert.equal(await a.suspend(other), 'forbidden')
})

test('an approval is for one operation with one input, of a key as it was', async () => {
  const { house: test, ...a } = await scene({ actions: ['key.suspend', 'key.revoke'] })
  await using house = test
  const another = (await house.createKey()).id
  const id = await a.approved()
  assert.equal(await a.suspend(id, a.token, another), 'forbidden')
  const revoke = { key: a.key, reason: 'unspecified' } as const
  assert.equal(
    await house.codeOf('key.revoke', revoke, { token: a.token, approval: id }),
    'forbidden',
  )
  await house.perform('key.update', { key: a.key, description: 'another thing now' })
  assert.equal(await a.suspend(id), 'forbidden')
  assert.equal(await a.suspend(await a.approved()), 'ok')
})

test('an approval ends, and with it ends what a policy said before it changed', async () => {
  const clock = new DrivenClock()
  const { house: test, ...a } = await scene({}, { clock })
  await using house = test
  const late = await a.approved()
  const undecided = await a.ask()
  clock.advance(2 * 3_600_000)
  assert.equal(await a.suspend(late), 'forbidden')
  await assert.rejects(a.approve(undecided, 0), { code: 'conflict' })
  const id = await a.approved()
  await house.perform('approvalPolicy.update', { policy: a.policy.id, approvals: 3 })
  assert.equal(await a.suspend(id), 'approval_required')
})

test('who lost the right meanwhile does not do it', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const id = await a.approved()
  await house.perform('binding.delete', { binding: a.requester.binding ?? '' })
  assert.equal(await a.suspend(id), 'forbidden')
  const asked = { operation: 'key.suspend', input: { key: a.key }, comment: '' }
  assert.equal(await house.codeOf('approval.request', asked, a.requester), 'forbidden')
})

test('only those whom a policy asks count for it, and a policy can guard itself', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const [first] = a.approvers
  assert.ok(first)
  const guard = await house.perform('approvalPolicy.create', {
    name: 'the first alone',
    actions: ['approvalPolicy.delete', 'approvalPolicy.update'],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [first.id],
    groups: [],
    hours: 1,
  })
  const remove = { policy: guard.id }
  assert.equal(await house.codeOf('approvalPolicy.delete', remove), 'approval_required')
  const { id } = await house.perform('approval.request', {
    operation: 'approvalPolicy.delete',
    input: remove,
    comment: '',
  })
  await assert.rejects(a.approve(id, 1), { code: 'forbidden' })
  await a.approve(id, 0)
  await house.perform('approvalPolicy.delete', remove, { token: house.token, approval: id })
  assert.equal((await house.perform('approvalPolicy.list', { limit: 10 })).items.length, 1)
  const deciding = { ...guard, actions: ['approval.decide'] }
  const { name, actions, scope, approvals, principals, groups, hours } = deciding
  const never = { name, actions, scope, approvals, principals, groups, hours }
  assert.equal(await house.codeOf('approvalPolicy.create', never), 'invalid_request')
})

test('whoever may not do it does not learn from a request whether there is a key', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const stranger = await house.createUser()
  for (const key of [a.key, 'nothing']) {
    const asked = { operation: 'key.suspend', input: { key }, comment: '' }
    const thrown: unknown = await house
      .perform('approval.request', asked, stranger)
      .catch((error: unknown) => error)
    assert.deepEqual(
      [thrown instanceof Error && thrown.message],
      ['The principal may not do this, so others need not approve it'],
      key,
    )
  }
  const missing = { operation: 'key.suspend', input: { key: 'nothing' }, comment: '' }
  assert.equal(await house.codeOf('approval.request', missing, a.requester), 'not_found')
})

test('a name that a new key is given is asked for as one', async () => {
  const { house: test, ...a } = await scene({ actions: ['alias.create'] })
  await using house = test
  const make = { algorithm: 'AES-256-GCM', exportable: false }
  const unsafePlaintext = () => Buffer.alloc(32, 1)
  const both = async (alias: string | undefined, caller: { token: string; approval?: string }) => [
    await house.codeOf('key.create', { ...make, alias }, caller),
    await house.codeOf(
      'key.import',
      { ...make, alias, unsafePlaintext: unsafePlaintext() },
      caller,
    ),
  ]
  const { token } = a
  assert.deepEqual(await both('named', { token }), ['approval_required', 'approval_required'])
  assert.deepEqual(await both(undefined, { token }), ['ok', 'ok'])
  const approval = await a.approved('key.create', { alias: 'named' })
  const input = { ...make, algorithm: 'AES-256-GCM', alias: 'named' }
  assert.equal(await house.codeOf('key.create', input, { token, approval }), 'ok')
  await assert.rejects(a.ask('key.create', {}), { code: 'conflict' })
  const role = 'maker'
  const actions = ['key.create', 'key.import']
  await house.perform('role.create', { role, summary: '', actions })
  const maker = await house.createUser()
  const scope = { kind: 'tenant' } as const
  await house.perform('binding.create', { principal: maker.id, role, scope })
  assert.deepEqual(await both('other', maker), ['forbidden', 'forbidden'])
  assert.deepEqual(await both(undefined, maker), ['ok', 'ok'])
})

test('a rule about the key that becomes the primary one counts, too', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const { id: key } = await house.createKey({ region: 'here', multiRegion: true })
  const { id: other } = await house.perform('key.replicate', { key, region: 'there' })
  await house.perform('approvalPolicy.create', {
    name: 'one key',
    actions: ['key.replicate'],
    scope: { kind: 'key', key: other },
    approvals: 2,
    principals: [],
    groups: [],
    hours: 2,
  })
  const input = { key, region: 'there' }
  const { token } = a
  assert.equal(await house.codeOf('key.setPrimary', input, { token }), 'approval_required')
  const approval = await a.approved('key.setPrimary', input)
  assert.equal(await house.codeOf('key.setPrimary', input, { token, approval }), 'ok')
})

test('what an approved name leads to, and which name to which key, stays as it was', async () => {
  const { house: test, ...a } = await scene({
    actions: ['alias.delete', 'alias.update', 'rewrap.run', 'subscription.create'],
  })
  await using house = test
  const user = { principal: a.requester.id, role: 'key-user', scope: { kind: 'tenant' } } as const
  await house.perform('binding.create', user)
  const one = (await house.createKey({ alias: 'one' })).id
  const other = (await house.createKey({ alias: 'other' })).id
  const third = (await house.createKey({ alias: 'third' })).id
  const point = async (alias: string, key: string) => {
    const operation = 'alias.update'
    const input = { alias, key }
    const { id: approval } = await house.perform('approval.request', {
      operation,
      input,
      comment: '',
    })
    await a.approve(approval, 0)
    await a.approve(approval, 1)
    await house.perform(operation, input, { token: house.token, approval })
  }
  const { token } = a
  const subscription = {
    name: 'hook',
    url: 'https://hooks.example.com/',
    types: [],
    signature: 'v1' as const,
  }
  const asked = [
    ['alias.delete', { alias: 'one' }],
    ['alias.update', { alias: 'one', key: third }],
    ['rewrap.start', { key: 'one', into: 'other', source: 'here' }],
    ['subscription.create', { ...subscription, scope: { kind: 'key', key: 'one' } }],
  ] as const
  for (const [operation, input] of asked) {
    const approval = await a.approved(operation, input)
    await point('one', other)
    await point('other', one)
    assert.equal(await house.codeOf(operation, input, { token, approval }), 'forbidden', operation)
    await point('one', one)
    await point('other', other)
    await house.perform(operation, input, { token, approval })
    await house.codeOf('alias.create', { alias: 'one', key: one })
    await point('one', one)
  }
})

test('an input that cannot be spelled in one way is refused, and no fault of the server', async () => {
  const { house: test, ...a } = await scene()
  await using house = test
  const approval = a.policy.id
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown
  for (const said of [1.5, 2 ** 60, deep]) {
    const input = { approval, comment: '', response: { said } }
    const asked = { operation: 'approval.approve', input, comment: '' }
    assert.equal(await house.codeOf('approval.request', asked), 'invalid_request')
  }
  const whole = { approval, comment: '', response: { said: [1, 'x', null] } }
  const asked = { operation: 'approval.approve', input: whole, comment: '' }
  assert.equal(await house.codeOf('approval.request', asked), 'conflict')
})

test('a policy that a new key is given is asked for as one, and so is a grant that is retired for another', async () => {
  const { house: test, ...a } = await scene({ actions: ['policy.put', 'grant.revoke'] })
  await using house = test
  const { token, requester } = a
  const role = { principal: requester.id, role: 'owner', scope: { kind: 'tenant' } } as const
  await house.perform('binding.create', role)
  const { policy } = await house.perform('policy.get', { key: a.key })
  const { id: primary } = await house.createKey({ region: 'here', multiRegion: true })
  const material = Buffer.alloc(32, 1).toString('base64')
  const { name: grantee } = (await house.perform('whoami', {})).principal
  const grant = await house.perform('grant.create', {
    key: a.key,
    grantee,
    operations: ['Encrypt'],
  })
  const deeds = [
    ['key.create', { algorithm: 'AES-256-GCM', exportable: false, policy }],
    ['key.replicate', { key: primary, region: 'there', policy }],
    ['grant.retire', { key: a.key, grant: grant.id }],
  ] as const
  for (const [operation, input] of deeds) {
    assert.equal(await house.codeOf(operation, input, { token }), 'approval_required', operation)
    const approval = await a.approved(operation, input)
    await house.perform(operation, input, { token, approval })
  }
  const shown = { algorithm: 'AES-256-GCM', exportable: false, policy, unsafePlaintext: material }
  const approval = await a.approved('key.import', shown)
  const given = { ...shown, unsafePlaintext: new Uint8Array(Buffer.from(material, 'base64')) }
  await house.perform('key.import', given, { token, approval })
})
