import type { InputOf } from '@claviger/contract'
import {
  assertAcceptable,
  hashPassword,
  isEnough,
  newRecoveryCodes,
  passkeyRefused,
  totpStep,
} from '#access'
import { newId } from '#keyring'
import { ClavigerError, type Authentication, type Enrolment, type Principal } from '#model'
import type { RowReference } from '#store'
import { addPasskey } from '../../logins/passkeys.ts'
import { sealedPassword, wrapTotp } from '../../logins/stored.ts'
import { factorRow } from '../../rows/logins.ts'
import { readSettings } from '../../settings.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'

/** The factors that a person begins with. */

/** Factors that are set up with a link, and what they prove by that. */
export interface First {
  readonly rows: readonly PlannedRow[]
  readonly absent: readonly RowReference[]
  readonly authentications: readonly Authentication[]
}

export async function firstPassword(
  work: Work,
  person: Principal,
  password: string,
): Promise<First> {
  const { id: principal, tenant } = person
  const { now } = work
  assertAcceptable(password, person.name, (await readSettings(work, tenant)).value)
  const made = await work.once(
    'hash',
    () => hashPassword(password),
    ({ hash }) => void hash.fill(0),
  )
  const stored = { principal, tenant, hashes: [made.parameters], changedAt: now }
  return {
    rows: [sealedPassword(work, stored, made.hash)],
    absent: [{ kind: 'password', id: principal }],
    authentications: [{ factor: 'password', at: now }],
  }
}

export function firstApp(work: Work, person: Principal, enrolment: Enrolment, code: string): First {
  const { parts, now } = work
  const { id: principal, tenant } = person
  const secret = parts.begunLogins.enrolments.find(enrolment.id, now)
  const lastStep = secret && totpStep(secret, code, 0, now)
  if (secret === undefined || lastStep === undefined)
    throw new ClavigerError(
      'invalid_request',
      'The code is not the one that the app shows now; open the link again if it stays so',
      { field: 'totp.code' },
    )
  const id = newId()
  const about = { principal, tenant, createdAt: now, lastUsedAt: now }
  const app = { id, kind: 'totp', name: '', lastStep, ...about } as const
  return {
    rows: [factorRow(app, wrapTotp(work, tenant, id, secret))],
    absent: [{ kind: 'factor', id }],
    authentications: [{ factor: 'totp', at: now }],
  }
}

export async function firstPasskey(
  work: Work,
  person: Principal,
  challenge: string | undefined,
  { response, name }: NonNullable<InputOf<'enrolment.complete'>['passkey']>,
) {
  if (challenge === undefined) throw passkeyRefused('wrong-challenge', person.id)
  const { row, absent, detail } = await addPasskey(work, { response, challenge, name, person })
  const authentications = [{ factor: 'passkey' as const, at: work.now }]
  const first: First = { rows: [row], absent: [absent], authentications }
  return { first, detail }
}

/** They go with a password, which alone with one of them makes a login. */
export function firstCodes(work: Work, { id: principal, tenant }: Principal) {
  const { shown, codes } = newRecoveryCodes()
  const id = newId()
  const about = { principal, tenant, createdAt: work.now }
  const first: First = {
    rows: [factorRow({ id, kind: 'recovery', name: '', codes, ...about }, undefined)],
    absent: [{ kind: 'factor', id }],
    authentications: [],
  }
  return { first, shown }
}

/** @throws ClavigerError invalid_request for what nobody could log in with */
export function assertLogsIn(first: readonly First[], input: InputOf<'enrolment.complete'>): void {
  const proved = first.flatMap((one) => one.authentications.map(({ factor }) => factor))
  if (isEnough(proved) && !(input.totp !== undefined && input.password === undefined)) return
  throw new ClavigerError(
    'invalid_request',
    'Set up a passkey, or a password and an authenticator app, or all of them',
    { field: 'passkey' },
  )
}
