import type { InputOf } from '@claviger/contract'
import type { RingKey } from '#keyring'
import {
  ClavigerError,
  isReplica,
  isWithoutMaterial,
  KeyError,
  rotationCause,
  sameCryptoperiod,
  type Counters,
} from '#model'
import { datesUnder } from '../lifecycle/govern.ts'
import type { ChangeVerb, InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { freshMaterials } from './made-ahead.ts'
import { newVersion } from './new-version.ts'
import { assertRotatable, planTakeover, planVersion } from './next-version.ts'
import { assertNotReplica, familyOf } from './related.ts'

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
    if (ringKey.key.origin === 'imported') return rotateImported(work, ringKey, input)
    // Dates that are not in order are refused before anything slow is done.
    newVersion(ringKey.key.id, 1, work.parts.clock.now(), input)
    const materials = await freshMaterials(work, ringKey)
    return planVersion(work, ringKey, { ...materials, dates: input, rotatedBy: 'demand' })
  },
}

const nothing: Counters = { uses: 0, bytes: 0, wraps: 0 }

/** Why a key is to be rotated now, by what is durable: what the ring has counted may be from before. */
async function causeOf(work: Work, { key, current }: RingKey) {
  const stored = await work.parts.store.key(key.id)
  const counters = stored?.counters.get(current.version) ?? nothing
  return rotationCause(key, current, counters, work.now)
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}

/** The key that is rotated for all that are related to it. */
async function primaryOf(work: Work, ringKey: RingKey): Promise<RingKey> {
  const { multiRegion } = ringKey.key
  if (multiRegion === undefined || !isReplica(ringKey.key)) return ringKey
  const { keys } = await familyOf(work, ringKey)
  const primary = keys.find(({ key }) => key.region === multiRegion.primary)
  if (primary === undefined)
    throw new ClavigerError('wrong_state', 'The primary key of the replica is not there')
  return primary
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
    const materials = await freshMaterials(work, ringKey)
    const same = sameCryptoperiod(ringKey.current, work.now)
    // A policy that became stricter shortens it, and holds up no rotation.
    const longest = await datesUnder(work, ringKey.key, work.now, {})
    const dates = {
      protectStopAt: earlier(same.protectStopAt, longest.protectStopAt),
      processStopAt: earlier(same.processStopAt, longest.processStopAt),
    }
    return planVersion(work, ringKey, { ...materials, dates, rotatedBy: cause })
  },
}
