import type { InputOf } from '@claviger/contract'
import { ClavigerError, type Key, type Rotation } from '#model'
import type { ChangeVerb } from '../verb.ts'
import { assertRotatesItself, planRotationOf } from './set-rotation.ts'

/** Rotation by age alone, as AWS knows it: a view onto the triggers of a key. */

/** The other triggers stay as they are; undefined where none is left. */
function scheduleOf(
  { days, off }: InputOf<'key.autoRotate'>,
  { rotation }: Key,
  now: number,
): Rotation | undefined {
  if ((days === undefined) !== (off === true)) {
    throw new ClavigerError('invalid_request', 'days: give the days between, or off', {
      field: 'days',
    })
  }
  const { everyDays, ...others } = rotation?.triggers ?? {}
  // Asked again for what stands, so that whoever asks every day does not put it off for ever.
  if (rotation !== undefined && everyDays === days) return rotation
  if (days !== undefined) {
    return { ...rotation, triggers: { ...others, everyDays: days }, since: now }
  }
  return rotation === undefined || Object.keys(others).length === 0
    ? undefined
    : { ...rotation, triggers: others }
}

/** Says when a key is rotated by its age. Related keys share it. */
export const autoRotateKey: ChangeVerb<'key.autoRotate'> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    assertRotatesItself(key)
    const rotation = scheduleOf(input, key, work.now)
    const detail = { days: rotation?.triggers.everyDays ?? 'off' }
    return planRotationOf(work, ringKey, rotation, detail)
  },
}
