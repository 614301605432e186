import type { InputOf, RotationCause } from '@claviger/contract'
import type { RingKey } from '#keyring'
import { ClavigerError, isWithoutMaterial, KeyError, RotationWaits, type Key } from '#model'
import type { ChangeVerb, InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { freshMaterials } from './made-ahead.ts'
import { newVersion } from './new-version.ts'
import { assertRotatable, planTakeover, planVersion } from './next-version.ts'
import { assertNotReplica, primaryOf } from './related.ts'
import { assertShown, causeOf, waits } from './rotation-window.ts'

/** Rotation: on demand, or because it is due. */

/** Imported material is rotated to what was imported for it, and not while the key has lost what it works with now. */
function rotateImported(work: Work, ringKey: RingKey, dates: InputOf<'key.rotate'>) {
  const { key, current } = ringKey
  if (isWithoutMaterial(current, work.parts.clock.now())) {
    throw new KeyError('wrong_state', 'The current material of the key is to be imported first', {
      key,
      version: current.version,
      hindrance: 'awaiting-material',
    })
  }
  return planTakeover(work, ringKey, dates)
}

export const rotateKey: ChangeVerb<'key.rotate'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    assertRotatable(ringKey.key)
    assertNotReplica(ringKey.key)
    if (input.now !== true) assertShown(ringKey, work.now)
    if (ringKey.key.origin === 'imported') return rotateImported(work, ringKey, input)
    // Dates that are not in order are refused before anything slow is done.
    newVersion(ringKey.key.id, 1, work.parts.clock.now(), input)
    const materials = await freshMaterials(work, ringKey)
    return planVersion(work, ringKey, {
      ...materials,
      dates: input,
      rotatedBy: 'demand',
      ...(input.now === true ? { detail: { now: 'yes' } } : {}),
    })
  },
}

/** What the record says beside the cause, where it is something that happened: where that stands, and whom it is about. */
function detailOf({ rotation }: Key, cause: RotationCause): Readonly<Record<string, string>> {
  const { raised } = rotation ?? {}
  if (raised?.event !== cause) return {}
  const { because, alarm, who, occurrence } = raised
  const said = { because, alarm, who, occurrence }
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/**
 * Rotates a key whose time has come: once, however long ago that was. The new version lives as long as the one before was to. Asked again
 * for the same, it finds that nothing is due any more, since the plan is on the condition that the key still stands as it was read.
 */
export const rotateDueKey: InternalVerb<{ readonly key: string }> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey: due } = work.key(input.key)
    const cause = await causeOf(work, due)
    if (cause === undefined)
      throw new ClavigerError('wrong_state', 'The rotation of the key is not due')
    const ringKey = await primaryOf(work, due)
    assertRotatable(ringKey.key)
    if (waits(ringKey, cause, work.now)) throw new RotationWaits()
    const materials = await freshMaterials(work, ringKey)
    return planVersion(work, ringKey, {
      ...materials,
      dates: 'same',
      rotatedBy: cause,
      detail: detailOf(ringKey.key, cause),
    })
  },
}
