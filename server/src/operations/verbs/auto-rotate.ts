import type { InputOf } from '@claviger/contract'
import { ClavigerError, KeyError, keyRefusal, type Key, type Rotation } from '#model'
import { aliasesOf } from '../aliases.ts'
import { assertChanged } from '../lifecycle/govern.ts'
import { keyRow, standing } from '../rows.ts'
import type { ChangeVerb } from '../verb.ts'
import { keyView } from '../views.ts'
import { assertNotReplica, together, withRelated } from './related.ts'

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
  if (days !== undefined) return { triggers: { ...others, everyDays: days }, since: now }
  return rotation === undefined || Object.keys(others).length === 0
    ? undefined
    : { ...rotation, triggers: others }
}

/** Says when a key is rotated by itself. Related keys share it. */
export const autoRotateKey: ChangeVerb<'key.autoRotate'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    const now = work.parts.clock.now()
    if (key.origin !== 'generated') {
      throw new KeyError(
        'wrong_usage',
        'Only material that is made here is rotated by itself; the key is imported',
        { key },
      )
    }
    const refused = keyRefusal(key)
    if (refused !== undefined) {
      throw new KeyError('wrong_state', `Refused: ${refused.reason}`, {
        key,
        hindrance: refused.hindrance,
      })
    }
    assertNotReplica(key)
    const rotation = scheduleOf(input, key, now)
    const members = await withRelated(work, ringKey)
    const changed = (member: Key): Key => {
      const { rotation: _before, ...rest } = member
      return rotation === undefined ? rest : { ...rest, rotation }
    }
    for (const member of members) {
      const { versions } = member
      await assertChanged(work, member, { key: changed(member.key), versions })
    }
    return {
      additive: false,
      ...together(
        members.map((member) => ({
          rows: [keyRow(changed(member.key))],
          unchanged: standing(member),
        })),
      ),
      key: key.id,
      detail: { days: rotation?.triggers.everyDays ?? 'off' },
      output: keyView(changed(key), ringKey.current, await aliasesOf(work, key.id), now),
    }
  },
}
