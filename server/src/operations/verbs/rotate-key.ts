import type { InputOf } from '@claviger/contract'
import { findAlgorithm, generateMaterial, type RingKey } from '#keyring'
import { ClavigerError, KeyError, isWithoutMaterial, nextRotation } from '#model'
import type { ChangeVerb, InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { newVersion } from './new-version.ts'
import { assertRotatable, planTakeover, planVersion } from './next-version.ts'
import { assertNotReplica } from './related.ts'

/** Rotation: on demand, or because it is due. */

function freshMaterial(work: Work, { key }: RingKey): Promise<Buffer> {
  const algorithm = findAlgorithm(key.algorithm)
  return work.once(
    'material',
    () => generateMaterial(algorithm),
    (bytes) => bytes.fill(0),
  )
}

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
    if (ringKey.key.origin === 'imported') return rotateImported(work, ringKey, input)
    // Dates that are not in order are refused before anything slow is done.
    newVersion(ringKey.key.id, 1, work.parts.clock.now(), input)
    const material = await freshMaterial(work, ringKey)
    return planVersion(work, ringKey, { material, dates: input, rotatedBy: 'demand' })
  },
}

/** Rotates a key whose time has come: once, however long ago that was. */
export const rotateDueKey: InternalVerb<{ readonly key: string }> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const due = nextRotation(ringKey.key)
    if (due === undefined || due > work.parts.clock.now())
      throw new ClavigerError('wrong_state', 'The rotation of the key is not due')
    assertRotatable(ringKey.key)
    assertNotReplica(ringKey.key)
    const material = await freshMaterial(work, ringKey)
    return planVersion(work, ringKey, { material, dates: {}, rotatedBy: 'schedule' })
  },
}
