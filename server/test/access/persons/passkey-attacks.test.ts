import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authenticator } from '../../harness/authenticator.ts'
import { DrivenClock } from '../../harness/clock.ts'
import { startHouse } from '../../harness/house.ts'
import {
  addPasskey,
  askedOf,
  enrolledWithPasskey,
  lastOf,
  passkeyLogin,
  refusedFor,
  type Wrong,
} from '../../harness/passkey-person.ts'
import { invited } from '../../harness/person.ts'

/** What passkeys do not prove: each attack is refused with everybody's words, and the ledger has the reason. */

const nobody = { token: undefined }

const attacks: readonly (readonly [because: string, wrong: Wrong])[] = [
  ['wrong-origin', { origin: 'https://keys.example.org' }],
  ['wrong-origin', { origin: 'http://keys.example.com' }],
  ['wrong-origin', { crossOrigin: true }],
  ['wrong-rp-id', { rpId: 'example.com' }],
  ['wrong-challenge', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
  ['no-user-verification', { verified: false }],
]

for (const [because, wrong] of attacks) {
  test(`refused at every ceremony, and in the ledger, as ${because}: ${JSON.stringify(wrong)}`, async () => {
    await using house = await startHouse()
    const person = await enrolledWithPasskey(house)
    const { token, authenticator } = person
    const login = await person.login(wrong)
    const refuse = (event: string, attempt: Promise<unknown>) =>
      refusedFor(house, because, event, attempt)
    await refuse('login.passkey', house.perform('login.passkey', login, nobody))
    assert.equal((await lastOf(house, 'login.passkey')).detail?.['person'], person.id)
    const { id, options } = await house.perform('login.stepUpChallenge', {}, { token })
    const response = authenticator.assert({ ...askedOf(options), ...wrong })
    const stepUp = { challenge: id, response }
    await refuse('login.stepUp', house.perform('login.stepUp', stepUp, { token }))
    await refuse('factor.add', addPasskey(house, token, wrong))
    const another = await invited(house)
    const begun = await house.perform('enrolment.begin', { token: another.token }, nobody)
    const asked = { ...askedOf(begun.passkey.options), ...wrong }
    const passkey = { response: new Authenticator().register(asked), name: '' }
    const enrolment = { token: another.token, passkey, carrier: 'token' as const }
    await refuse('enrolment.complete', house.perform('enrolment.complete', enrolment, nobody))
  })
}

test('a challenge is gone once an answer to it was looked at, whatever came of it', async () => {
  await using house = await startHouse()
  const person = await enrolledWithPasskey(house)
  const { token, authenticator } = person
  const login = await person.login()
  const attempt = () => house.perform('login.passkey', login, nobody)
  const replayed = () => refusedFor(house, 'wrong-challenge', 'login.passkey', attempt())
  await attempt()
  await replayed()
  // Refused at first, for whatever reason: a right answer comes too late.
  const { id, options } = await house.perform('login.challenge', {}, nobody)
  const asked = askedOf(options)
  const answers = [
    authenticator.assert({ ...asked, origin: 'https://keys.example.org' }),
    new Authenticator().assert(asked),
    'nothing of an answer',
  ]
  for (const wrong of answers) {
    const { id: again, options: more } = await house.perform('login.challenge', {}, nobody)
    const input = { challenge: again, carrier: 'token' as const }
    const first = { ...input, response: typeof wrong === 'string' ? { wrong } : wrong }
    assert.equal(await house.codeOf('login.passkey', first, nobody), 'unauthenticated')
    const late = { ...input, response: authenticator.assert(askedOf(more)) }
    const trying = house.perform('login.passkey', late, nobody)
    await refusedFor(house, 'wrong-challenge', 'login.passkey', trying)
  }
  // The first one still stands, and is for a login: not for proving again, and not for a new passkey.
  const response = authenticator.assert(asked)
  await refusedFor(
    house,
    'wrong-challenge',
    'login.stepUp',
    house.perform('login.stepUp', { challenge: id, response }, { token }),
  )
  const adding = { ceremony: id, name: '', response: new Authenticator().register(asked) }
  assert.equal(await house.codeOf('factor.add', adding, { token }), 'conflict')
  const input = { challenge: id, response, carrier: 'token' as const }
  await house.perform('login.passkey', input, nobody)
})

test('challenges of enrolments and of new passkeys are gone as well', async () => {
  await using house = await startHouse()
  const { token } = await enrolledWithPasskey(house)
  const { id, passkey } = await house.perform('factor.begin', { kind: 'passkey' }, { token })
  const asked = askedOf(passkey?.options ?? {})
  const wrong = new Authenticator().register({ ...asked, verified: false })
  const right = new Authenticator().register(asked)
  const add = (response: object) =>
    house.codeOf('factor.add', { ceremony: id, name: '', response: { ...response } }, { token })
  assert.equal(await add(wrong), 'unauthenticated')
  assert.equal(await add(right), 'conflict')
  const person = await invited(house)
  const begun = await house.perform('enrolment.begin', { token: person.token }, nobody)
  const enrolment = askedOf(begun.passkey.options)
  const complete = (verified: boolean) => {
    const response = new Authenticator().register({ ...enrolment, verified })
    const input = {
      token: person.token,
      passkey: { response, name: '' },
      carrier: 'token' as const,
    }
    return house.perform('enrolment.complete', input, nobody)
  }
  await refusedFor(house, 'no-user-verification', 'enrolment.complete', complete(false))
  await refusedFor(house, 'wrong-challenge', 'enrolment.complete', complete(true))
})

test('a challenge does not live longer than it says', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const person = await enrolledWithPasskey(house)
  const login = await person.login()
  clock.advance(299_000)
  await house.perform('login.passkey', login, nobody)
  const late = await person.login()
  clock.advance(300_000)
  const trying = house.perform('login.passkey', late, nobody)
  await refusedFor(house, 'wrong-challenge', 'login.passkey', trying)
})

