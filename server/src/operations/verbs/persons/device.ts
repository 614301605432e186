import { secretName } from '#access'
import { randomSecret } from '#keyring'
import { ClavigerError, type LoginSession } from '#model'
import type { WaitingDevice } from '../../logins/begun-logins.ts'
import { assertFresh } from '../../logins/fresh.ts'
import { newLogin } from '../../logins/new-login.ts'
import { loggedIn } from '../../logins/stored.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { own } from '../own.ts'

/** Letting a program in that has no browser (RFC 8628). */

const LIFE_MS = 600_000
const INTERVAL_SECONDS = 2
/** RFC 8628 section 6.1: no vowels, so that no words come about. 20 letters, 8 of them. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
/** So many codes that are none may a person type while one lives (section 5.1). */
const WRONG_MAX = 10

function newUserCode(): string {
  let letters = ''
  // Bytes from 240 on would make the first letters likelier.
  while (letters.length < 8)
    for (const byte of randomSecret(16)) if (byte < 240) letters += LETTERS[byte % LETTERS.length]
  return `${letters.slice(0, 4)}-${letters.slice(4, 8)}`
}

export const deviceStart: ReadVerb<'login.deviceStart'> = {
  kind: 'read',
  run(_input, work) {
    work.authorizeAnybody()
    const { devices, userCodes } = work.parts.begunLogins
    const deviceCode = randomSecret(32).toString('base64url')
    const userCode = newUserCode()
    const expiresAt = work.now + LIFE_MS
    const device: WaitingDevice = { userCode, expiresAt }
    devices.keep(secretName(deviceCode), device, expiresAt)
    userCodes.keep(userCode, device, expiresAt)
    return { deviceCode, userCode, page: '/device', intervalSeconds: INTERVAL_SECONDS, expiresAt }
  },
}

/** @throws ClavigerError too_many_requests for somebody who guesses, not_found */
function waiting(work: Work, userCode: string): WaitingDevice {
  const { userCodes, wrongUserCodes } = work.parts.begunLogins
  const { now, caller } = work
  const wrong = wrongUserCodes.find(caller.principal, now) ?? { count: 0 }
  if (wrong.count >= WRONG_MAX)
    throw new ClavigerError('too_many_requests', 'Too many wrong codes; wait ten minutes')
  const device = userCodes.find(userCode, now)
  if (device !== undefined && device.done === undefined) return device
  wrongUserCodes.keep(caller.principal, { count: wrong.count + 1 }, now + LIFE_MS)
  throw new ClavigerError('not_found', 'No program waits with that code; look at what it shows')
}

export const deviceConfirm: ChangeVerb<'login.deviceConfirm'> = {
  kind: 'change',
  async run({ userCode }, work) {
    work.authorizeAnybody()
    const person = loggedIn(work)
    assertFresh(work)
    const device = waiting(work, userCode)
    const { authentications = [] } = work.caller
    // It is worth no more than the login that lets it in, and rests on the same.
    const { id } = work.session.credential
    const { value, standing } = await own<LoginSession>(work, 'loginSession', id)
    const { provider, link } = value
    const made = await newLogin(work, { principal: person, authentications, provider, link })
    const { session, token } = made.output
    return {
      // What ends logins ends this one too.
      additive: false,
      rows: [made.row],
      absent: [made.absent],
      unchanged: [standing],
      subject: made.login.id,
      detail: { principal: person.id },
      output: { session },
      after() {
        work.parts.begunLogins.userCodes.forget(userCode)
        device.done ??= { session, token }
      },
    }
  },
}

export const devicePoll: ReadVerb<'login.devicePoll'> = {
  kind: 'read',
  run({ deviceCode }, work) {
    work.authorizeAnybody()
    const { devices } = work.parts.begunLogins
    const name = secretName(deviceCode)
    const device = devices.find(name, work.now)
    if (device === undefined)
      throw new ClavigerError(
        'not_found',
        'The code is unknown, was used, or is too old; begin again',
      )
    if (device.done === undefined) return { status: 'pending' }
    devices.forget(name)
    return { status: 'done', ...device.done }
  },
}
