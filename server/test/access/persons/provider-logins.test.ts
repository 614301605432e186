import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { systemClock } from '#model'
import { codeOf, startHouse } from '../../harness/house.ts'
import { linkAnswer, providerAnswer, providerOf } from '../../harness/inputs-of-providers.ts'
import { CLIENT_SECRET, TestProvider } from '../../harness/login-provider.ts'
import { Meanwhile } from '../../harness/meanwhile.ts'
import { askedOf, completedWithPasskey, enrolledWithPasskey } from '../../harness/passkey-person.ts'
import { enrolled, invited } from '../../harness/person.ts'
import { performSigned } from '../../harness/signed.ts'

/** Persons who log in with a provider: who they are here, what they prove beside it, and when it ends. */

let ahead = 0
const clock = { now: () => systemClock.now() + ahead }
const meanwhile = new Meanwhile()
const house = await startHouse({ clock, wrapStore: meanwhile.wrapStore })
const provider = await TestProvider.start()
after(async () => {
  await house.close()
  await provider[Symbol.asyncDispose]()
})

const nobody = { token: undefined }
let subjects = 0

/** A subject that nobody here is yet. */
function somebody(person: Parameters<typeof provider.people.set>[1] = {}): string {
  subjects += 1
  const subject = `subject-${subjects}`
  provider.people.set(subject, { claims: { preferred_username: subject }, ...person })
  return subject
}

async function providing(more: Partial<InputOf<'loginProvider.create'>> = {}) {
  const input = await providerOf(provider, { admits: false, strong: [], ...more })
  return house.perform('loginProvider.create', input)
}

async function begin(id: string, subject: string) {
  const { url: _, ...step } = await providerAnswer(house, provider, { provider: id }, subject)
  return step
}

const finish = (input: InputOf<'login.provider'>) => house.perform('login.provider', input, nobody)

/** A whole login, where the provider is enough. */
async function logIn(id: string, subject: string) {
  const done = await finish(await begin(id, subject))
  assert.equal(done.status, 'done')
  return {
    token: done.token ?? '',
    factors: done.session.factors,
    principal: done.session.principal,
  }
}

/** Why the last entry says somebody was refused. */
async function reason() {
  const entry = (await house.entries()).at(-1)
  assert.equal(entry?.outcome, 'denied')
  return entry?.detail?.['because']
}

const who = (token: string) => house.codeOf('whoami', {}, { token })

async function refusedFor(id: string, subject: string) {
  ahead += 1_000
  const step = await begin(id, subject)
  assert.equal(await house.codeOf('login.provider', step, nobody), 'unauthenticated')
  return reason()
}

/** Somebody with an authenticator app who links themselves with a provider. */
async function linked(id: string, subject: string) {
  const person = await enrolled(house)
  const { token } = person
  const answer = await linkAnswer(house, provider, { provider: id, subject, token })
  await house.perform('login.providerLink', answer, { token })
  return person
}

test('a login ends with its link and with its provider, from the answer of the call', async () => {
  const { id } = await providing({ strong: ['mfa'], admits: true })
  const subject = somebody({ amr: ['mfa'] })
  const held = await logIn(id, subject)
  const { principal } = held
  const unheld = await logIn(id, subject)
  const temporary = await house.perform('session.create', { name: 'cli', seconds: 900 }, held)
  assert.equal(await who(held.token), 'ok')
  assert.equal(await codeOf(performSigned(house, temporary, 'whoami', {})), 'ok')
  const { deviceCode, userCode } = await house.perform('login.deviceStart', {}, nobody)
  await house.perform('login.deviceConfirm', { userCode }, held)
  const device = await house.perform('login.devicePoll', { deviceCode }, nobody)
  assert.ok(device.status === 'done')
  await house.perform('loginProvider.unlink', { provider: id, principal })
  for (const token of [held.token, unheld.token, device.token])
    assert.equal(await who(token), 'unauthenticated')
  const signed = performSigned(house, temporary, 'whoami', {})
  assert.equal(await codeOf(signed), 'unauthenticated', 'what was made with it')
  assert.equal(await house.codeOf('loginProvider.unlink', { provider: id, principal }), 'not_found')

  // What has ended stays ended, where the same person is linked with the same subject anew.
  await house.perform('loginProvider.link', { provider: id, principal, subject })
  for (const token of [held.token, unheld.token, device.token])
    assert.equal(await who(token), 'unauthenticated')
  const anew = performSigned(house, temporary, 'whoami', {})
  assert.equal(await codeOf(anew), 'unauthenticated')
  assert.equal(await who((await logIn(id, subject)).token), 'ok')

  const next = await logIn(id, somebody({ amr: ['mfa'] }))
  assert.equal(await who(next.token), 'ok')
  await house.perform('loginProvider.update', { provider: id, name: 'renamed' })
  assert.equal(await who(next.token), 'ok', 'a provider that is changed is still there')
  await house.perform('loginProvider.delete', { provider: id })
  assert.equal(await who(next.token), 'unauthenticated')
  const { items } = await house.perform('loginProvider.names', {}, nobody)
  assert.equal(
    items.some((one) => one.id === id),
    false,
  )
})

