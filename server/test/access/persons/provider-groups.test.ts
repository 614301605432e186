import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { startHouse } from '../../harness/house.ts'
import { providerAnswer, providerOf } from '../../harness/inputs-of-providers.ts'
import { TestProvider } from '../../harness/login-provider.ts'
import { Meanwhile } from '../../harness/meanwhile.ts'
import { codeAt, PASSWORD } from '../../harness/person.ts'

/** The groups that a provider says a person is in: what they give, and when they are taken away. */

const meanwhile = new Meanwhile()
const house = await startHouse({ wrapStore: meanwhile.wrapStore })
const provider = await TestProvider.start({ claimsInIdToken: true })
after(async () => {
  await house.close()
  await provider[Symbol.asyncDispose]()
})

let count = 0

/** A group of ours with a role. */
async function grouped(role?: InputOf<'binding.create'>['role']) {
  count += 1
  const { id } = await house.perform('group.create', { name: `group-${count}` })
  if (role !== undefined)
    await house.perform('binding.create', { role, principal: id, scope: { kind: 'tenant' } })
  return id
}

async function providing(groups: InputOf<'loginProvider.create'>['groups']) {
  const more = { groupsClaim: 'groups', groups, scopes: ['profile', 'groups'] }
  return house.perform('loginProvider.create', await providerOf(provider, more))
}

function somebody(groups: unknown): string {
  count += 1
  const subject = `subject-${count}`
  says(subject, groups)
  return subject
}

const says = (subject: string, groups: unknown) =>
  void provider.people.set(subject, {
    amr: ['mfa'],
    claims: { groups, preferred_username: subject },
  })

async function begun(id: string, subject: string) {
  const { flow, callback, carrier } = await providerAnswer(
    house,
    provider,
    { provider: id },
    subject,
  )
  return { flow, callback, carrier }
}

async function logIn(id: string, subject: string) {
  const done = await house.perform('login.provider', await begun(id, subject), { token: undefined })
  assert.ok(done.status === 'done')
  return { principal: done.session.principal, caller: { token: done.token } }
}

async function membersOf(group: string) {
  const { items } = await house.perform('group.members', { group, limit: 100 })
  return items
}

test('groups give rights from the login on, and are those that the newest login says', async () => {
  const users = await grouped('key-user')
  const auditors = await grouped('auditor')
  const { id } = await providing([
    { claim: 'crypto', group: users },
    { claim: 'audit', group: auditors },
  ])
  const subject = somebody(['crypto', 'something else', 7])
  const first = await logIn(id, subject)
  const { principal } = first
  const { id: key } = await house.createKey()
  const encrypt = { key, plaintext: Buffer.from('a') }
  assert.equal(await house.codeOf('encrypt', encrypt, first.caller), 'ok')
  assert.equal(await house.codeOf('ledger.head', {}, first.caller), 'forbidden')
  assert.deepEqual(
    (await membersOf(users)).map((one) => [one.principal, one.provider]),
    [[principal, id]],
  )
  says(subject, 'audit')
  const second = await logIn(id, subject)
  assert.equal(second.principal, principal)
  for (const { caller } of [first, second]) {
    assert.equal(await house.codeOf('encrypt', encrypt, caller), 'forbidden')
    assert.equal(await house.codeOf('ledger.head', {}, caller), 'ok')
  }
  for (const none of [[], undefined, { audit: true }]) {
    says(subject, none)
    const last = await logIn(id, subject)
    assert.equal(await house.codeOf('ledger.head', {}, last.caller), 'forbidden')
    assert.deepEqual(await membersOf(auditors), [])
  }
})

/** Why keys were rotated, each once. */
async function rotatedFor() {
  await house.runJob('occurrence')
  await house.runJob('rotation')
  const entries = await house.entries()
  return entries.flatMap(({ event, detail }) =>
    event === 'key.rotateDue' ? [[detail?.['because'], detail?.['who']]] : [],
  )
}

