import assert from 'node:assert/strict'
import { Authenticator, type AnswerOptions } from './authenticator.ts'
import { PUBLIC_URL, type TestHouse } from './house.ts'
import { invited } from './person.ts'

/** Persons with passkeys, which an authenticator in software holds. */

/** What browsers are told, as far as an authenticator looks at it. */
interface Options {
  readonly challenge: string
  readonly user: { readonly id: string }
}

/** What an authenticator makes of the options of the house, unless somebody changes it. */
export function askedOf(options: Record<string, unknown>): AnswerOptions {
  const { challenge, user } = options as unknown as Options
  return {
    origin: PUBLIC_URL,
    rpId: new URL(PUBLIC_URL).hostname,
    challenge,
    ...((user as Options['user'] | undefined) === undefined ? {} : { userHandle: user.id }),
  }
}

export type Wrong = Partial<AnswerOptions>

/** Somebody who has set up a passkey with a link, and nothing else. */
export async function enrolledWithPasskey(house: TestHouse, counter = 0) {
  const person = await invited(house)
  const { authenticator, done } = await completedWithPasskey(house, person.token, counter)
  return {
    ...person,
    authenticator,
    token: done.token ?? '',
    session: done.session,
    recoveryCodes: done.recoveryCodes,
    /** What logs the person in, with what is changed in the answer. */
    login: (wrong: Wrong = {}) => passkeyLogin(house, authenticator, wrong),
  }
}

/** Sets up a passkey with the token of a link, and nothing else. */
export async function completedWithPasskey(house: TestHouse, token: string, counter = 0) {
  const authenticator = new Authenticator()
  const begun = await house.perform('enrolment.begin', { token }, { token: undefined })
  const asked = { ...askedOf(begun.passkey.options), counter }
  const passkey = { response: authenticator.register(asked), name: 'laptop' }
  const done = await house.perform(
    'enrolment.complete',
    { token, passkey, carrier: 'token' },
    { token: undefined },
  )
  return { authenticator, done }
}

/** The input of a login with what an authenticator holds. */
export async function passkeyLogin(
  house: TestHouse,
  authenticator: Authenticator,
  wrong: Wrong = {},
) {
  const { id, options } = await house.perform('login.challenge', {}, { token: undefined })
  const response = authenticator.assert({ ...askedOf(options), ...wrong })
  return { challenge: id, response, carrier: 'token' as const }
}

/** A new passkey of somebody who is logged in. */
export async function addPasskey(house: TestHouse, token: string, wrong: Wrong = {}) {
  const authenticator = new Authenticator()
  const { id, passkey } = await house.perform('factor.begin', { kind: 'passkey' }, { token })
  const response = authenticator.register({ ...askedOf(passkey?.options ?? {}), ...wrong })
  const input = { ceremony: id, name: 'security key', response }
  const added = await house.perform('factor.add', input, { token })
  return { authenticator, added, input }
}

/** The last record of an event, with what it says of itself. */
export async function lastOf(house: TestHouse, event: string) {
  const entry = (await house.entries()).findLast((one) => one.event === event)
  assert.ok(entry !== undefined)
  return entry
}

/** That it is refused with everybody's words, and that the ledger has the reason. */
export async function refusedFor(
  house: TestHouse,
  because: string,
  event: string,
  attempt: Promise<unknown>,
): Promise<void> {
  await assert.rejects(attempt, {
    code: 'unauthenticated',
    message:
      'The passkey did not prove who you are; begin again and use a passkey that is set up here',
  })
  const { outcome, reason, detail } = await lastOf(house, event)
  assert.deepEqual(
    { outcome, reason, because: detail?.['because'] },
    { outcome: 'denied', reason: 'unauthenticated', because },
  )
}
