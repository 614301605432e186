import type { KeyState } from '@claviger/contract'
import { versionId } from '#keyring'
import { ClavigerError, type Key, type KeyVersion } from '#model'
import { keyRow, standing } from '../rows.ts'
import type { InternalVerb, PlannedRow } from '../verb.ts'

/** What was compromised stays known as such. */
function destroyed(state: KeyState): KeyState {
  return state === 'compromised' ? 'destroyed-compromised' : 'destroyed'
}

/**
 * Destroys a key whose window has ended (SP 800-57 part 1 section 7.6): the material of every version goes from the store, the record
 * stays, and so does a tombstone, so that the id is never used again.
 */
export const eraseKey: InternalVerb<{ readonly key: string }> = {
  kind: 'change',
  references: (input) => [input.key],
  run(input, work) {
    const { ringKey } = work.key(input.key)
    const { destroyAt, ...rest } = ringKey.key
    const now = work.parts.clock.now()
    if (destroyAt === undefined || destroyAt > now)
      throw new ClavigerError('wrong_state', 'The destruction of the key is not due')
    const key: Key = { ...rest, state: destroyed(rest.state) }
    const versions = ringKey.versions.map((version): KeyVersion => ({
      ...version,
      state: destroyed(version.state),
      destroyedAt: now,
    }))
    const rows: PlannedRow[] = [
      keyRow(key),
      ...versions.map((version): PlannedRow => ({
        kind: 'version',
        id: versionId(key.id, version.version),
        tenant: key.tenant,
        value: version,
        facets: [],
      })),
      {
        kind: 'tombstone',
        id: key.id,
        tenant: key.tenant,
        value: { id: key.id, destroyedAt: now },
        facets: [],
      },
    ]
    return {
      additive: false,
      rows,
      unchanged: standing(
        ringKey,
        versions.map((version) => version.version),
      ),
      key: key.id,
      detail: { versions: versions.length },
      output: {},
    }
  },
}
