import { LABELS_MAX } from '@claviger/contract'
import { ClavigerError, KeyError } from '#model'
import { assertChanged } from '../lifecycle/govern.ts'
import { relabelled, target } from '../target.ts'
import type { ChangeVerb } from '../verb.ts'
import { assertNotDestroyed, planChange } from './change-key.ts'

function unclear(field: string, message: string): ClavigerError {
  return new ClavigerError('invalid_request', `${field}: ${message}`, { field })
}

/** Changes single labels, whatever the others are at that moment. */
export const labelKey: ChangeVerb<'key.label'> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const { key } = ringKey
    const { set, remove = [] } = input
    if (set === undefined && input.remove === undefined)
      throw unclear('set', 'give labels to set, or names to remove')
    const both = remove.find((name) => set !== undefined && Object.hasOwn(set, name))
    if (both !== undefined) throw unclear('remove', 'it has a name that is to be set, too')
    assertNotDestroyed(key)
    if (key.destroyAt !== undefined) {
      throw new KeyError('wrong_state', 'The key is scheduled for destruction; restore it first', {
        key,
        hindrance: 'pending-destruction',
      })
    }
    const gone = new Set(remove)
    const kept = Object.entries(key.labels).filter(([name]) => !gone.has(name))
    const labels = { ...Object.fromEntries(kept), ...set }
    if (Object.keys(labels).length > LABELS_MAX)
      throw unclear('set', `a key has at most ${LABELS_MAX} labels`)
    // New labels may put the key where the caller could not have reached it.
    work.authorize(relabelled(target(ringKey, work.caller, work.origin), labels))
    const labelled = { ...key, labels }
    await assertChanged(work, ringKey, { key: labelled, versions: ringKey.versions })
    return planChange(work, ringKey, { key: labelled })
  },
}
