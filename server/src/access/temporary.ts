import { unwrap, wrap, type Hierarchy } from '#keyring'
import { ClavigerError } from '#model'

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
const TENANT_BYTES = 16
const HEADER_BYTES = 1 + TENANT_BYTES

function binding(tenant: string) {
  return { purpose: 'temporary session', tenant }
}

/** The token's text. */
export function sealTemporary(
  hierarchy: Hierarchy,
  tenant: string,
  claims: TemporaryClaims,
): string {
  const plain = Buffer.from(JSON.stringify(claims))
  try {
    const sealed = wrap(hierarchy.tenantWrappingKey(tenant), binding(tenant), plain)
    return Buffer.concat([
      Buffer.of(FORMAT),
      Buffer.from(tenant.replaceAll('-', ''), 'hex'),
      sealed,
    ]).toString('base64')
  } finally {
    plain.fill(0)
  }
}

/** Reads what a caller presents; attacker-chosen. Undefined for anything that was not made by {@link sealTemporary} here. */
export function openTemporary(
  hierarchy: Hierarchy,
  text: string,
): { readonly tenant: string; readonly claims: TemporaryClaims } | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length <= HEADER_BYTES || bytes[0] !== FORMAT) return undefined
  const hex = bytes.subarray(1, HEADER_BYTES).toString('hex')
  const tenant = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  try {
    const plain = unwrap(
      hierarchy.tenantWrappingKey(tenant),
      binding(tenant),
      bytes.subarray(HEADER_BYTES),
    )
    try {
      return { tenant, claims: JSON.parse(plain.toString()) as TemporaryClaims }
    } finally {
      plain.fill(0)
    }
  } catch (thrown) {
    // A tenant that is not there, or bytes that were not sealed here: the same to the caller.
    if (thrown instanceof ClavigerError && expected.has(thrown.code)) return undefined
    throw thrown
  }
}

const expected: ReadonlySet<string> = new Set(['integrity_failed', 'not_found', 'internal'])