test('the client secret is kept wrapped and shown nowhere', async () => {
  const made = await providing()
  assert.equal(made.hasSecret, true)
  const { items } = await house.perform('loginProvider.list', { limit: 100 })
  const updated = await house.perform('loginProvider.update', {
    provider: made.id,
    clientSecret: 'x y',
  })
  const rows = await house.store.rows([{ kind: 'loginProvider', id: made.id }])
  const { items: names } = await house.perform('loginProvider.names', {}, nobody)
  assert.deepEqual(
    names.find(({ id }) => id === made.id),
    { id: made.id, name: made.name },
  )
  const everything = JSON.stringify([items, updated, rows, names, await house.entries()])
  assert.equal(everything.includes(CLIENT_SECRET), false)
  assert.equal(everything.includes('x y'), false)
  assert.equal(Buffer.from(rows[0]?.material ?? []).includes('x y'), false)
  await house.perform('loginProvider.update', { provider: made.id, clientSecret: CLIENT_SECRET })
  assert.equal(await house.codeOf('loginProvider.update', { provider: made.id }), 'invalid_request')
})

test('a provider that vouches is two factors; nobody is added unless it admits persons', async () => {
  const subject = somebody({ amr: ['mfa'], claims: { preferred_username: 'Ada L.' } })
  const strict = await providing({ strong: ['mfa'] })
  assert.equal(await refusedFor(strict.id, subject), 'unknown')
  const { id } = await providing({ strong: ['mfa'], admits: true })
  const { token, factors, principal } = await logIn(id, subject)
  assert.deepEqual(
    factors.map(({ factor }) => factor),
    ['provider-mfa'],
  )
  assert.ok((factors[0]?.at ?? 0) > systemClock.now() - 60_000, 'when the provider says it was')
  const me = await house.perform('whoami', {}, { token })
  assert.match(me.principal.name, /^Ada-L\.-[0-9a-f]{8}$/)
  assert.equal(me.principal.kind, 'user')
  const entry = (await house.entries()).findLast(({ event }) => event === 'login.provider')
  assert.deepEqual(
    [entry?.outcome, entry?.principal, entry?.factors, entry?.detail?.['provider']],
    ['ok', principal, ['login', 'provider-mfa'], id],
  )
  assert.equal((await logIn(id, subject)).principal, principal, 'the same person again')
  const other = somebody({ amr: ['mfa'], claims: { preferred_username: 'Ada L.' } })
  const second = await logIn(id, other)
  assert.notEqual(second.principal, principal)
  const named = await house.perform('whoami', {}, { token: second.token })
  assert.match(named.principal.name, /^Ada-L\.-[0-9a-f]{8}$/)
  assert.equal(await house.codeOf('person.invite', { person: principal, hours: 1 }), 'conflict')
  const weak = somebody({ amr: ['pwd'] })
  assert.equal(await refusedFor(id, weak), 'second-factor', 'nobody is added with one factor')
})

test('amr and acr count only where the provider is set up to vouch with them', async () => {
  const subject = somebody({ amr: ['mfa'], acr: 'urn:example:gold' })
  const silent = await providing({ admits: true })
  assert.equal(await refusedFor(silent.id, subject), 'second-factor')
  const byClass = await providing({ admits: true, strong: ['urn:example:gold'] })
  assert.equal(await who((await logIn(byClass.id, subject)).token), 'ok')
})

