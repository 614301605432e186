import type { RotationCause } from '@claviger/contract'
import type { RingKey } from '#keyring'
import {
  ClavigerError,
  counterNames,
  KeyError,
  rotationCause,
  shownSince,
  waitsFor,
  type Counters,
  type Key,
  type Rotation,
} from '#model'
import { keyRow, standing } from '../rows.ts'
import type { InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { aheadRow, freshMaterial, madeAhead, numberAhead } from './made-ahead.ts'
import { primaryOf, together, withRelated } from './related.ts'

/** The pre-publication window: a public key is shown for so many days before anything is signed with its private one. */

/** Whether the next public key was not shown for as long as is asked, or is not there. */
export function waits(ringKey: RingKey, cause: RotationCause | 'demand', now: number): boolean {
  const { rotation } = ringKey.key
  if (rotation?.prePublish === undefined || cause === 'compromise') return false
  return madeAhead(ringKey) === undefined || now < waitsFor(rotation, cause)
}

/** @throws KeyError wrong_state before the next public key was shown for long enough */
export function assertShown(ringKey: RingKey, now: number): void {
  const { key } = ringKey
  if (key.rotation === undefined || !waits(ringKey, 'demand', now)) return
  const until = waitsFor(key.rotation, 'demand')
  const when =
    madeAhead(ringKey) === undefined
      ? 'and there is none: set the rotation again, which makes it'
      : `which is over at ${new Date(until).toISOString()}`
  throw new KeyError(
    'wrong_state',
    `The next public key is to be shown for ${key.rotation.prePublish?.days} days before it signs, ${when}; or rotate at once with now`,
    { key },
  )
}

const nothing: Counters = { uses: 0, bytes: 0, wraps: 0 }

/** Why a key is to be rotated now, by what is durable: what the ring has counted may be from before. */
export async function causeOf(work: Work, { key, current }: RingKey) {
  const stored = await work.parts.store.key(key.id)
  const counters = stored?.counters.get(current.version) ?? nothing
  return rotationCause(key, current, counters, work.now)
}

function isCounted(cause: RotationCause): boolean {
  return counterNames.some((name) => name === cause)
}

/**
 * Has a rotation that is due wait for the window: a counter is not looked at again until then, and a next version that was revoked is
 * made anew, whose window begins now.
 */
export const awaitWindow: InternalVerb<{ readonly key: string }> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey: due } = work.key(input.key)
    const cause = await causeOf(work, due)
    const ringKey = await primaryOf(work, due)
    const { rotation } = ringKey.key
    if (rotation === undefined || cause === undefined || !waits(ringKey, cause, work.now))
      throw new ClavigerError('wrong_state', 'No rotation of the key waits')
    const isNew = madeAhead(ringKey) === undefined
    const ahead = numberAhead(ringKey.key)
    const material = isNew ? await freshMaterial(work, ringKey) : undefined
    const shown = isNew ? shownSince(rotation, work.now) : rotation
    const waiting: Rotation = {
      ...shown,
      ...(isCounted(cause) ? { reached: { cause, at: work.now } } : {}),
    }
    const parts = (await withRelated(work, ringKey)).map((member) => {
      const key: Key = { ...member.key, rotation: waiting, ...(isNew ? { pending: ahead } : {}) }
      return {
        rows: [
          keyRow(key, member.current),
          ...(material === undefined ? [] : [aheadRow(work, key, ahead, material)]),
        ],
        unchanged: standing(member),
      }
    })
    return {
      additive: false,
      ...together(parts),
      key: ringKey.key.id,
      detail: { cause, until: new Date(waitsFor(waiting, cause)).toISOString() },
      output: undefined,
    }
  },
}