test('who is in a group no longer, as their provider says or because it goes, has left: keys are rotated for it', async () => {
  const group = await grouped('key-user')
  const { id } = await providing([{ claim: 'a', group }])
  const { id: key } = await house.createKey({ rotation: { on: ['member-left'] } })
  const subject = somebody(['a'])
  const { principal } = await logIn(id, subject)
  const two = await logIn(id, somebody(['a']))
  await logIn(id, somebody(['a']))
  says(subject, [])
  await logIn(id, subject)
  const expected: unknown[] = [['login.provider', principal]]
  assert.deepEqual(await rotatedFor(), expected)
  await house.perform('loginProvider.unlink', { provider: id, principal: two.principal })
  expected.push(['loginProvider.unlink', two.principal])
  assert.deepEqual(await rotatedFor(), expected)
  await house.perform('loginProvider.delete', { provider: id })
  expected.push(['loginProvider.delete', id])
  assert.deepEqual(await rotatedFor(), expected)
  await house.perform('key.setRotation', { key, off: true })
})

test('what somebody here gave stays, whatever the provider says', async () => {
  const group = await grouped('key-user')
  const other = await grouped()
  const { id } = await providing([{ claim: 'a', group }])
  const subject = somebody(['a'])
  const { principal } = await logIn(id, subject)
  await house.perform('group.add', { group: other, principal })
  says(subject, [])
  await logIn(id, subject)
  assert.deepEqual(await membersOf(group), [])
  assert.equal((await membersOf(other)).length, 1)
  await house.perform('group.add', { group, principal })
  says(subject, ['a'])
  await logIn(id, subject)
  says(subject, [])
  await logIn(id, subject)
  const [member] = await membersOf(group)
  assert.deepEqual([member?.principal, member?.provider], [principal, undefined])
})

/** A login of a person's own factors, who sets them up for it. */
async function logInWithout(caller: { readonly token: string | undefined }) {
  const { id, totp } = await house.perform('factor.begin', { kind: 'totp' }, caller)
  const code = (steps: number) => codeAt(totp?.secret ?? '', house.clock.now() + steps * 30_000)
  await house.perform('factor.add', { ceremony: id, name: '', code: code(0) }, caller)
  await house.perform('password.change', { password: PASSWORD }, caller)
  const { principal } = await house.perform('whoami', {}, caller)
  const input = {
    name: principal.name,
    password: PASSWORD,
    code: code(1),
    carrier: 'token',
  } as const
  return house.perform('login', input, { token: undefined })
}

test('the groups of a provider go with it, and with the link, when the call returns', async () => {
  const group = await grouped('key-user')
  const { id } = await providing([{ claim: 'a', group }])
  const one = await logIn(id, somebody(['a']))
  const two = await logIn(id, somebody(['a']))
  // A login without the provider, which goes on: its rights come from the groups alone.
  const { token } = await logInWithout(one.caller)
  const { id: key } = await house.createKey()
  const encrypt = { key, plaintext: Buffer.from('a') }
  assert.equal(await house.codeOf('encrypt', encrypt, { token }), 'ok')
  await house.perform('loginProvider.unlink', { provider: id, principal: one.principal })
  assert.equal(await house.codeOf('encrypt', encrypt, { token }), 'forbidden')
  assert.deepEqual(
    (await membersOf(group)).map(({ principal }) => principal),
    [two.principal],
  )
  await house.perform('loginProvider.delete', { provider: id })
  assert.deepEqual(await membersOf(group), [])
})

test('nor does a login that comes in time for it leave somebody in a group', async () => {
  const group = await grouped('key-user')
  const { id } = await providing([{ claim: 'a', group }])
  const { principal } = await logIn(id, somebody([]))
  const subject = somebody(['a'])
  const ends = [
    () => house.codeOf('loginProvider.unlink', { provider: id, principal }),
    () => house.codeOf('loginProvider.delete', { provider: id }),
  ]
  const again = `subject-${count - 1}`
  for (const [end, who] of [
    [ends[0], again],
    [ends[1], subject],
  ] as const) {
    says(who, ['a'])
    meanwhile.after('membership', () => logIn(id, who))
    assert.equal(await end?.(), 'conflict')
    assert.equal((await membersOf(group)).length, 1)
    assert.equal(await end?.(), 'ok')
    assert.deepEqual(await membersOf(group), [])
  }
})

test('a group that was deleted since is nobody’s, and the login goes on', async () => {
  const group = await grouped()
  const { id } = await providing([{ claim: 'a', group }])
  await house.perform('group.delete', { group })
  await logIn(id, somebody(['a']))
})

