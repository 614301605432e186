import { findAlgorithm, generateMaterial, newId, type RingKey } from '#keyring'
import {
  keyRefusal,
  KeyError,
  strictest,
  type Containment,
  type Key,
  type KeyVersion,
  type MultiRegion,
  type Rotation,
} from '#model'
import type { RowStanding } from '#store'
import { keyRow, standing, versionRow } from '../../rows.ts'
import type { Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { draftKey, planKey, type DraftKey } from '../create-key.ts'
import { planVersion } from '../next-version.ts'
import { together, withRelated } from '../related.ts'
import { inherited } from './inherited.ts'

/**
 * What takes the place of a compromised key, or of one version of it, in the same change that takes it out of use. Related multi-Region
 * keys share what is compromised, so all of them are replaced together, each by one in its own region.
 */

/** What took the place of one key. */
export interface Replaced {
  readonly old: Key
  readonly by: { readonly key: string; readonly version: number }
}

export interface Successor extends Pick<Plan<unknown>, 'rows' | 'unchanged' | 'absent'> {
  /** The key that was asked about first. */
  readonly replaced: readonly Replaced[]
  readonly aliases: readonly string[]
}

/** The replacements, with what makes them where they are new. */
interface Made extends Pick<Plan<unknown>, 'rows' | 'absent'> {
  readonly replaced: readonly Replaced[]
  readonly unchanged: readonly RowStanding[]
}

function material(work: Work, { key }: RingKey): Promise<Buffer> {
  return work.once(
    'material',
    () => generateMaterial(findAlgorithm(key.algorithm)),
    (bytes) => bytes.fill(0),
  )
}

/** @throws KeyError wrong_state, wrong_usage */
function assertReplaces({ key }: RingKey, { key: old }: RingKey): void {
  const refused = keyRefusal(key)
  if (refused !== undefined)
    throw new KeyError('wrong_state', `It cannot replace the key: ${refused.reason}`, { key })
  if (key.id === old.id || key.usage !== old.usage)
    throw new KeyError('wrong_usage', 'A replacement is another key of the same usage', { key })
}

/**
 * The key that was named, and those related to it, where they can do the same in the same regions. Whoever could use the old key can use
 * the new one, so naming it takes the right to give roles on it.
 *
 * @throws ClavigerError not_found, forbidden; KeyError wrong_state, wrong_usage
 */
async function named(work: Work, reference: string, members: readonly RingKey[]): Promise<Made> {
  const { ringKey } = work.key(reference)
  const replaced: Replaced[] = []
  const unchanged: RowStanding[] = []
  for (const member of members) {
    const by = await counterpartOf(work, ringKey, member)
    await work.locate([by.key.id])
    work.key(by.key.id, 'binding.create')
    assertReplaces(by, member)
    replaced.push({ old: member.key, by: { key: by.key.id, version: by.key.version } })
    unchanged.push(...standing(by))
  }
  return { replaced, unchanged, rows: [], absent: [] }
}

/** The key that was named, or the one related to it in the region of an old one. @throws KeyError wrong_usage */
async function counterpartOf(work: Work, ringKey: RingKey, { key: old }: RingKey) {
  if (old.multiRegion === undefined) return ringKey
  const family = await withRelated(work, ringKey)
  const there = family.find(({ key }) => key.region === old.region)
  if (there !== undefined) return there
  const message = `A replacement has the same regions; the key that was named has none in ${old.region}`
  throw new KeyError('wrong_usage', message, { key: ringKey.key })
}

/** The old keys' rotation, as soon as lifecycle policies ask of keys that are made now. */
function rotationLike(
  { rotation: old }: Key,
  drafts: readonly DraftKey[],
  now: number,
): Rotation | undefined {
  const asked = drafts.flatMap(({ key }) => (key.rotation === undefined ? [] : [key.rotation]))
  const [first = old] = asked
  if (first === undefined) return undefined
  const { rotation: soonest } = strictest(
    [...(old === undefined ? [] : [old]), ...asked].map(({ triggers }) => ({ rotation: triggers })),
  )
  const { raised: _, ...rest } = old ?? first
  return { ...rest, triggers: { ...rest.triggers, ...soonest }, since: now }
}

/** How the replacements are related, as the old keys are: the primary one first. */
function relationOf(
  ids: ReadonlyMap<string, string>,
  { multiRegion }: Key,
): MultiRegion | undefined {
  if (multiRegion === undefined) return undefined
  const { primary } = multiRegion
  const members = multiRegion.members
    .map(({ region, key }) => ({ region, key: ids.get(key) ?? '' }))
    .toSorted((a, b) => Number(b.region === primary) - Number(a.region === primary))
  return { id: members[0]?.key ?? '', primary, members }
}

/** Keys like the compromised ones, made now with one new material: everything that was said of them, but their dates. */
async function madeLike(work: Work, members: readonly [RingKey, ...RingKey[]]): Promise<Made> {
  const [asked] = members
  const drafts: DraftKey[] = []
  const ids = new Map<string, string>()
  for (const { key: old } of members) {
    if (old.origin !== 'generated') {
      const message = 'The key was imported; import another and name it as the replacement'
      throw new KeyError('wrong_usage', message, { key: old })
    }
    const id = await work.once(`id of ${old.id}`, () => Promise.resolve(newId()))
    ids.set(old.id, id)
    const { algorithm, usage, exportable, description, owner, region } = old
    const like = { algorithm, usage, exportable, description, owner, region }
    const about = { id, origin: 'generated', awaits: false } as const
    drafts.push(await draftKey(work, { ...like, labels: { ...old.labels } }, about))
  }
  const rotation = rotationLike(asked.key, drafts, work.now)
  const multiRegion = relationOf(ids, asked.key)
  const bytes = await material(work, asked)
  const plans = drafts.map(({ key: draft, version }, at) => {
    const policy = members[at]?.key.policy
    const key: Key = {
      ...draft,
      ...(policy === undefined ? {} : { policy }),
      ...(rotation === undefined ? {} : { rotation }),
      ...(multiRegion === undefined ? {} : { multiRegion }),
    }
    return planKey(work, { key, version }, undefined, bytes)
  })
  return {
    rows: plans.flatMap(({ rows }) => rows),
    absent: plans.flatMap(({ absent = [] }) => absent),
    unchanged: [],
    replaced: members.map(({ key: old }) => ({
      old,
      by: { key: ids.get(old.id) ?? '', version: 1 },
    })),
  }
}

/** Other keys take the place of a key and those related to it, with their names and everything that was allowed; the old are contained. */
export async function replaceKey(
  work: Work,
  members: readonly [RingKey, ...RingKey[]],
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
  members: readonly [RingKey, ...RingKey[]],
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
  const fresh = await material(work, asked)
  const plan = await planVersion(work, asked, { material: fresh, dates: {}, rotatedBy: 'demand' })
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
