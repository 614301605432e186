import type { Hierarchy } from '#keyring'
import { openClaims, sealClaims } from './sealed-claims.ts'
import type { Presented } from './session.ts'

/**
 * Short tokens that another credential gets: `clvt_<base64url of 16 tenant | wrapped JSON>`. Nothing is kept of them. What they rest on is
 * looked up when they are used, so that taking it away ends them. They are bound to a purpose of their own, so that none of them can
 * be taken for the session token of an AWS client, or the other way round.
 */

const PREFIX = 'clvt_'
const PURPOSE = 'bearer session'

export interface SealedSession {
  readonly principal: string
  /** What it was made with. */
  readonly kind: Presented['kind']
  readonly id: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** The rows, as `kind/id`, that must stand for it to count. */
  readonly rests: readonly string[]
}

/** Whether a text is to be read as such a token. */
export function isSession(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** The token's text. */
export function sealSession(hierarchy: Hierarchy, tenant: string, session: SealedSession): string {
  return PREFIX + sealClaims(hierarchy, PURPOSE, tenant, session).toString('base64url')
}

/** Reads what a caller presents; attacker-chosen. Undefined for anything that was not made by {@link sealSession} here. */
export function openSealedSession(hierarchy: Hierarchy, text: string): SealedSession | undefined {
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
  return openClaims<SealedSession>(hierarchy, PURPOSE, bytes)?.claims
}