test('a provider that does not vouch is one factor, and the person’s own is the other', async () => {
  const { id } = await providing()
  const subject = somebody()
  const person = await linked(id, subject)
  const step = await finish(await begin(id, subject))
  assert.ok(step.status === 'second-factor')
  assert.deepEqual(step.factors, ['totp', 'recovery-code'])
  const wrong = { flow: step.flow, code: '000000', carrier: 'token' as const }
  assert.equal(await house.codeOf('login.provider', wrong, nobody), 'unauthenticated')
  assert.equal(await reason(), 'second-factor')
  ahead += 30_000
  const done = await finish({ flow: step.flow, code: person.code(), carrier: 'token' })
  assert.ok(done.status === 'done')
  assert.deepEqual(
    done.session.factors.map(({ factor }) => factor),
    ['provider', 'totp'],
  )
  assert.equal(await who(done.token ?? ''), 'ok')
  const replayed = { flow: step.flow, code: person.code(1), carrier: 'token' as const }
  assert.equal(await house.codeOf('login.provider', replayed, nobody), 'unauthenticated')
  assert.equal(await reason(), 'flow')

  const again = await finish(await begin(id, subject))
  assert.ok(again.status === 'second-factor')
  const recoveryCode = person.recoveryCodes[0] ?? ''
  const byCode = await finish({ flow: again.flow, recoveryCode, carrier: 'token' })
  assert.equal(byCode.status, 'done')
})

test('a passkey is the other factor too, for the challenge of this login alone', async () => {
  const { id } = await providing({ linkClaim: 'preferred_username' })
  const person = await enrolledWithPasskey(house)
  const subject = somebody({ claims: { preferred_username: person.name } })
  const asks = async () => {
    const step = await finish(await begin(id, subject))
    assert.ok(step.status === 'second-factor' && step.passkey !== undefined)
    assert.equal(step.factors[0], 'passkey')
    assert.equal(step.factors.includes('totp'), false)
    const response = person.authenticator.assert(askedOf(step.passkey.options))
    return { flow: step.flow, response, carrier: 'token' as const }
  }
  const [one, two] = [await asks(), await asks()]
  const swapped = { ...one, response: two.response }
  assert.equal(await house.codeOf('login.provider', swapped, nobody), 'unauthenticated')
  assert.equal(await house.codeOf('login.provider', one, nobody), 'unauthenticated', 'used up')
  const done = await finish(two)
  assert.ok(done.status === 'done')
  assert.equal(done.session.principal, person.id)
  assert.deepEqual(
    done.session.factors.map(({ factor }) => factor),
    ['provider', 'passkey'],
  )
  const stranger = await enrolledWithPasskey(house)
  const step = await finish(await begin(id, subject))
  assert.ok(step.status === 'second-factor' && step.passkey !== undefined)
  const response = stranger.authenticator.assert(askedOf(step.passkey.options))
  const another = { flow: step.flow, response, carrier: 'token' as const }
  assert.equal(await house.codeOf('login.provider', another, nobody), 'unauthenticated')
})

test('a few wrong codes end the login, and each counts towards the lockout', async () => {
  const { id } = await providing()
  const subject = somebody()
  const person = await linked(id, subject)
  const guess = async () => {
    const step = await finish(await begin(id, subject))
    assert.ok(step.status === 'second-factor')
    const wrong = { flow: step.flow, code: '000000', carrier: 'token' as const }
    for (const because of ['second-factor', 'second-factor', 'second-factor', 'flow']) {
      ahead += 1_000
      assert.equal(await house.codeOf('login.provider', wrong, nobody), 'unauthenticated')
      assert.equal(await reason(), because)
    }
  }
  for (let round = 0; round < 3; round += 1) await guess()
  const step = await finish(await begin(id, subject))
  assert.ok(step.status === 'second-factor')
  const tenth = { flow: step.flow, code: '000000', carrier: 'token' as const }
  await house.codeOf('login.provider', tenth, nobody)
  ahead += 30_000
  const right = { flow: step.flow, code: person.code(), carrier: 'token' as const }
  assert.equal(await house.codeOf('login.provider', right, nobody), 'unauthenticated')
  assert.equal(await reason(), 'locked')
})

