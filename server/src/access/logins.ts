import { constantTimeEqual, hmacSha256 } from '#crypto'
import type { LoginLink, LoginProvider, LoginSession } from '#model'
import { parseToken, proves } from './bearer-token.ts'
import { openSession, readRow, type Opening } from './opening.ts'
import type { Session } from './session.ts'

/** Persons' logins: `clvs_<id>_<secret>`, opened as tokens are, and ended when they are not used. */

/** Logins whose last use is remembered; beyond it the oldest count as last used when their row says. */
const SIGHTINGS_MAX = 100_000

export function isLoginText(text: string): boolean {
  return text.startsWith('clvs_')
}

/**
 * When each login was last used. In memory alone: a use that writes a row would be a change, and after a restart a login that the row
 * does not show to be used lately is over, which is the safe side.
 */
export class LoginSightings {
  readonly #seen = new Map<string, number>()

  /** When it was last used, where that is remembered. Milliseconds since 1970. */
  lastOf(id: string): number | undefined {
    return this.#seen.get(id)
  }

  /** Takes note of a use; false where the last one is too long ago. */
  see(id: string, now: number, idle: number, atLeast = 0): boolean {
    const last = Math.max(this.#seen.get(id) ?? 0, atLeast)
    if (now - last >= idle) return false
    this.#seen.delete(id)
    if (this.#seen.size >= SIGHTINGS_MAX) {
      const [oldest] = this.#seen.keys()
      if (oldest !== undefined) this.#seen.delete(oldest)
    }
    this.#seen.set(id, now)
    return true
  }
}

/** The session of a login; undefined where it is not one, has ended, or was not used for too long. */
export async function openLogin(
  opening: Opening,
  text: string,
  now: number,
  sightings: LoginSightings,
): Promise<{ readonly session: Session; readonly idle: number } | undefined> {
  const presented = parseToken(text, 'clvs')
  if (presented === undefined) return undefined
  const login = (await readRow<LoginSession>(opening, 'loginSession', presented.id))?.value
  if (login === undefined || !proves(presented, login.hash)) return undefined
  if (login.endedAt !== undefined || login.expiresAt <= now) return undefined
  const rests = await standingRests(opening, login)
  if (rests === undefined) return undefined
  const session = await openSession(opening, {
    principal: login.principal,
    credential: { kind: 'login', id: login.id, expiresAt: login.expiresAt },
    authentications: login.authentications,
    rests: [`loginSession/${login.id}`, ...rests],
  })
  if (session?.principal.kind !== 'user') return undefined
  return sightings.see(login.id, now, login.idle, login.seenAt)
    ? { session, idle: login.idle }
    : undefined
}

/** What a login with a provider rests on; undefined where some of it is gone, or means somebody else by now. */
async function standingRests(
  opening: Opening,
  { provider, link, principal }: LoginSession,
): Promise<readonly string[] | undefined> {
  const rests: string[] = []
  if (provider !== undefined) {
    if ((await readRow<LoginProvider>(opening, 'loginProvider', provider)) === undefined) return
    rests.push(`loginProvider/${provider}`)
  }
  if (link !== undefined) {
    const found = (await readRow<LoginLink>(opening, 'loginLink', link))?.value
    if (found?.principal !== principal) return
    rests.push(`loginLink/${link}`)
  }
  return rests
}

/** What only pages of this server know beside the cookie: made of the login's secret, which it does not tell. */
export function csrfOf(token: string): string {
  return hmacSha256(Buffer.from(token), Buffer.from('claviger/csrf/1')).toString('base64url')
}

/** Whether a request with the cookie only reads, or has the code beside it. Compared in constant time. */
export function provesCsrf(credential: {
  readonly token: string
  readonly reads: boolean
  readonly csrf: string | undefined
}): boolean {
  if (credential.reads) return true
  return constantTimeEqual(
    Buffer.from(credential.csrf ?? ''),
    Buffer.from(csrfOf(credential.token)),
  )
}
