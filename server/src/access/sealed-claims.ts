import { uuidFromBytes } from '@claviger/contract'
import { unwrap, wrap, type Hierarchy } from '#keyring'
import { ClavigerError } from '#model'

/**
 * What only whoever holds it keeps, sealed under the tenant's key: 16 tenant | wrapped JSON. Each purpose is bound into the wrapping, so
 * that what was sealed for one is not taken for another.
 */

const TENANT_BYTES = 16

function binding(purpose: string, tenant: string) {
  return { purpose, tenant }
}

export function sealClaims(
  hierarchy: Hierarchy,
  purpose: string,
  tenant: string,
  claims: object,
): Buffer {
  const plain = Buffer.from(JSON.stringify(claims))
  try {
    const sealed = wrap(hierarchy.tenantWrappingKey(tenant), binding(purpose, tenant), plain)
    return Buffer.concat([Buffer.from(tenant.replaceAll('-', ''), 'hex'), sealed])
  } finally {
    plain.fill(0)
  }
}

/** Reads what a caller presents; attacker-chosen. Undefined for anything that {@link sealClaims} did not make here for this purpose. */
export function openClaims<Claims>(
  hierarchy: Hierarchy,
  purpose: string,
  bytes: Uint8Array,
): { readonly tenant: string; readonly claims: Claims } | undefined {
  if (bytes.length <= TENANT_BYTES) return undefined
  const tenant = uuidFromBytes(bytes.subarray(0, TENANT_BYTES))
  try {
    const key = hierarchy.tenantWrappingKey(tenant)
    const plain = unwrap(key, binding(purpose, tenant), bytes.subarray(TENANT_BYTES))
    try {
      return { tenant, claims: JSON.parse(plain.toString()) as Claims }
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
