import type { RingKey } from '#keyring'
import type { Containment, Key, KeyVersion } from '#model'
import { keyRow, standing, versionRow } from '../../rows.ts'
import type { Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { freshMaterials } from '../made-ahead.ts'
import { planVersion } from '../next-version.ts'
import { together, type RelatedKeys } from '../related.ts'
import { inherited } from './inherited.ts'
import { madeLike, named, type Replaced } from './replacements.ts'

/**
 * What takes the place of a compromised key, or of one version of it, in the same change that takes it out of use. Related multi-Region
 * keys share what is compromised, so all of them are replaced together, each by one in its own region.
 */

export interface Successor extends Pick<Plan<unknown>, 'rows' | 'unchanged' | 'absent'> {
  /** The key that was asked about first. */
  readonly replaced: readonly Replaced[]
  readonly aliases: readonly string[]
}

/** Other keys take the place of a key and those related to it, with their names and everything that was allowed; the old are contained. */
export async function replaceKey(
  work: Work,
  members: RelatedKeys,
  containment: Containment,
  reference: string | undefined,
): Promise<Successor> {
  const made =
    reference === undefined ? await madeLike(work, members) : await named(work, reference, members)
  const taken = await inherited(work, made.replaced, containment)
  const contained = together(
    members.map((member, at) => {
      const replacedBy = made.replaced[at]?.by.key ?? ''
      const key: Key = { ...member.key, state: 'deactivated', containment, replacedBy }
      return { rows: [keyRow(key, member.current)], unchanged: standing(member) }
    }),
  )
  return {
    rows: [...contained.rows, ...made.rows, ...taken.rows],
    absent: made.absent ?? [],
    unchanged: [...contained.unchanged, ...made.unchanged, ...taken.unchanged],
    replaced: made.replaced,
    aliases: taken.aliases,
  }
}

/** A new version takes the place of the one that protects now; an older one that is compromised was replaced already. */
export async function replaceVersion(
  work: Work,
  members: RelatedKeys,
  containment: Containment,
  number: number,
): Promise<Successor> {
  const [asked] = members
  if (number !== asked.key.version) {
    const parts = members.map((member) => ({
      rows: [
        keyRow(member.key, member.current),
        containedRow(member, member.version(number), containment),
      ],
      unchanged: standing(member, [number]),
    }))
    return { ...together(parts), ...replacedIn(members, asked.key.version) }
  }
  const materials = await freshMaterials(work, asked)
  const plan = await planVersion(work, asked, { ...materials, dates: 'same', rotatedBy: 'demand' })
  const rows = plan.rows.map((row) => {
    const value = row.value as KeyVersion
    if (row.kind !== 'version' || value.version !== number) return row
    const member = members.find(({ key }) => key.id === value.key)
    return member === undefined ? row : containedRow(member, value, containment)
  })
  return {
    rows,
    unchanged: plan.unchanged ?? [],
    ...replacedIn(members, plan.version ?? number + 1),
  }
}

/** Each key goes on by itself, with a later version. */
function replacedIn(members: readonly RingKey[], version: number) {
  const replaced = members.map(({ key }) => ({ old: key, by: { key: key.id, version } }))
  return { replaced, aliases: [] }
}

function containedRow(member: RingKey, version: KeyVersion, containment: Containment) {
  const number = version.version
  return versionRow(member.key, { ...version, containment }, member.wrappedMaterial(number))
}
