import type { Hierarchy } from '#keyring'
import { openClaims, sealClaims } from './sealed-claims.ts'

/**
 * Temporary credentials are kept by whoever holds them: the session token is everything there is to know of the session, sealed under
 * the tenant's key. What it rests on (principal, trust, the credential it was made with) is looked up when it is used, so that taking
 * one of those away ends it.
 *
 *   1  format = 0xC5 | 16 tenant | wrapped JSON, in base64
 */

export interface TemporaryClaims {
  /** `ASIA` and 16 characters. */
  readonly accessKey: string
  readonly secret: string
  readonly principal: string
  readonly session: string
  readonly expiresAt: number
  /** The rows, as `kind/id`, that must stand for it to count. */
  readonly rests: readonly string[]
}

const FORMAT = 0xc5
const PURPOSE = 'temporary session'

/** The token's text. */
export function sealTemporary(
  hierarchy: Hierarchy,
  tenant: string,
  claims: TemporaryClaims,
): string {
  const sealed = sealClaims(hierarchy, PURPOSE, tenant, claims)
  return Buffer.concat([Buffer.of(FORMAT), sealed]).toString('base64')
}

/** Reads what a caller presents; attacker-chosen. Undefined for anything that was not made by {@link sealTemporary} here. */
export function openTemporary(
  hierarchy: Hierarchy,
  text: string,
): { readonly tenant: string; readonly claims: TemporaryClaims } | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes[0] === FORMAT ? openClaims(hierarchy, PURPOSE, bytes.subarray(1)) : undefined
}
