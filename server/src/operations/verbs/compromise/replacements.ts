import type { RotationTriggers } from '@claviger/contract'
import { findAlgorithm, generateMaterial, newId, type RingKey } from '#keyring'
import {
  keyRefusal,
  KeyError,
  sameCryptoperiod,
  shownSince,
  strictest,
  type Key,
  type MultiRegion,
  type Rotation,
} from '#model'
import type { RowStanding } from '#store'
import { datesCut } from '../../lifecycle/govern.ts'
import { standing } from '../../rows.ts'
import type { Plan } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { draftKey, planKey, type DraftKey } from '../create-key.ts'
import { withRelated, type RelatedKeys } from '../related.ts'

/** The keys that take the place of compromised ones: made like them, or named. Related keys have one in each of their regions. */

/** What took the place of one key. */
export interface Replaced {
  readonly old: Key
  readonly by: { readonly key: string; readonly version: number }
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
export async function named(
  work: Work,
  reference: string,
  members: readonly RingKey[],
): Promise<Made> {
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
  // What happened to the old key, and which of its public keys is shown, is its own.
  const { raised: _raised, reached: _reached, ...rest } = shownSince(old ?? first, undefined)
  const own = { ...rest.triggers, ...soonest }
  // A key has one calendar, and one that is asked for counts.
  const times = asked.find(({ triggers }) => triggers.calendar !== undefined)?.triggers
  const triggers = times === undefined ? own : onCalendar(own, times)
  return { ...rest, triggers, since: now }
}

function onCalendar(
  { calendar: _calendar, timeZone: _zone, ...others }: RotationTriggers,
  { calendar, timeZone }: RotationTriggers,
): RotationTriggers {
  return {
    ...others,
    ...(calendar === undefined ? {} : { calendar }),
    ...(timeZone === undefined ? {} : { timeZone }),
  }
}

/** The old key's limits, or lower ones where lifecycle policies ask for them. */
function limitsLike(old: Key | undefined, { limits: asked = {} }: Key): Pick<Key, 'limits'> {
  const { limits } = strictest([{ limits: old?.limits ?? {} }, { limits: asked }])
  return limits === undefined ? {} : { limits }
}

/** How the replacements are related, as the old keys are: the primary one first. */
function relationOf(
  ids: ReadonlyMap<string, string>,
  { multiRegion }: Key,
): MultiRegion | undefined {
  if (multiRegion === undefined) return undefined
  const { primary } = multiRegion
  const members = multiRegion.members
    .flatMap(({ region, key: old }) => {
      const key = ids.get(old)
      return key === undefined ? [] : [{ region, key }]
    })
    .toSorted((a, b) => Number(b.region === primary) - Number(a.region === primary))
  return { id: members[0]?.key ?? '', primary, members }
}

/**
 * Keys like the compromised ones, made now with one new material: everything that was said of them, and to live as long as their versions
 * were to, or less where the lifecycle policies ask for that now.
 */
export async function madeLike(work: Work, members: RelatedKeys): Promise<Made> {
  const [asked] = members
  const drafts: DraftKey[] = []
  const ids = new Map<string, string>()
  for (const { key: old, current } of members) {
    if (old.origin !== 'generated') {
      const message = 'The key was imported; import another and name it as the replacement'
      throw new KeyError('wrong_usage', message, { key: old })
    }
    const id = await work.once(`id of ${old.id}`, () => Promise.resolve(newId()))
    ids.set(old.id, id)
    const { algorithm, usage, exportable, description, owner, region } = old
    const lifetime = sameCryptoperiod(current, work.now)
    const dates = await datesCut(work, { ...old, id }, work.now, lifetime)
    const like = { algorithm, usage, exportable, description, owner, region, ...dates }
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
      ...limitsLike(members[at]?.key, draft),
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
