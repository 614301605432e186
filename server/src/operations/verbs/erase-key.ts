import type { KeyState } from '@claviger/contract'
import { digestOf } from '#access'
import { ClavigerError, DAY_MS, hasReplicas, type Key, type KeyVersion } from '#model'
import { rowsOfKey } from '../rows-of-key.ts'
import { keyRow, standing, versionRow } from '../rows.ts'
import { readSettings } from '../settings.ts'
import { allOf } from '../until-recorded.ts'
import type { InternalVerb, PlannedRow } from '../verb.ts'
import { certificateOf, tombstoneRow } from './destruction-certificate.ts'
import { familyOf, planMembers } from './related.ts'

/** What was compromised stays known as such. */
function destroyed(state: KeyState): KeyState {
  return state === 'compromised' ? 'destroyed-compromised' : 'destroyed'
}

/** A version whose material goes now, unless it went before; with it goes every time at which a job would have looked at it. */
export function erased(
  { destroyAt: _window, materialExpiresAt: _end, ...version }: KeyVersion,
  now: number,
): KeyVersion {
  if (version.destroyedAt !== undefined) return version
  return { ...version, state: destroyed(version.state), destroyedAt: now }
}

/** A primary key whose last replica goes: its window begins, so that there is time to restore it (AWS KMS, ScheduleKeyDeletion). */
function waitingNow({ destroyDays, ...key }: Key, now: number): Key {
  return destroyDays === undefined ? key : { ...key, destroyAt: now + destroyDays * DAY_MS }
}

/**
 * Destroys a key whose window has ended (SP 800-57 part 1 section 7.6): the material of every version goes from the store, the record
 * stays, and so does a tombstone, so that the id is never used again.
 */
export const eraseKey: InternalVerb<{ readonly key: string }> = {
  kind: 'change',
  references: (input) => [input.key],
  async run(input, work) {
    const { ringKey } = work.key(input.key)
    const { destroyAt, destroyDays: _days, ...rest } = ringKey.key
    const now = work.parts.clock.now()
    if (destroyAt === undefined || destroyAt > now)
      throw new ClavigerError('wrong_state', 'The destruction of the key is not due')
    // Nothing could take its place.
    if (hasReplicas(ringKey.key))
      throw new ClavigerError('wrong_state', 'The replicas of the key are to be destroyed first')
    const { multiRegion } = rest
    const left = multiRegion && {
      ...multiRegion,
      members: multiRegion.members.filter((member) => member.key !== rest.id),
    }
    const key: Key = {
      ...rest,
      ...(left === undefined ? {} : { multiRegion: left }),
      state: destroyed(rest.state),
    }
    const versions = ringKey.versions.map((version) => erased(version, now))
    const settings = await readSettings(work, key.tenant)
    const certificate = certificateOf(ringKey, versions, now, settings.value)
    const rows: PlannedRow[] = [
      keyRow(key, ringKey.current),
      ...versions.map((version) => versionRow(key, version, undefined)),
      tombstoneRow(key.tenant, { id: key.id, destroyedAt: now, certificate }),
    ]
    const { keys, origin } = await familyOf(work, ringKey)
    const parted =
      left &&
      planMembers([...keys.slice(1), origin], left, (member) =>
        left.members.length === 1 ? waitingNow(member, now) : member,
      )
    // Names and grants go with the key.
    const gone = await allOf(
      work,
      async () => [
        ...(await rowsOfKey(work, 'alias', key.id)),
        ...(await rowsOfKey(work, 'grant', key.id)),
      ],
      (row) => [`${row.kind} ${row.id}`],
      'The key got a name or a grant meanwhile; it is destroyed when the job comes round',
    )
    const numbers = versions.map(({ version }) => version)
    return {
      additive: false,
      rows: [...rows, ...(parted?.rows ?? [])],
      removals: gone.map(({ kind, id }) => ({ kind, id })),
      unchanged: [
        ...standing(ringKey, numbers),
        ...(parted?.unchanged ?? []),
        ...gone.map(({ kind, id, revision }) => ({ kind, id, revision })),
      ],
      key: key.id,
      detail: { versions: versions.length, certificate: digestOf(certificate) },
      output: {},
    }
  },
}
