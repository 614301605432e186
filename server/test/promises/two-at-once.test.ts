import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { putBehindGlass, responder } from '../harness/emergency.ts'
import { codeOf, startHouse } from '../harness/house.ts'
import { Meanwhile } from '../harness/meanwhile.ts'
import { addPasskey, enrolledWithPasskey } from '../harness/passkey-person.ts'
import { codeAt, enrolled, PASSWORD } from '../harness/person.ts'

/** What was decided by something that another change takes away before it is recorded is not done. */

const meanwhile = new Meanwhile()
const house = await startHouse({ wrapStore: meanwhile.wrapStore })
after(() => house.close())

const nobody = { token: undefined }
const tenant = { kind: 'tenant' as const }
const reason = 'the pager rang'

async function roleOf(actions: string[]): Promise<string> {
  const role = `role-${house.clock.now()}-${Math.trunc(performance.now() * 1_000)}`
  await house.perform('role.create', { role, summary: '', actions })
  return role
}

test('new labels are only those that the caller may still reach', async () => {
  const { id: principal, token } = await house.createUser()
  const given = (team: string) =>
    house.perform('binding.create', {
      principal,
      role: 'key-admin',
      scope: { kind: 'labels', selector: `team=${team}` },
    })
  const inputs = [
    ['key.label', { set: { team: 'b' } }],
    ['key.update', { labels: { team: 'b' } }],
  ] as const
  await given('a')
  for (const [operation, input] of inputs) {
    const { id: key } = await house.createKey({ labels: { team: 'a' } })
    const { id: binding } = await given('b')
    meanwhile.after('alias', () => house.perform('binding.delete', { binding }))
    assert.equal(await house.codeOf(operation, { key, ...input }, { token }), 'forbidden')
    assert.deepEqual((await house.perform('key.get', { key })).labels, { team: 'a' })
  }
})

test('who may give grants only by a grant any more hands on no more than it holds', async () => {
  const { id: principal, token } = await house.createUser()
  const { id: key } = await house.createKey()
  const role = await roleOf(['grant.create'])
  const { id: binding } = await house.perform('binding.create', { principal, role, scope: tenant })
  const { name } = await house.perform('principal.get', { principal })
  const held = ['CreateGrant', 'Encrypt']
  await house.perform('grant.create', { key, grantee: name, operations: held })
  const { name: grantee } = await house.perform('principal.create', {
    name: 'grantee',
    kind: 'service',
  })
  const give = (operations: string[]) =>
    house.codeOf('grant.create', { key, grantee, operations }, { token })
  meanwhile.after('principalName', () => house.perform('binding.delete', { binding }))
  assert.equal(await give(['Decrypt']), 'forbidden')
  assert.equal(await give(['Encrypt']), 'ok')
})

test('who is no longer one of those that a policy asks decides nothing', async () => {
  const requester = await house.createUser('key-admin')
  const approver = await house.createUser('approver')
  const { id: key } = await house.createKey()
  const { id: group } = await house.perform('group.create', { name: 'deciding' })
  const { id: policy } = await house.perform('approvalPolicy.create', {
    name: 'one of the group',
    actions: ['key.suspend'],
    scope: { kind: 'key', key },
    approvals: 1,
    principals: [],
    groups: [group],
    hours: 1,
  })
  const asked = { operation: 'key.suspend', input: { key }, comment: '' }
  const membership = { group, principal: approver.id }
  for (const operation of ['approval.approve', 'approval.reject'] as const) {
    const { id: approval } = await house.perform('approval.request', asked, requester)
    await house.perform('group.add', membership)
    await house.perform('whoami', {}, approver)
    meanwhile.after('membership', () => house.perform('group.remove', membership))
    assert.equal(
      await house.codeOf(operation, { approval, comment: '' }, approver),
      'forbidden',
      operation,
    )
    assert.equal((await house.perform('approval.get', { approval })).state, 'pending')
  }
  await house.perform('approvalPolicy.delete', { policy })
})