test('nobody maps a group that may do what they may not', async () => {
  const officer = await house.createUser('security-officer')
  const users = await grouped('key-user')
  const harmless = await grouped()
  const asked = async (group: string) =>
    providerOf(provider, { groupsClaim: 'groups', groups: [{ claim: 'a', group }] })
  assert.equal(await house.codeOf('loginProvider.create', await asked(users), officer), 'forbidden')
  const made = await house.perform('loginProvider.create', await asked(harmless), officer)
  const groups = [{ claim: 'a', group: users }]
  const change = { provider: made.id, groups }
  assert.equal(await house.codeOf('loginProvider.update', change, officer), 'forbidden')
  assert.equal(await house.codeOf('loginProvider.update', change), 'ok')
  const nowhere = [{ claim: 'a', group: made.id }]
  assert.equal(
    await house.codeOf('loginProvider.update', { ...change, groups: nowhere }),
    'not_found',
  )
})

test('nor takes its groups from another claim, which they may choose themselves', async () => {
  const officer = await house.createUser('security-officer')
  const users = await grouped('key-user')
  const { id } = await providing([{ claim: 'a', group: users }])
  const change = (groupsClaim: string) =>
    house.codeOf('loginProvider.update', { provider: id, groupsClaim }, officer)
  assert.equal(await change('nickname'), 'forbidden')
  assert.equal(await change('groups'), 'ok')
  assert.equal(await change(''), 'ok')
  assert.equal(await change('groups'), 'forbidden')
})

test('nor gives one, whose provider they may set up, what they may not', async () => {
  const officer = await house.createUser('security-officer')
  const { token } = officer
  const mapped = await grouped()
  const groups = [{ claim: 'a', group: mapped }]
  const asked = await providerOf(provider, { groupsClaim: 'groups', groups })
  await house.perform('loginProvider.create', asked, { token })
  const scope = { kind: 'tenant' } as const
  const give = (principal: string, role: string) =>
    house.codeOf('binding.create', { principal, role, scope }, { token })
  assert.equal(await give(mapped, 'key-user'), 'forbidden')
  assert.equal(await give(await grouped(), 'key-user'), 'ok')
  assert.equal(await give(mapped, 'security-officer'), 'ok')
  const role = `role-${(count += 1)}`
  await house.perform('role.create', { role, summary: '', actions: ['role.list'] }, { token })
  assert.equal(await give(mapped, role), 'ok')
  const widened = { role, actions: ['role.list', 'decrypt'] }
  assert.equal(await house.codeOf('role.update', widened, { token }), 'forbidden')
  // Who may not set up providers says of nobody that they are in a group.
  const giving = `role-${(count += 1)}`
  const actions = ['binding.create']
  await house.perform('role.create', { role: giving, summary: '', actions })
  const giver = await house.createUser()
  await house.perform('binding.create', { principal: giver.id, role: giving, scope })
  const input = { principal: mapped, role: 'key-user', scope }
  assert.equal(await house.codeOf('binding.create', input, giver), 'ok')
})

test('duties that are kept apart stay apart, whatever groups a provider says', async () => {
  const users = await grouped('key-user')
  const admins = await grouped('key-admin')
  const { id } = await providing([
    { claim: 'users', group: users },
    { claim: 'admins', group: admins },
  ])
  const duties = ['key-admin', 'key-user'] as const
  await house.perform('separation.create', { name: 'apart', duties: [...duties] })
  const subject = somebody(['users', 'admins'])
  const both = await begun(id, subject)
  assert.equal(
    await house.codeOf('login.provider', both, { token: undefined }),
    'separation_violated',
  )
  assert.equal((await house.entries()).at(-1)?.reason, 'separation_violated')
  assert.deepEqual([...(await membersOf(users)), ...(await membersOf(admins))], [])
  says(subject, ['users'])
  const { principal } = await logIn(id, subject)
  assert.deepEqual(
    (await membersOf(users)).map((one) => one.principal),
    [principal],
  )
  // Whoever goes from one to the other never has both.
  says(subject, ['admins'])
  await logIn(id, subject)
  assert.deepEqual(await membersOf(users), [])
  assert.deepEqual(
    (await membersOf(admins)).map((one) => one.principal),
    [principal],
  )
})
