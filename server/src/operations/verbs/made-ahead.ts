import { findAlgorithm, generateMaterial, type RingKey } from '#keyring'
import type { Key, KeyVersion } from '#model'
import { versionRow } from '../rows.ts'
import type { PlannedRow } from '../verb.ts'
import type { Work } from '../work.ts'
import { newVersion } from './new-version.ts'

/**
 * Versions that are made ahead (`publishNext`): whoever verifies signatures can know the next public key for as long as the current one
 * signs. One waits as imported material does: its number is the key's `pending`.
 */

/** The version that the next rotation puts into use; undefined where there is none, or where it was revoked meanwhile. */
export function madeAhead({
  key,
  ...ringKey
}: Pick<RingKey, 'key' | 'versions'>): KeyVersion | undefined {
  if (key.pending === undefined || key.origin !== 'generated') return undefined
  const waiting = ringKey.versions[key.pending - 1]
  return waiting?.revocation === undefined ? waiting : undefined
}

/** The number of a version that is made ahead now: what was made ahead before and revoked is passed over. */
export function numberAhead({ pending, version }: Key): number {
  return (pending ?? version) + 1
}

/**
 * The key after the version that waits is taken away: its number may be given again, those of others that waited before it and were
 * revoked may not.
 */
export function withoutWaiting({ pending, ...key }: Key): Key {
  const before = pending === undefined ? key.version : pending - 1
  return before > key.version ? { ...key, pending: before } : key
}

/** The row of the version that waits. `key` names it as pending already. */
export function aheadRow(work: Work, key: Key, number: number, material: Uint8Array): PlannedRow {
  const version: KeyVersion = {
    ...newVersion(key.id, number, work.now, {}),
    state: 'pre-activation',
  }
  return versionRow(key, version, work.parts.ring.wrapVersion(key, number, material))
}

/** Fresh material for a key, made once though the verb may run again. */
export function freshMaterial(work: Work, { key }: RingKey, name = 'material'): Promise<Buffer> {
  const algorithm = findAlgorithm(key.algorithm)
  return work.once(
    name,
    () => generateMaterial(algorithm),
    (bytes) => bytes.fill(0),
  )
}

/** What a rotation needs: material for the next version, or for the one after it where the next was made ahead; or for both. */
export async function freshMaterials(
  work: Work,
  ringKey: RingKey,
): Promise<{ readonly material: Buffer; readonly after?: Buffer }> {
  const material = await freshMaterial(work, ringKey)
  const { rotation } = ringKey.key
  if (rotation?.publishNext !== true || madeAhead(ringKey) !== undefined) return { material }
  return { material, after: await freshMaterial(work, ringKey, 'after') }
}