test('a glass that is broken is an emergency for whoever makes or breaks another', async () => {
  const person = await responder(house)
  const [one, other] = [await putBehindGlass(house), await putBehindGlass(house)]
  const open = ({ id: glass, code }: typeof one) =>
    house.codeOf('breakGlass.open', { glass, code, reason }, person)
  meanwhile.after('breakGlass', () => house.codeOf('breakGlass.delete', { glass: 'nothing' }))
  const codes = await Promise.all([open(one), open(other)])
  assert.deepEqual(codes.toSorted(), ['conflict', 'ok'])
  const glass = codes[0] === 'ok' ? one.id : other.id
  const left = codes[0] === 'ok' ? other : one
  await house.perform('breakGlass.close', { glass })
  const verdict = { verdict: 'justified' as const, comment: '' }
  await house.perform('breakGlass.review', { glass, ...verdict })
  let opened: string | undefined
  meanwhile.after('breakGlass', async () => {
    opened = await open(left)
  })
  const late = { name: 'late', role: 'auditor', scope: tenant, minutes: 5, waivesApprovals: false }
  assert.equal(await house.codeOf('breakGlass.create', late), 'conflict')
  assert.equal(opened, 'ok')
  await house.perform('breakGlass.close', { glass: left.id })
  await house.perform('breakGlass.review', { glass: left.id, ...verdict })
})

test('no login and no factor that comes in time for it outlasts a reset', async () => {
  const reset = (person: string) => house.codeOf('person.reset', { person, hours: 1 })
  const one = await enrolledWithPasskey(house)
  let token: string | undefined
  meanwhile.after('loginSession', async () => {
    const input = await one.login()
    token = (await house.perform('login.passkey', input, nobody)).token
  })
  assert.equal(await reset(one.id), 'conflict')
  assert.equal(await house.codeOf('whoami', {}, { token }), 'ok')
  assert.equal(await reset(one.id), 'ok')
  assert.equal(await house.codeOf('whoami', {}, { token }), 'unauthenticated')
  const other = await enrolledWithPasskey(house)
  meanwhile.after('factor', () => addPasskey(house, other.token))
  assert.equal(await reset(other.id), 'conflict')
  assert.equal(await reset(other.id), 'ok')
  assert.deepEqual((await house.perform('factor.list', { principal: other.id })).items, [])
})

test('nor does a login outlast another password, or a program that is let in', async () => {
  const person = await enrolled(house)
  const change = { current: PASSWORD, password: `${PASSWORD} again` }
  let token: string | undefined
  meanwhile.after('loginSession', async () => {
    token = (await house.perform('login', person.login(), nobody)).token
  })
  assert.equal(await house.codeOf('password.change', change, person), 'conflict')
  assert.equal(await house.codeOf('password.change', change, person), 'ok')
  assert.equal(await house.codeOf('whoami', {}, { token }), 'unauthenticated')
})

test('nobody has more factors than are looked at', async () => {
  const { id: principal, token } = await enrolled(house)
  const begun = []
  for (let each = 0; each < 45; each += 1)
    begun.push(await house.perform('factor.begin', { kind: 'totp' }, { token }))
  const codes = await Promise.all(
    begun.map(({ id: ceremony, totp }) => {
      const code = codeAt(totp?.secret ?? '', house.clock.now())
      return house.codeOf('factor.add', { ceremony, name: '', code }, { token })
    }),
  )
  assert.deepEqual([...new Set(codes)].toSorted(), ['conflict', 'ok'])
  // With the password.
  const { items } = await house.perform('factor.list', { principal })
  assert.equal(items.length, 21)
})

test('a person has one link, however many are made at once', async () => {
  const { id: person } = await house.perform('principal.create', { name: 'invited', kind: 'user' })
  const invite = async () => (await house.perform('person.invite', { person, hours: 1 })).token
  let first: string | undefined
  meanwhile.after('enrolment', async () => {
    first = await invite()
  })
  const code = await codeOf(invite())
  const begin = (token: string) => house.codeOf('enrolment.begin', { token }, nobody)
  assert.deepEqual([code, await begin(first ?? '')], ['conflict', 'ok'])
  const last = await invite()
  assert.deepEqual([await begin(first ?? ''), await begin(last)], ['unauthenticated', 'ok'])
})
