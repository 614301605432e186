import type { InputOf } from '@claviger/contract'
import { assertionOptions, passkeyRefused } from '#access'
import { ClavigerError, type LoginSession, type Principal } from '#model'
import { wireInputDigest } from '../../logins/input-digest.ts'
import { newestOfEach } from '../../logins/new-login.ts'
import {
  challengeEnd,
  newChallenge,
  passkeysAmong,
  provePasskey,
  siteOfServer,
  takeOnce,
} from '../../logins/passkeys.ts'
import { refused } from '../../logins/refused.ts'
import { factorsOf, lockoutOf, loggedIn, proveTotp, type Proved } from '../../logins/stored.ts'
import { loginSessionRow } from '../../rows/logins.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'

/** Proving again who one is, for the login or for one operation. */

/** What the proof is for: the digest of an operation's input, or nothing for the whole login. @throws ClavigerError invalid_request */
function digestOfAsked({ operation, input = {} }: InputOf<'login.stepUpChallenge'>) {
  if (operation !== undefined) return wireInputDigest(operation, input)
  if (Object.keys(input).length > 0)
    throw new ClavigerError('invalid_request', 'input: goes with an operation', { field: 'input' })
  return undefined
}

export const stepUpChallenge: ReadVerb<'login.stepUpChallenge'> = {
  kind: 'read',
  async run(input, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    const digest = digestOfAsked(input)
    const known = passkeysAmong(await factorsOf(work, person))
    if (known.length === 0)
      throw new ClavigerError('conflict', 'There is no passkey; add one, or prove it with a code')
    const [id, challenge] = [newChallenge(), newChallenge()]
    const { id: login } = work.session.credential
    const asked = { challenge, login, operation: input.operation, digest }
    work.parts.begunLogins.stepUpChallenges.keep(id, asked, challengeEnd(work))
    return { id, options: await assertionOptions({ site: siteOfServer(work), challenge, known }) }
  },
}

/** @throws LoginRefused */
async function proveByPasskey(
  work: Work,
  person: Principal,
  answer: { readonly id: string; readonly response: unknown },
  about: { readonly operation: string | undefined; readonly digest: string | undefined },
): Promise<Proved> {
  const asked = await takeOnce(work, work.parts.begunLogins.stepUpChallenges, answer.id)
  // Asked in this login, for just this.
  if (
    asked?.login !== work.session.credential.id ||
    asked.operation !== about.operation ||
    asked.digest !== about.digest
  )
    throw passkeyRefused('wrong-challenge', person.id)
  const { response } = answer
  return provePasskey(work, { response, challenge: asked.challenge, person: person.id })
}

/** What the proof is written as: in the login, or as a proof that the operation takes along. */
async function planProved(
  work: Work,
  proved: Proved,
  about: { readonly operation: string | undefined; readonly digest: string | undefined },
) {
  const { operation, digest } = about
  const { now, parts } = work
  const { id } = work.session.credential
  const { value, standing } = await own<LoginSession>(work, 'loginSession', id)
  const authentications = newestOfEach([...value.authentications, proved.authentication])
  const output: { factors: typeof authentications; proof?: string } = { factors: authentications }
  const login: LoginSession = { ...value, authentications, seenAt: now }
  const { factor } = proved.authentication
  return {
    additive: false,
    rows: [proved.row, ...(digest === undefined ? [loginSessionRow(login)] : [])],
    unchanged: [standing, proved.standing],
    subject: value.principal,
    detail: { factor, ...(operation === undefined ? {} : { operation }) },
    output,
    after() {
      if (operation !== undefined && digest !== undefined)
        output.proof = parts.access.proofs.make(id, operation, digest, factor, now)
    },
  }
}

export const stepUp: ChangeVerb<'login.stepUp'> = {
  kind: 'change',
  async run({ code, challenge, response, operation, input }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    const digest = digestOfAsked({ operation, input })
    const about = { operation, digest }
    if (code === undefined && challenge !== undefined && response !== undefined) {
      const answer = { id: challenge, response }
      return planProved(work, await proveByPasskey(work, person, answer, about), about)
    }
    if (code === undefined || challenge !== undefined || response !== undefined)
      throw new ClavigerError(
        'invalid_request',
        'A proof is a code, or a challenge with the answer of a passkey',
        { field: 'code' },
      )
    const lockout = await lockoutOf(work, person)
    if (lockout.isLocked) throw refused('proof', 'locked', person.id)
    const proved = proveTotp(work, await factorsOf(work, person), code)
    if (proved === undefined) return lockout.failed(refused('proof', 'second-factor', person.id))
    return planProved(work, proved, about)
  },
}
