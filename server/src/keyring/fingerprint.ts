import { constantTimeEqual, hmacSha256, secretBuffer } from '#crypto'
import type { Key } from '#model'
import type { Hierarchy } from './hierarchy.ts'

/**
 * Imported material can be forgotten and imported again, and must be the same then. What it is known by is a MAC under a key of the
 * tenant's: it says nothing to whoever reads the database, not even whether two tenants imported the same.
 */

const DOMAIN = Buffer.from('claviger/fingerprint/1')

/** The fingerprint of material under an algorithm, base64. The material stays the caller's to overwrite. */
export function materialFingerprint(
  hierarchy: Hierarchy,
  key: Pick<Key, 'tenant' | 'algorithm'>,
  material: Uint8Array,
): string {
  const algorithm = Buffer.from(key.algorithm)
  const head = Buffer.concat([DOMAIN, Uint8Array.of(algorithm.length), algorithm])
  const whole = secretBuffer(head.length + material.length)
  try {
    whole.set(head)
    whole.set(material, head.length)
    return hmacSha256(hierarchy.tenantFingerprintKey(key.tenant), whole).toString('base64')
  } finally {
    whole.fill(0)
  }
}

/** Whether two fingerprints are of the same material. */
export function isSameMaterial(one: string | undefined, other: string): boolean {
  return one !== undefined && constantTimeEqual(Buffer.from(one), Buffer.from(other))
}
