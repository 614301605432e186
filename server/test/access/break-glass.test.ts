import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { putBehindGlass, responder } from '../harness/emergency.ts'
import { startHouse } from '../harness/house.ts'
import { enrolled } from '../harness/person.ts'

/** Emergencies: a sealed code, a bounded time, everybody told, and a review by somebody else. */

const MINUTE = 60_000
const reason = 'the pager rang'
const as = (token: string) => ({ token })

async function start() {
  const clock = new DrivenClock()
  return { clock, house: await startHouse({ clock }) }
}

test('a person who breaks the glass has its role for its time, and not longer', async () => {
  const { clock, house } = await start()
  await using _ = house
  const { id: key } = await house.createKey()
  const person = await responder(house)
  const { id: glass, code } = await putBehindGlass(house)
  assert.match(code, /^clvg_/)
  assert.equal(await house.codeOf('key.suspend', { key }, as(person.token)), 'forbidden')
  const opened = await house.perform('breakGlass.open', { glass, code, reason }, as(person.token))
  assert.equal(opened.state, 'open')
  await house.perform('key.suspend', { key }, as(person.token))
  for (let minute = 1; minute < 30; minute += 1) {
    clock.advance(MINUTE)
    await house.perform('whoami', {}, as(person.token))
  }
  await house.perform('key.resume', { key }, as(person.token))
  clock.advance(MINUTE)
  assert.equal(await house.codeOf('key.suspend', { key }, as(person.token)), 'forbidden')
  const [listed] = (await house.perform('breakGlass.list', { limit: 10 })).items
  assert.equal(listed?.state, 'ended')
  // The ledger tells what was done with it.
  const { items } = await house.perform('ledger.search', {
    binding: opened.use?.binding,
    order: 'ascending',
    limit: 10,
  })
  assert.deepEqual(
    items.map(({ record }) => record['event']),
    ['key.suspend', 'key.resume'],
  )
})

test('the glass breaks once, with its code, for a person who may and did not make it', async () => {
  const { house } = await start()
  await using _ = house
  const { id: glass, code } = await putBehindGlass(house)
  const other = await putBehindGlass(house)
  const input = { glass, code, reason }
  const stranger = await enrolled(house)
  assert.equal(await house.codeOf('breakGlass.open', input, as(stranger.token)), 'forbidden')
  // A program is nobody who is on call, whatever it may do.
  assert.equal(await house.codeOf('breakGlass.open', input), 'forbidden')
  const maker = await responder(house)
  const { id: principal } = maker
  await house.perform('binding.create', {
    principal,
    role: 'security-officer',
    scope: { kind: 'tenant' },
  })
  const made = { name: 'mine', role: 'owner', minutes: 5, waivesApprovals: false } as const
  const own = await house.perform(
    'breakGlass.create',
    { ...made, scope: { kind: 'tenant' } },
    as(maker.token),
  )
  const ownInput = { glass: own.id, code: own.code, reason }
  assert.equal(await house.codeOf('breakGlass.open', ownInput, as(maker.token)), 'forbidden')
  const person = await responder(house)
  for (const wrong of ['', 'x', other.code, code.slice(0, -1), `${code}A`]) {
    const guess = { ...input, code: wrong }
    assert.equal(await house.codeOf('breakGlass.open', guess, as(person.token)), 'forbidden', wrong)
  }
  const another = await responder(house)
  const codes = await Promise.all(
    [person, another].map(({ token }) => house.codeOf('breakGlass.open', input, as(token))),
  )
  assert.deepEqual(codes.toSorted(), ['conflict', 'ok'])
})

test('whoever may break a glass does not choose what is behind it', async () => {
  const { house } = await start()
  await using _ = house
  const role = 'on-call'
  await house.perform('role.create', { role, summary: '', actions: ['key.suspend'] })
  const { id: glass } = await putBehindGlass(house, { role })
  const person = await responder(house)
  const scope = { kind: 'tenant' } as const
  const officer = { principal: person.id, role: 'security-officer', scope }
  await house.perform('binding.create', officer)
  const widened = { role, actions: ['key.suspend', 'decrypt'] }
  assert.equal(await house.codeOf('role.update', widened, as(person.token)), 'forbidden')
  assert.equal(await house.codeOf('role.delete', { role }, as(person.token)), 'conflict')
  assert.equal(await house.codeOf('role.update', widened), 'ok')
  await house.perform('breakGlass.delete', { glass })
  assert.equal(await house.codeOf('role.delete', { role }, as(person.token)), 'ok')
})

