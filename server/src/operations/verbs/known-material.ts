import { isSameMaterial, materialFingerprint, type RingKey } from '#keyring'
import type { KeyVersion } from '#model'
import type { Work } from '../work.ts'

/** Imported material that is known again. */

/** What is kept of imported material beside the material. */
export interface ImportedMaterial {
  readonly fingerprint: string
  readonly materialExpiresAt?: number
  readonly description?: string
}

/** What the material of a version is known by; undefined where there never was any. */
export function fingerprintOf(
  work: Work,
  ringKey: RingKey,
  version: KeyVersion,
): string | undefined {
  if (version.fingerprint !== undefined) return version.fingerprint
  if (ringKey.wrappedMaterial(version.version) === undefined) return undefined
  const material = ringKey.openMaterial(version.version)
  try {
    return materialFingerprint(work.parts.hierarchy, ringKey.key, material)
  } finally {
    material.fill(0)
  }
}

/** Whether a version has, or had, the material of a fingerprint. */
export function isOf(
  work: Work,
  ringKey: RingKey,
  version: KeyVersion,
  fingerprint: string,
): boolean {
  return isSameMaterial(fingerprintOf(work, ringKey, version), fingerprint)
}
