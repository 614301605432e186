import type { InputOf } from '@claviger/contract'
import { newTotpSecret, registrationOptions, totpSetup, totpStep, type Begun } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type Factor, type Principal } from '#model'
import type { BegunFactor } from '../../logins/begun-logins.ts'
import { assertFresh } from '../../logins/fresh.ts'
import {
  addPasskey,
  challengeEnd,
  newChallenge,
  passkeysAmong,
  siteOfServer,
  takeOnce,
} from '../../logins/passkeys.ts'
import { FACTORS_MAX, factorsOf, loggedIn, wrapTotp } from '../../logins/stored.ts'
import { factorRow } from '../../rows/logins.ts'
import { holds } from '../../until-recorded.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { factorView } from './factors.ts'

/** Adding an authenticator app or a passkey of one's own. */

/** How long there is to set an app up. */
const BEGUN_MS = 1_800_000

export const beginFactor: ReadVerb<'factor.begin'> = {
  kind: 'read',
  async run({ kind }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    const { id: principal } = person
    const { factors } = work.parts.begunLogins
    const id = newChallenge()
    if (kind === 'totp') {
      const secret = newTotpSecret()
      const expiresAt = work.now + BEGUN_MS
      factors.keep(id, { kind, principal, secret }, expiresAt)
      return { id, totp: totpSetup(secret, person.name), expiresAt }
    }
    const challenge = newChallenge()
    const expiresAt = challengeEnd(work)
    factors.keep(id, { kind, principal, challenge }, expiresAt)
    const known = passkeysAmong(await factorsOf(work, person))
    const site = siteOfServer(work)
    const options = await registrationOptions({ site, challenge, person, known })
    return { id, passkey: { options }, expiresAt }
  },
}

/** @throws ClavigerError conflict where that was not begun, or is somebody else's; they are told the same */
async function begunOf(
  work: Work,
  factors: Begun<BegunFactor>,
  { ceremony, response }: Pick<InputOf<'factor.add'>, 'ceremony' | 'response'>,
): Promise<BegunFactor> {
  // A wrong code may be typed again. A passkey's answer is looked at once.
  const begun =
    response === undefined
      ? factors.find(ceremony, work.now)
      : await takeOnce(work, factors, ceremony)
  if (begun?.principal !== work.caller.principal)
    throw new ClavigerError(
      'conflict',
      'Nothing of that id was begun, or too long ago; begin again',
    )
  return begun
}

function newApp(
  work: Work,
  { id: principal, tenant }: Principal,
  about: { readonly secret: Buffer; readonly code: string | undefined; readonly name: string },
) {
  const { secret, code = '', name } = about
  const createdAt = work.now
  const lastStep = totpStep(secret, code, 0, createdAt)
  if (lastStep === undefined)
    throw new ClavigerError('invalid_request', 'The code is not the one that the app shows now', {
      field: 'code',
    })
  const id = newId()
  const factor: Factor = { id, kind: 'totp', principal, tenant, name, createdAt, lastStep }
  return {
    factor,
    row: factorRow(factor, wrapTotp(work, tenant, id, secret)),
    absent: { kind: 'factor' as const, id },
    detail: {},
  }
}

/** @throws ClavigerError conflict */
async function assertRoom(work: Work, person: Principal): Promise<void> {
  const { length } = await factorsOf(work, person)
  if (length >= FACTORS_MAX)
    throw new ClavigerError('conflict', `There are ${FACTORS_MAX} factors; remove one first`)
}

export const addFactor: ChangeVerb<'factor.add'> = {
  kind: 'change',
  async run({ ceremony, name, code, response }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    // Before the answer is looked at, so that it can be sent again once this is done.
    assertFresh(work)
    const { factors } = work.parts.begunLogins
    const begun = await begunOf(work, factors, { ceremony, response })
    await holds(work, () => assertRoom(work, person))
    if (begun.kind === 'passkey' && response === undefined)
      throw new ClavigerError('invalid_request', 'The answer of the new passkey is not there', {
        field: 'response',
      })
    const added =
      begun.kind === 'totp'
        ? newApp(work, person, { secret: begun.secret, code, name })
        : await addPasskey(work, { response, challenge: begun.challenge, name, person })
    const { factor, row, absent, detail } = added
    return {
      // Nobody has more than are looked at, and a reset takes them all away.
      additive: false,
      rows: [row],
      absent: [absent],
      taken: 'This passkey is set up already',
      subject: factor.id,
      detail: { principal: person.id, kind: factor.kind, ...detail },
      output: factorView(factor),
      after: () => factors.forget(ceremony),
    }
  },
}
