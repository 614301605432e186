import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../../harness/clock.ts'
import { codeOf, startHouse } from '../../harness/house.ts'
import { codeAt, enrolled, invited } from '../../harness/person.ts'

/** How persons come in, prove who they are, and are kept out. */

const MINUTE = 60_000
const as = (token: string | undefined) => ({ token })
const nobody = as(undefined)

async function start() {
  const clock = new DrivenClock()
  return { clock, house: await startHouse({ clock }) }
}

test('a person is invited, enrols, logs in, steps up and logs out', async () => {
  const { clock, house } = await start()
  await using _ = house
  const person = await enrolled(house)
  assert.equal(person.recoveryCodes.length, 10)
  clock.advance(MINUTE)
  const { token = '', session } = await house.perform('login', person.login(0), nobody)
  assert.match(token, /^clvs_/)
  assert.deepEqual(
    session.factors.map(({ factor }) => factor),
    ['password', 'totp'],
  )
  assert.equal((await house.perform('whoami', {}, as(token))).principal.id, person.id)
  assert.equal((await house.perform('login.list', { limit: 10 }, as(token))).items.length, 2)
  clock.advance(10 * MINUTE)
  assert.equal(await house.codeOf('factor.renewCodes', {}, as(token)), 'step_up_required')
  await house.perform('login.stepUp', { code: person.code() }, as(token))
  assert.equal((await house.perform('factor.renewCodes', {}, as(token))).codes.length, 10)
  await house.perform('logout', {}, as(token))
  assert.equal(await house.codeOf('whoami', {}, as(token)), 'unauthenticated')
})

test('a link opens once, and a step of an app counts once', async () => {
  const { clock, house } = await start()
  await using _ = house
  const person = await invited(house)
  const { secret, ...input } = await person.complete()
  await house.perform('enrolment.complete', input, nobody)
  assert.equal(await house.codeOf('enrolment.complete', input, nobody), 'unauthenticated')
  assert.equal(await house.codeOf('person.invite', { person: person.id, hours: 1 }), 'conflict')
  const login = { name: person.name, password: input.password, carrier: 'token' as const }
  // The step of the enrolment is used up.
  const again = { ...login, code: codeAt(secret, clock.now()) }
  assert.equal(await house.codeOf('login', again, nobody), 'unauthenticated')
  clock.advance(MINUTE)
  const fresh = { ...login, code: codeAt(secret, clock.now()) }
  const codes = await Promise.all([1, 2, 3].map(() => house.codeOf('login', fresh, nobody)))
  assert.deepEqual(codes.toSorted(), ['ok', 'unauthenticated', 'unauthenticated'])
})

test('a recovery code opens once, and none of it opens alone', async () => {
  const { house } = await start()
  await using _ = house
  const { name, password, recoveryCodes } = await enrolled(house)
  const [recoveryCode = ''] = recoveryCodes
  const input = { name, password, recoveryCode, carrier: 'token' as const }
  assert.equal(
    await house.codeOf('login', { ...input, password: 'another' }, nobody),
    'unauthenticated',
  )
  await house.perform('login', input, nobody)
  assert.equal(await house.codeOf('login', input, nobody), 'unauthenticated')
  const alone = { name, password, carrier: 'token' as const }
  assert.equal(await house.codeOf('login', alone, nobody), 'unauthenticated')
})

test('failures lock out for a while, and whoever is not there is answered the same', async () => {
  const { clock, house } = await start()
  await using _ = house
  const person = await enrolled(house)
  const wrong = { ...person.login(), password: 'not the password of anybody' }
  const messages = new Set<string>()
  const failing = async (input: typeof wrong) =>
    house.perform('login', input, nobody).catch((error: Error) => messages.add(error.message))
  await failing({ ...wrong, name: 'nobody-at-all' })
  for (let each = 0; each < 10; each += 1) await failing(wrong)
  clock.advance(MINUTE)
  assert.equal(await house.codeOf('login', person.login(0), nobody), 'unauthenticated')
  await failing(person.login(0))
  assert.equal(messages.size, 1)
  clock.advance(30 * MINUTE)
  assert.equal(await house.codeOf('login', person.login(0), nobody), 'ok')
})

test("logins last as the tenant's settings say", async () => {
  const { house } = await start()
  await using _ = house
  const person = await enrolled(house)
  await house.perform('settings.update', { idleMinutes: 5, loginHours: 2 })
  const { session } = await house.perform('login', person.login(1), nobody)
  assert.equal(session.idleSeconds, 300)
  assert.equal(session.expiresAt - session.createdAt, 7_200_000)
})

