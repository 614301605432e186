import { unwrap, wrap, type Hierarchy } from '#keyring'
import { ClavigerError } from '#model'
import type { Presented } from './session.ts'

/**
 * Short tokens that another credential gets: `clvt_<base64url of 16 tenant | wrapped JSON>`. Nothing is kept of them. What they rest on is
 * looked up when they are used, so that taking it away ends them. They are bound to a purpose of their own, so that none of them can
 * be taken for the session token of an AWS client, or the other way round.
 */

const PREFIX = 'clvt_'
const TENANT_BYTES = 16

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

function binding(tenant: string) {
  return { purpose: 'bearer session', tenant }
}

/** Whether a text is to be read as such a token. */
export function isSession(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** The token's text. */
export function sealSession(hierarchy: Hierarchy, tenant: string, session: SealedSession): string {
  const plain = Buffer.from(JSON.stringify(session))
  const sealed = wrap(hierarchy.tenantWrappingKey(tenant), binding(tenant), plain)
  const named = Buffer.from(tenant.replaceAll('-', ''), 'hex')
  return PREFIX + Buffer.concat([named, sealed]).toString('base64url')
}

/** Reads what a caller presents; attacker-chosen. Undefined for anything that was not made by {@link sealSession} here. */
export function openSealedSession(hierarchy: Hierarchy, text: string): SealedSession | undefined {
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
  if (bytes.length <= TENANT_BYTES) return undefined
  const hex = bytes.subarray(0, TENANT_BYTES).toString('hex')
  const tenant = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  try {
    const key = hierarchy.tenantWrappingKey(tenant)
    const plain = unwrap(key, binding(tenant), bytes.subarray(TENANT_BYTES))
    try {
      return JSON.parse(plain.toString('utf8')) as SealedSession
    } finally {
      plain.fill(0)
    }
  } catch (error) {
    // A tenant that is not there, or bytes that were not sealed here: the same to the caller.
    if (error instanceof ClavigerError && expected.has(error.code)) return undefined
    throw error
  }
}

const expected: ReadonlySet<string> = new Set(['integrity_failed', 'not_found', 'internal'])