test('who may log in is linked by others only while they cannot log in yet', async () => {
  const { id } = await providing({ strong: ['mfa'] })
  const subject = somebody({ amr: ['mfa'] })
  const person = await invited(house)
  const link = { provider: id, principal: person.id, subject }
  await house.perform('loginProvider.link', link)
  assert.equal(await house.codeOf('loginProvider.link', { ...link, subject: 'x' }), 'conflict')
  const another = await invited(house)
  assert.equal(
    await house.codeOf('loginProvider.link', { ...link, principal: another.id }),
    'conflict',
  )
  const { token, principal } = await logIn(id, subject)
  assert.equal(principal, person.id)
  // Now the provider alone lets them in: nobody else sets up factors, or another provider, for them.
  const second = await providing({ strong: ['mfa'] })
  const elsewhere = { provider: second.id, principal: person.id, subject }
  assert.equal(await house.codeOf('loginProvider.link', elsewhere), 'conflict')
  assert.equal(await house.codeOf('person.invite', { person: person.id, hours: 1 }), 'conflict')
  const ready = await enrolled(house)
  assert.equal(
    await house.codeOf('loginProvider.link', { ...elsewhere, principal: ready.id }),
    'conflict',
  )
  const { id: service } = await house.createUser()
  assert.equal(
    await house.codeOf('loginProvider.link', { ...elsewhere, principal: service }),
    'conflict',
  )
  // A reset takes all of it away.
  await house.perform('person.reset', { person: person.id, hours: 1 })
  assert.equal(await who(token), 'unauthenticated')
  assert.equal(await refusedFor(id, subject), 'unknown')
})

test('a claim that the provider checked names a person at the first login', async () => {
  const { id } = await providing({ strong: ['mfa'], linkClaim: 'email' })
  const claims = (email: string, verified?: boolean) => ({ email, email_verified: verified })
  const named = 'eve@example.com'
  const made = await house.perform('principal.create', { name: named, kind: 'user' })
  for (const verified of [undefined, false]) {
    const liar = somebody({ amr: ['mfa'], claims: claims(named, verified) })
    assert.equal(await refusedFor(id, liar), 'unknown', 'an address that was not checked')
  }
  const first = somebody({ amr: ['mfa'], claims: claims(named, true) })
  assert.equal((await logIn(id, first)).principal, made.id)
  const second = somebody({ amr: ['mfa'], claims: claims(named, true) })
  assert.equal(await refusedFor(id, second), 'linked', 'one person, one subject')

  // Whoever has factors here proves one, or the claim alone would be a reset.
  const byName = await providing({ strong: ['mfa'], linkClaim: 'preferred_username' })
  const person = await enrolled(house)
  const subject = somebody({ amr: ['mfa'], claims: { preferred_username: person.name } })
  const step = await finish(await begin(byName.id, subject))
  assert.ok(step.status === 'second-factor')
  assert.equal(
    (await house.perform('login.list', { principal: person.id, limit: 10 })).items.length,
    1,
  )
  ahead += 30_000
  const done = await finish({ flow: step.flow, code: person.code(), carrier: 'token' })
  assert.ok(done.status === 'done')
  assert.equal(done.session.principal, person.id)
  assert.equal((await logIn(byName.id, subject)).principal, person.id, 'from then on it vouches')
})

test('who sets up a passkey at that moment is not taken for somebody without factors', async () => {
  const { id } = await providing({ strong: ['mfa'], linkClaim: 'preferred_username' })
  const person = await invited(house)
  const subject = somebody({ amr: ['mfa'], claims: { preferred_username: person.name } })
  const step = await begin(id, subject)
  meanwhile.after('factor', () => completedWithPasskey(house, person.token))
  assert.equal(await house.codeOf('login.provider', step, nobody), 'unauthenticated')
  assert.equal(await reason(), 'second-factor')
})

test('a disabled person does not come back, not even as somebody new', async () => {
  const { id } = await providing({ strong: ['mfa'], admits: true, linkClaim: 'preferred_username' })
  const subject = somebody({ amr: ['mfa'], claims: { preferred_username: 'frank' } })
  const { token, principal } = await logIn(id, subject)
  await house.perform('principal.disable', { principal })
  assert.equal(await who(token), 'unauthenticated')
  assert.equal(await refusedFor(id, subject), 'disabled')
  const other = somebody({ amr: ['mfa'], claims: { preferred_username: 'frank' } })
  assert.equal(await refusedFor(id, other), 'disabled')
})

test('nobody comes in under a name that they chose, which a grant or a policy may wait for', async () => {
  const { id } = await providing({ strong: ['mfa'], admits: true })
  const { id: key } = await house.createKey()
  const operations = ['Encrypt']
  await house.perform('grant.create', { key, grantee: 'deployer', operations })
  const claims = { preferred_username: 'deployer', email: 'deployer' }
  const { token } = await logIn(id, somebody({ amr: ['mfa'], claims }))
  const input = { key, plaintext: Buffer.from('x') }
  assert.equal(await house.codeOf('encrypt', input, { token }), 'forbidden')
})