test('a login ends with its person, with a reset, unused, and in any case', async () => {
  const { clock, house } = await start()
  await using _ = house
  const person = await enrolled(house)
  for (let each = 0; each < 51; each += 1) {
    clock.advance(14 * MINUTE)
    assert.equal(await house.codeOf('whoami', {}, as(person.token)), 'ok')
  }
  // Twelve hours.
  clock.advance(6 * MINUTE)
  assert.equal(await house.codeOf('whoami', {}, as(person.token)), 'unauthenticated')
  const idle = await house.perform('login', person.login(0), nobody)
  clock.advance(15 * MINUTE)
  assert.equal(await house.codeOf('whoami', {}, as(idle.token)), 'unauthenticated')
  // Also one that was used meanwhile, which the server holds: every use counts, and only the time since the last.
  const used = await house.perform('login', person.login(0), nobody)
  for (const minutes of [0, 14, 14]) {
    clock.advance(minutes * MINUTE)
    assert.equal(await house.codeOf('whoami', {}, as(used.token)), 'ok')
  }
  clock.advance(15 * MINUTE)
  assert.equal(await house.codeOf('whoami', {}, as(used.token)), 'unauthenticated')
  const { token } = await house.perform('login', person.login(0), nobody)
  await house.perform('principal.disable', { principal: person.id })
  assert.equal(await house.codeOf('whoami', {}, as(token)), 'unauthenticated')
  clock.advance(MINUTE)
  assert.equal(await house.codeOf('login', person.login(0), nobody), 'unauthenticated')
  await house.perform('principal.enable', { principal: person.id })
  const reset = await house.perform('login', person.login(0), nobody)
  await house.perform('person.reset', { person: person.id, hours: 1 })
  assert.equal(await house.codeOf('whoami', {}, as(reset.token)), 'unauthenticated')
  clock.advance(MINUTE)
  assert.equal(await house.codeOf('login', person.login(0), nobody), 'unauthenticated')
})

test('nobody resets themselves, or takes away what they need', async () => {
  const { house } = await start()
  await using _ = house
  const { id, token, apps } = await enrolled(house)
  const binding = { role: 'owner' as const, principal: id, scope: { kind: 'tenant' as const } }
  await house.perform('binding.create', binding)
  const reset = { person: id, hours: 1 }
  assert.equal(await house.codeOf('person.reset', reset, as(token)), 'separation_violated')
  const factor = apps[0] ?? ''
  assert.equal(await house.codeOf('factor.remove', { factor }, as(token)), 'conflict')
  assert.equal(await house.codeOf('factor.remove', { factor }), 'conflict')
})

test('a password is long, not common, not the name, and not one of those before', async () => {
  const { house } = await start()
  await using _ = house
  const { token, password, csrf } = await enrolled(house)
  assert.notEqual(csrf, '')
  const change = (next: string, current = password) =>
    house.codeOf('password.change', { current, password: next }, as(token))
  assert.equal(await change('short'), 'invalid_request')
  assert.equal(await change('passwordpassword'), 'invalid_request')
  assert.equal(await change('1234567890123456'), 'invalid_request')
  assert.equal(await change(password), 'invalid_request')
  assert.equal(await change('nine unrelated brown horses', 'wrong'), 'unauthenticated')
  assert.equal(await change('nine unrelated brown horses'), 'ok')
  assert.equal(await change(password, 'nine unrelated brown horses'), 'invalid_request')
})

test('a program is let in by whoever types its code, and told its token once', async () => {
  const { house } = await start()
  await using _ = house
  const { token, id } = await enrolled(house)
  const { deviceCode, userCode } = await house.perform('login.deviceStart', {}, nobody)
  assert.deepEqual(await house.perform('login.devicePoll', { deviceCode }, nobody), {
    status: 'pending',
  })
  await house.perform('login.deviceConfirm', { userCode }, as(token))
  const polled = await house.perform('login.devicePoll', { deviceCode }, nobody)
  assert.ok(polled.status === 'done')
  assert.equal((await house.perform('whoami', {}, as(polled.token))).principal.id, id)
  assert.equal(await house.codeOf('login.devicePoll', { deviceCode }, nobody), 'not_found')
  for (let each = 0; each < 10; each += 1)
    assert.equal(await house.codeOf('login.deviceConfirm', { userCode }, as(token)), 'not_found')
  const guess = house.perform('login.deviceConfirm', { userCode }, as(token))
  assert.equal(await codeOf(guess), 'too_many_requests')
})

test('a proof for one operation is kept for it', async () => {
  const { clock, house } = await start()
  await using _ = house
  const { token, code } = await enrolled(house)
  clock.advance(MINUTE)
  const asked = { code: code(), operation: 'random', input: {} }
  const { proof } = await house.perform('login.stepUp', asked, as(token))
  assert.match(proof ?? '', /^[0-9a-f-]{36}$/)
  const wrong = { code: code(1), operation: 'nothing', input: {} }
  assert.equal(await house.codeOf('login.stepUp', wrong, as(token)), 'invalid_request')
})
