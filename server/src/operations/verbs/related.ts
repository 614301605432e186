import { newestRow, type RingKey } from '#keyring'
import { ClavigerError, isReplica, KeyError, type Key, type MultiRegion } from '#model'
import { keyRow, standing } from '../rows.ts'
import type { Plan } from '../verb.ts'
import type { Work } from '../work.ts'

/** Related multi-Region keys: who they are, and what changes all of them at once. */

/** Related keys have their versions in common, and get them from one of them. @throws KeyError wrong_usage */
export function assertNotReplica(key: Key): void {
  if (!isReplica(key)) return
  throw new KeyError(
    'wrong_usage',
    `The key is a replica; do this to the primary key in ${key.multiRegion?.primary}`,
    { key },
  )
}

/** A key, and those related to it. */
export type RelatedKeys = readonly [RingKey, ...RingKey[]]

export interface Family {
  /** The key asked about, and the others that stand. */
  readonly keys: RelatedKeys
  /** The key that was made first, where it is another and destroyed: ciphertexts name it, and the others are found by it. */
  readonly origin: RingKey | undefined
}

/** A key and those related to it. */
export async function familyOf(work: Work, ringKey: RingKey): Promise<Family> {
  const { key } = ringKey
  if (key.multiRegion === undefined) return { keys: [ringKey], origin: undefined }
  const { ring, store } = work.parts
  const first = key.id === key.multiRegion.id ? ringKey : await ring.load(key.multiRegion.id)
  const origin = first !== undefined && first !== ringKey && isGone(first) ? first : undefined
  // Nobody tells a destroyed key who came later, but for the one that ciphertexts name.
  const { members } = (isGone(ringKey) ? first?.key.multiRegion : undefined) ?? key.multiRegion
  const others: RingKey[] = []
  for (const member of members) {
    const other = member.key === key.id ? undefined : await loadBeside(work, ringKey, member.key)
    if (other === undefined || isGone(other)) continue
    if (!isGone(ringKey) && !haveSameVersions(ringKey, other)) {
      const now = await newestRow(store, { kind: 'key', id: key.id })
      // It has changed since it was read, so what is planned from it does not commit, and is planned anew.
      if (now?.revision !== ringKey.revision) return { keys: [ringKey], origin }
      throw new ClavigerError(
        'integrity_failed',
        `The related keys ${key.id} and ${other.key.id} differ in their versions; run 'claviger doctor'`,
      )
    }
    others.push(other)
  }
  return { keys: [ringKey, ...others], origin }
}

/** A key and those related to it that stand, all of which have the same versions. */
export async function withRelated(work: Work, ringKey: RingKey): Promise<RelatedKeys> {
  return (await familyOf(work, ringKey)).keys
}

/** The key that is rotated for all that are related to it. */
export async function primaryOf(work: Work, ringKey: RingKey): Promise<RingKey> {
  const { multiRegion } = ringKey.key
  if (multiRegion === undefined || !isReplica(ringKey.key)) return ringKey
  const { keys } = await familyOf(work, ringKey)
  const primary = keys.find(({ key }) => key.region === multiRegion.primary)
  if (primary === undefined)
    throw new ClavigerError('wrong_state', 'The primary key of the replica is not there')
  return primary
}

/** A related key; as it stands in the store, where what memory holds may be from before a change of both. */
async function loadBeside({ parts }: Work, ringKey: RingKey, id: string) {
  const held = await parts.ring.load(id)
  if (held === undefined || haveSameVersions(ringKey, held)) return held
  parts.ring.drop([{ kind: 'key', id }])
  return parts.ring.load(id)
}

function haveSameVersions({ key: one }: RingKey, { key: other }: RingKey): boolean {
  return one.version === other.version && one.pending === other.pending
}

/** Whether only the record of a key is left. */
export function isGone({ key }: RingKey): boolean {
  return key.state === 'destroyed' || key.state === 'destroyed-compromised'
}

type Parts = Pick<Plan<unknown>, 'rows' | 'unchanged' | 'removals'>

/** What several keys change in one plan. */
export function together(parts: readonly Parts[]) {
  return {
    rows: parts.flatMap(({ rows }) => rows),
    unchanged: parts.flatMap(({ unchanged = [] }) => unchanged),
    removals: parts.flatMap(({ removals = [] }) => removals),
  }
}

/** What tells keys who is related to them now, and what else changes of each. */
export function planMembers(
  keys: readonly (RingKey | undefined)[],
  multiRegion: MultiRegion,
  change: (key: Key) => Key = (key) => key,
) {
  return together(
    keys
      .filter((each) => each !== undefined)
      .map((each) => ({
        rows: [keyRow({ ...change(each.key), multiRegion }, each.current)],
        unchanged: standing(each),
      })),
  )
}
