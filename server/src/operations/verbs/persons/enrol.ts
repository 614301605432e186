import { newTotpSecret, parseToken, proves, registrationOptions, totpSetup } from '#access'
import { newestRow } from '#keyring'
import type { Enrolment, Tenant } from '#model'
import { newLogin } from '../../logins/new-login.ts'
import { challengeEnd, newChallenge, siteOfServer, takeOnce } from '../../logins/passkeys.ts'
import { refused } from '../../logins/refused.ts'
import { enrolmentRow } from '../../rows/logins.ts'
import { readSettings } from '../../settings.ts'
import { standingPrincipal } from '../../standing-principal.ts'
import type { ChangeVerb, ReadVerb } from '../../verb.ts'
import type { Work } from '../../work.ts'
import {
  assertLogsIn,
  firstApp,
  firstCodes,
  firstPasskey,
  firstPassword,
  type First,
} from './first-factors.ts'

/** How a person gets the first factors, with a link that is used once. */

/** What was begun with a link is kept so long. */
const BEGUN_MS = 3_600_000

/** The link that a secret belongs to, and its person. @throws LoginRefused */
async function openLink(work: Work, text: string) {
  const { parts, now } = work
  const presented = parseToken(text, 'clve')
  const row = presented && (await newestRow(parts.store, { kind: 'enrolment', id: presented.id }))
  const enrolment = row && parts.seals.open<Enrolment>(row)
  if (
    presented === undefined ||
    row === undefined ||
    enrolment === undefined ||
    !proves(presented, enrolment.hash) ||
    enrolment.usedAt !== undefined ||
    enrolment.expiresAt <= now
  )
    throw refused('link', 'link')
  const held = await standingPrincipal(work, enrolment.principal)
  if (held?.principal.state !== 'enabled') throw refused('link', 'disabled', enrolment.principal)
  return {
    enrolment,
    person: held.principal,
    unchanged: [
      { kind: 'enrolment' as const, id: enrolment.id, revision: row.revision },
      held.standing,
    ],
  }
}

export const beginEnrolment: ReadVerb<'enrolment.begin'> = {
  kind: 'read',
  async run({ token }, work) {
    work.authorizeAnybody()
    const { enrolment, person } = await openLink(work, token)
    const { parts, now } = work
    const { enrolments } = parts.begunLogins
    // Who opens the link again sees the same secret, and the app that has it already stays good.
    const secret = enrolments.find(enrolment.id, now) ?? newTotpSecret()
    enrolments.keep(enrolment.id, secret, now + BEGUN_MS)
    // Another one each time: only the newest can be answered, and that once.
    const challenge = newChallenge()
    parts.begunLogins.enrolmentChallenges.keep(enrolment.id, challenge, challengeEnd(work))
    const tenant = await newestRow(parts.store, { kind: 'tenant', id: person.tenant })
    const { value: settings } = await readSettings(work, person.tenant)
    return {
      name: person.name,
      tenantName: tenant === undefined ? '' : parts.seals.open<Tenant>(tenant).name,
      totp: totpSetup(secret, person.name),
      passkey: {
        options: await registrationOptions({
          site: siteOfServer(work),
          challenge,
          person,
          known: [],
        }),
      },
      passwordLength: settings.passwordLength,
      expiresAt: enrolment.expiresAt,
    }
  },
}

export const completeEnrolment: ChangeVerb<'enrolment.complete'> = {
  kind: 'change',
  async run(input, work) {
    work.authorizeAnybody()
    const { password, totp, passkey } = input
    const { enrolment, person, unchanged } = await openLink(work, input.token)
    const { parts, now } = work
    const { enrolments, enrolmentChallenges } = parts.begunLogins
    const challenge = passkey && (await takeOnce(work, enrolmentChallenges, enrolment.id))
    const first: First[] = []
    const added = passkey && (await firstPasskey(work, person, challenge, passkey))
    if (added !== undefined) first.push(added.first)
    if (totp !== undefined) first.push(firstApp(work, person, enrolment, totp.code))
    if (password !== undefined) first.push(await firstPassword(work, person, password))
    assertLogsIn(first, input)
    const recovery = password === undefined ? undefined : firstCodes(work, person)
    if (recovery !== undefined) first.push(recovery.first)
    const authentications = first.flatMap((one) => one.authentications)
    const login = await newLogin(work, { principal: person, authentications })
    const { id: principal, tenant, name } = person
    work.believe({ principal, tenant, name, credential: login.login.id })
    return {
      additive: false,
      rows: [
        enrolmentRow({ ...enrolment, usedAt: now }),
        ...first.flatMap((one) => one.rows),
        login.row,
      ],
      absent: [...first.flatMap((one) => one.absent), login.absent],
      taken: 'The person can log in already; person.reset comes first',
      unchanged,
      subject: principal,
      detail: { enrolment: enrolment.id, ...added?.detail },
      output: { ...login.output, recoveryCodes: recovery?.shown ?? [] },
      after: () => enrolments.forget(enrolment.id),
    }
  },
}