test('it asks for a proof that is fresh', async () => {
  const { clock, house } = await start()
  await using _ = house
  const person = await responder(house)
  const { id: glass, code } = await putBehindGlass(house)
  clock.advance(10 * MINUTE)
  const input = { glass, code, reason }
  assert.equal(await house.codeOf('breakGlass.open', input, as(person.token)), 'step_up_required')
  await house.perform('login.stepUp', { code: person.code() }, as(person.token))
  await house.perform('breakGlass.open', input, as(person.token))
})

test('an emergency is reviewed by somebody else, and until then nothing goes behind glass', async () => {
  const { house } = await start()
  await using _ = house
  const person = await responder(house)
  const { id: glass, code } = await putBehindGlass(house, { role: 'owner' })
  const next = await putBehindGlass(house)
  const review = { glass, verdict: 'justified', comment: 'there was a fire' } as const
  assert.equal(await house.codeOf('breakGlass.review', review), 'conflict')
  await house.perform('breakGlass.open', { glass, code, reason }, as(person.token))
  assert.equal(await house.codeOf('breakGlass.review', review), 'conflict')
  assert.equal(await house.codeOf('breakGlass.delete', { glass }), 'conflict')
  const { id: principal } = person
  await house.perform('binding.create', {
    principal,
    role: 'approver',
    scope: { kind: 'tenant' },
  })
  await house.perform('breakGlass.close', { glass }, as(person.token))
  assert.equal(await house.codeOf('breakGlass.review', review, as(person.token)), 'forbidden')
  const scope = { kind: 'tenant' } as const
  const more = { name: 'more', role: 'owner', scope, minutes: 5, waivesApprovals: false }
  assert.equal(await house.codeOf('breakGlass.create', more), 'conflict')
  const again = { glass: next.id, code: next.code, reason }
  assert.equal(await house.codeOf('breakGlass.open', again, as(person.token)), 'conflict')
  assert.equal((await house.perform('breakGlass.review', review)).state, 'reviewed')
  await house.perform('breakGlass.create', more)
  await house.perform('breakGlass.open', again, as(person.token))
})

test('what is closed before its time allows nothing from the return of the call', async () => {
  const { house } = await start()
  await using _ = house
  const { id: key } = await house.createKey()
  const person = await responder(house)
  const { id: glass, code } = await putBehindGlass(house)
  await house.perform('breakGlass.open', { glass, code, reason }, as(person.token))
  await house.perform('key.suspend', { key }, as(person.token))
  await house.perform('breakGlass.close', { glass })
  assert.equal(await house.codeOf('key.resume', { key }, as(person.token)), 'forbidden')
  assert.equal(await house.codeOf('breakGlass.close', { glass }), 'conflict')
})

test('an emergency waits for the approval of others, unless it was made not to', async () => {
  const { house } = await start()
  await using _ = house
  const { id: key } = await house.createKey()
  await house.perform('approvalPolicy.create', {
    name: 'two of us',
    actions: ['key.suspend', 'breakGlass.open'],
    scope: { kind: 'tenant' },
    approvals: 1,
    principals: [],
    groups: [],
    hours: 1,
  })
  const waived = await putBehindGlass(house, { waivesApprovals: true })
  const waiting = await putBehindGlass(house)
  const approver = await house.createUser('approver')
  for (const [glass, expected] of [
    [waiting, 'approval_required'],
    [waived, 'ok'],
  ] as const) {
    const { token } = await responder(house)
    const input = { glass: glass.id, code: glass.code, reason }
    assert.equal(await house.codeOf('breakGlass.open', input, as(token)), 'approval_required')
    const { id: approval } = await house.perform(
      'approval.request',
      { operation: 'breakGlass.open', input: { glass: glass.id, reason }, comment: '' },
      as(token),
    )
    await house.perform('approval.approve', { approval, comment: '' }, { token: approver.token })
    await house.perform('breakGlass.open', input, { token, approval })
    assert.equal(await house.codeOf('key.suspend', { key }, as(token)), expected)
  }
})
