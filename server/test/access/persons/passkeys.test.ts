import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authenticator } from '../../harness/authenticator.ts'
import { DrivenClock } from '../../harness/clock.ts'
import { startHouse } from '../../harness/house.ts'
import {
  addPasskey,
  askedOf,
  enrolledWithPasskey,
  passkeyLogin,
  lastOf,
  refusedFor,
} from '../../harness/passkey-person.ts'
import { enrolled, invited, PASSWORD } from '../../harness/person.ts'

/** Passkeys in the gate: how they are set up, and what they prove. */

const nobody = { token: undefined }

test('somebody sets up a passkey alone and logs in with it, without a name', async () => {
  await using house = await startHouse()
  const person = await enrolledWithPasskey(house)
  assert.deepEqual(person.recoveryCodes, [])
  assert.deepEqual(
    person.session.factors.map(({ factor }) => factor),
    ['passkey'],
  )
  const done = await house.perform('login.passkey', await person.login(), nobody)
  assert.equal(done.session.principal, person.id)
  const me = await house.perform('whoami', {}, { token: done.token })
  assert.equal(me.principal.id, person.id)
  const entry = await lastOf(house, 'login.passkey')
  assert.equal(entry.principal, person.id)
  assert.deepEqual(entry.factors, ['login', 'passkey'])
  const { items } = await house.perform('factor.list', {}, { token: done.token })
  assert.deepEqual(
    items.map(({ kind, name, backedUp }) => ({ kind, name, backedUp })),
    [{ kind: 'passkey', name: 'laptop', backedUp: false }],
  )
  await assert.rejects(house.perform('factor.renewCodes', {}, { token: done.token }), {
    code: 'conflict',
  })
})

test('password, app and passkey can be set up together; a passkey alone is enough, a password with a passkey too', async () => {
  await using house = await startHouse()
  const person = await invited(house)
  const { secret: _, ...both } = await person.complete()
  const begun = await house.perform('enrolment.begin', { token: person.token }, nobody)
  const response = new Authenticator().register(askedOf(begun.passkey.options))
  const all = { ...both, passkey: { response, name: '' } }
  const done = await house.perform('enrolment.complete', all, nobody)
  assert.deepEqual(
    done.session.factors.map(({ factor }) => factor),
    ['passkey', 'totp', 'password'],
  )
  assert.equal(done.recoveryCodes.length, 10)
})

test('nobody sets up what would not log them in', async () => {
  await using house = await startHouse()
  const person = await invited(house)
  const { secret: _, totp, password, ...rest } = await person.complete()
  const code = async (factors: object) =>
    house.codeOf('enrolment.complete', { ...rest, ...factors }, nobody)
  assert.equal(await code({}), 'invalid_request')
  assert.equal(await code({ password }), 'invalid_request')
  assert.equal(await code({ totp }), 'invalid_request')
  const { passkey } = await house.perform('enrolment.begin', { token: person.token }, nobody)
  const response = new Authenticator().register(askedOf(passkey.options))
  // An app without the password that it goes with.
  assert.equal(await code({ totp, passkey: { response, name: '' } }), 'invalid_request')
  assert.equal(await code({ password, totp }), 'ok')
})

test('several passkeys for one person, each removed by itself, the last one never', async () => {
  await using house = await startHouse()
  const person = await enrolledWithPasskey(house)
  const { token } = person
  const { authenticator, added } = await addPasskey(house, token)
  assert.equal(added.kind, 'passkey')
  const record = await lastOf(house, 'factor.add')
  assert.equal(record.detail?.['passkey'], added.id)
  assert.match(String(record.detail?.['publicKey']), /^[A-Za-z0-9_-]{43}$/)
  for (const one of [authenticator, person.authenticator])
    await house.perform('login.passkey', await passkeyLogin(house, one), nobody)
  const { passkey } = await house.perform('factor.begin', { kind: 'passkey' }, { token })
  const excluded = passkey?.options['excludeCredentials'] as { id: string }[]
  assert.deepEqual(
    excluded.map(({ id }) => id).toSorted(),
    [authenticator.credential, person.authenticator.credential].toSorted(),
  )
  await house.perform('factor.remove', { factor: added.id }, { token })
  await refusedFor(
    house,
    'unknown-credential',
    'login.passkey',
    house.perform('login.passkey', await passkeyLogin(house, authenticator), nobody),
  )
  const [last] = (await house.perform('factor.list', {}, { token })).items
  assert.equal(
    await house.codeOf('factor.remove', { factor: last?.id ?? '' }, { token }),
    'conflict',
  )
})

test('the same passkey is not set up twice, by whomever', async () => {
  await using house = await startHouse()
  const first = await enrolledWithPasskey(house)
  const second = await enrolledWithPasskey(house)
  const { id, passkey } = await house.perform('factor.begin', { kind: 'passkey' }, second)
  // It goes on knowing whose it is.
  const { userHandle: _, ...asked } = askedOf(passkey?.options ?? {})
  const response = first.authenticator.register(asked)
  const input = { ceremony: id, name: '', response }
  await assert.rejects(house.perform('factor.add', input, second), { code: 'conflict' })
  const login = await house.perform('login.passkey', await first.login(), nobody)
  assert.equal(login.session.principal, first.id)
})

