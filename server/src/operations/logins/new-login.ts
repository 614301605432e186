import type { OutputOf } from '@claviger/contract'
import { createTokenText, csrfOf, isEnough } from '#access'
import { newId } from '#keyring'
import { ClavigerError, type Authentication, type LoginSession, type Principal } from '#model'
import { loginSessionRow } from '../rows/logins.ts'
import { readSettings } from '../settings.ts'
import type { Work } from '../work.ts'

/** How a person's login is made, whichever way the person came. */

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

export interface NewLogin {
  readonly login: LoginSession
  /** For the plan of whoever makes it. */
  readonly row: ReturnType<typeof loginSessionRow>
  readonly absent: { readonly kind: 'loginSession'; readonly id: string }
  readonly output: OutputOf<'login'> & { readonly token: string }
}

/**
 * A new login of a person, once it was proved who that is. Its token is in the output and nowhere else.
 *
 * @throws ClavigerError internal where what was proved is not enough: a defect, and it fails closed
 */
export async function newLogin(
  work: Work,
  about: {
    readonly principal: Pick<Principal, 'id' | 'tenant'>
    readonly authentications: readonly Authentication[]
    /** Of a login with a provider, the ids of the provider and of the link: the login rests on both. */
    readonly provider?: string | undefined
    readonly link?: string | undefined
  },
): Promise<NewLogin> {
  const { principal, authentications, provider, link } = about
  if (!isEnough(authentications.map(({ factor }) => factor)))
    throw new ClavigerError('internal', 'A login was to be made of too few factors')
  const { value: settings } = await readSettings(work, principal.tenant)
  const id = newId()
  const { text, hash } = createTokenText(id, 'clvs')
  const { now } = work
  const login: LoginSession = {
    id,
    tenant: principal.tenant,
    principal: principal.id,
    hash,
    authentications: newestOfEach(authentications),
    createdAt: now,
    expiresAt: now + settings.loginHours * HOUR_MS,
    idle: settings.idleMinutes * MINUTE_MS,
    seenAt: now,
    ...(provider === undefined ? {} : { provider }),
    ...(link === undefined ? {} : { link }),
  }
  return {
    login,
    row: loginSessionRow(login),
    absent: { kind: 'loginSession', id },
    output: { session: loginView(login), token: text, csrf: csrfOf(text) },
  }
}

/** Of each factor the newest proof. */
export function newestOfEach(authentications: readonly Authentication[]): Authentication[] {
  const newest = new Map<string, Authentication>()
  for (const { factor, at } of authentications) {
    const known = newest.get(factor)
    if (known === undefined || known.at < at) newest.set(factor, { factor, at })
  }
  return [...newest.values()]
}

export function loginView(login: LoginSession, seenAt = login.seenAt) {
  return {
    id: login.id,
    principal: login.principal,
    factors: login.authentications.map(({ factor, at }) => ({ factor, at })),
    createdAt: login.createdAt,
    expiresAt: login.expiresAt,
    idleSeconds: Math.floor(login.idle / 1_000),
    seenAt: Math.max(seenAt, login.seenAt),
  }
}