test("another's passkey proves nothing in one's own login, and one that nobody knows proves nothing at all", async () => {
  await using house = await startHouse()
  const mine = await enrolledWithPasskey(house)
  const theirs = await enrolledWithPasskey(house)
  const { token } = mine
  const { id, options } = await house.perform('login.stepUpChallenge', {}, { token })
  const response = theirs.authenticator.assert(askedOf(options))
  await refusedFor(
    house,
    'wrong-user',
    'login.stepUp',
    house.perform('login.stepUp', { challenge: id, response }, { token }),
  )
  // A challenge of another login of the same person is not for this one.
  const other = await house.perform('login.passkey', await mine.login(), nobody)
  const asked = await house.perform('login.stepUpChallenge', {}, { token: other.token })
  const stolen = {
    challenge: asked.id,
    response: mine.authenticator.assert(askedOf(asked.options)),
  }
  const trying = house.perform('login.stepUp', stolen, { token })
  await refusedFor(house, 'wrong-challenge', 'login.stepUp', trying)
  // Posing as somebody else's credential, with a signature of one's own.
  const login = await mine.login()
  const posing = { ...login.response, id: theirs.authenticator.credential }
  const posed = { ...login, response: { ...posing, rawId: posing.id } }
  const posingLogin = house.perform('login.passkey', posed, nobody)
  await refusedFor(house, 'wrong-user', 'login.passkey', posingLogin)
  const unknown = await passkeyLogin(house, new Authenticator())
  const unknownLogin = house.perform('login.passkey', unknown, nobody)
  await refusedFor(house, 'unknown-credential', 'login.passkey', unknownLogin)
})

test('a counter that goes back or stays is of a copy; what has none stays at zero', async () => {
  await using house = await startHouse()
  const person = await enrolledWithPasskey(house, 4)
  const attempt = async (counter: number) =>
    house.perform('login.passkey', await person.login({ counter }), nobody)
  await attempt(5)
  for (const counter of [5, 4, 0])
    await refusedFor(house, 'counter', 'login.passkey', attempt(counter))
  await attempt(6)
  await refusedFor(house, 'counter', 'login.passkey', attempt(6))
  const without = await enrolledWithPasskey(house)
  for (let time = 0; time < 2; time += 1)
    await house.perform('login.passkey', await without.login({ counter: 0 }), nobody)
})

test('logins with one passkey at the same time: each that succeeds counts further, and none refuses itself', async () => {
  await using house = await startHouse()
  const person = await enrolledWithPasskey(house)
  const many = await Promise.all(Array.from({ length: 6 }, () => person.login({ counter: 0 })))
  const done = await Promise.all(many.map((one) => house.perform('login.passkey', one, nobody)))
  assert.equal(new Set(done.map(({ session }) => session.id)).size, 6)
  const counted = await enrolledWithPasskey(house, 1)
  const inputs = [2, 3, 4, 5].map((counter) => counted.login({ counter }))
  const same = await Promise.all(inputs)
  const codes = await Promise.all(same.map((one) => house.codeOf('login.passkey', one, nobody)))
  assert.ok(codes.includes('ok'))
  assert.ok(codes.every((code) => code === 'ok' || code === 'unauthenticated'))
  await house.perform('login.passkey', await counted.login({ counter: 6 }), nobody)
})