test('a disabled person has no use of a passkey, and a reset takes it away', async () => {
  await using house = await startHouse()
  const person = await enrolledWithPasskey(house)
  await house.perform('principal.disable', { principal: person.id })
  const disabled = house.perform('login.passkey', await person.login(), nobody)
  await refusedFor(house, 'disabled', 'login.passkey', disabled)
  await house.perform('principal.enable', { principal: person.id })
  await house.perform('person.reset', { person: person.id, hours: 1 })
  const gone = house.perform('login.passkey', await person.login(), nobody)
  await refusedFor(house, 'unknown-credential', 'login.passkey', gone)
})

test('a passkey proves again, for the login and for the very operation, and a code does not where it is asked', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const person = await enrolled(house)
  const { token } = person
  await house.perform('binding.create', {
    role: 'key-admin',
    principal: person.id,
    scope: { kind: 'tenant' },
  })
  const { authenticator } = await addPasskey(house, token)
  const key = (await house.createKey()).id
  const rule = { name: 'sign it', actions: ['key.suspend'], factors: ['passkey' as const] }
  await house.perform('stepUpRule.create', { ...rule, scope: { kind: 'tenant' } })
  const suspend = (stepUp?: string) =>
    house.codeOf('key.suspend', { key }, stepUp === undefined ? { token } : { token, stepUp })
  const bound = { operation: 'key.suspend', input: { key } }
  const prove = async (asked: object, sent: object = asked) => {
    const { id, options } = await house.perform('login.stepUpChallenge', asked, { token })
    const response = authenticator.assert(askedOf(options))
    return house.perform('login.stepUp', { challenge: id, response, ...sent }, { token })
  }
  assert.equal(await suspend(), 'step_up_required')
  const code = { code: person.code(1), ...bound }
  const { proof: byCode } = await house.perform('login.stepUp', code, { token })
  assert.equal(await suspend(byCode), 'step_up_required')
  const other = { operation: 'key.suspend', input: { key: (await house.createKey()).id } }
  const elsewhere = prove(other, bound)
  await refusedFor(house, 'wrong-challenge', 'login.stepUp', elsewhere)
  const { proof } = await prove(bound)
  assert.equal(await suspend(proof), 'ok')
  await house.perform('key.resume', { key })
  assert.equal(await suspend(proof), 'step_up_required')
  assert.equal((await lastOf(house, 'login.stepUp')).detail?.['factor'], 'passkey')
  clock.advance(600_000)
  assert.equal(await house.codeOf('factor.renewCodes', {}, { token }), 'step_up_required')
  const { factors } = await prove({})
  assert.ok(factors.some(({ factor }) => factor === 'passkey'))
  await house.perform('factor.renewCodes', {}, { token })
})

test('a condition on a passkey holds for logins with one, and not for others of the same person', async () => {
  await using house = await startHouse()
  const person = await enrolled(house)
  const { authenticator } = await addPasskey(house, person.token)
  await house.perform('binding.create', {
    role: 'key-admin',
    principal: person.id,
    scope: { kind: 'tenant' },
    conditions: { factors: { anyOf: ['passkey'] } },
  })
  const key = (await house.createKey()).id
  const get = (token: string | undefined) => house.codeOf('key.get', { key }, { token })
  assert.equal(await get(person.token), 'forbidden')
  const input = await passkeyLogin(house, authenticator)
  const { token } = await house.perform('login.passkey', input, nobody)
  assert.equal(await get(token), 'ok')
})

test('who is locked out by wrong codes still has the passkey, which nobody can guess', async () => {
  await using house = await startHouse()
  const person = await enrolled(house)
  const { authenticator } = await addPasskey(house, person.token)
  const wrong = { name: person.name, password: PASSWORD, code: '000000', carrier: 'token' as const }
  for (let time = 0; time < 10; time += 1)
    await house.codeOf('login', wrong, { token: undefined, source: `10.0.0.${time}` })
  assert.equal(await house.codeOf('login', person.login(), nobody), 'unauthenticated')
  await house.perform('login.passkey', await passkeyLogin(house, authenticator), nobody)
})

test('a proof is a code or an answer, not both and not half of one; without a passkey there is none', async () => {
  await using house = await startHouse()
  const person = await enrolled(house)
  const { token } = person
  assert.equal(await house.codeOf('login.stepUpChallenge', {}, { token }), 'conflict')
  for (const half of [
    {},
    { challenge: 'a' },
    { response: {} },
    { code: person.code(1), challenge: 'a', response: {} },
  ])
    assert.equal(await house.codeOf('login.stepUp', half, { token }), 'invalid_request')
})
