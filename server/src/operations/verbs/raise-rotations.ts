import { starPattern } from '#access'
import { newestRow, type RingKey } from '#keyring'
import {
  ClavigerError,
  isReached,
  isServed,
  isToHear,
  raisedFor,
  type Key,
  type Occurrence,
} from '#model'
import { seenAliasesOf } from '../aliases.ts'
import { reachOfEnded } from '../occurrences/leaving.ts'
import { keyRow, standing } from '../rows.ts'
import { occurrenceRow } from '../rows/occurrences.ts'
import type { InternalVerb } from '../verb.ts'
import type { Work } from '../work.ts'
import { primaryOf } from './related.ts'

/** Telling keys of what happened: page by page, each step in one change with how far it has come, so that no key is told twice. */

/** Keys that one step tells; each is a row of its change. */
const TOLD_MAX = 50
/** Keys that one step looks at, whether they are to be told or not. */
const LOOKED_MAX = 2_000
const KEYS_PER_READ = 200

/** Whether a key is in reach; its names are read where a scope asks for them. */
async function isConcerned(work: Work, key: Key, occurrence: Occurrence): Promise<boolean> {
  if (!isToHear(key, occurrence)) return false
  const asksForNames = occurrence.reach?.some(({ scope }) => scope.kind === 'alias') === true
  const names = asksForNames ? await seenAliasesOf(work, key.id) : []
  return isReached(key, occurrence, (pattern) => {
    const compiled = starPattern(pattern)
    return compiled !== undefined && names.some((name) => compiled.matches(name))
  })
}

/** The key that is rotated for it: of related ones, the primary one. Undefined where its version came later. */
async function toTell(work: Work, id: string, occurrence: Occurrence) {
  const found = await work.parts.ring.load(id)
  if (found === undefined) return undefined
  const ringKey = await primaryOf(work, found)
  const { rotation } = ringKey.key
  if (rotation === undefined || isServed(ringKey.current, occurrence)) return undefined
  return { ringKey, key: { ...ringKey.key, rotation: raisedFor(rotation, occurrence) } }
}

interface Step {
  readonly told: ReadonlyMap<string, { readonly ringKey: RingKey; readonly key: Key }>
  /** The last key that was looked at; undefined after the last one of all. */
  readonly after: string | undefined
}

/** The next keys that are to be told. Found by what they ask for: keys that ask for nothing are never looked at. */
async function nextToTell(work: Work, occurrence: Occurrence): Promise<Step> {
  const { tenant, event } = occurrence
  const told = new Map<string, { readonly ringKey: RingKey; readonly key: Key }>()
  let { after } = occurrence
  for (let looked = 0; looked < LOOKED_MAX;) {
    const rows = await work.parts.store.list({
      kind: 'key',
      tenant,
      facets: [['rotateOn', event]],
      limit: KEYS_PER_READ,
      ...(after === undefined ? {} : { after }),
    })
    for (const row of rows) {
      if (told.size >= TOLD_MAX) return { told, after }
      after = row.id
      if (!(await isConcerned(work, work.parts.seals.open<Key>(row), occurrence))) continue
      const one = await toTell(work, row.id, occurrence)
      if (one !== undefined) told.set(one.ringKey.key.id, one)
    }
    looked += rows.length
    if (rows.length < KEYS_PER_READ) return { told, after: undefined }
  }
  return { told, after }
}

/** One step. Rotating is the job's that comes after: a key that was told is due. */
export const raiseRotations: InternalVerb<
  { readonly occurrence: string },
  { readonly isDone: boolean }
> = {
  kind: 'change',
  references: () => [],
  async run({ occurrence: id }, work) {
    work.authorize()
    const { store, seals } = work.parts
    const reference = { kind: 'occurrence' as const, id }
    const row = await newestRow(store, reference)
    if (row === undefined) throw new ClavigerError('wrong_state', 'Every key was told already')
    const stored = seals.open<Occurrence>(row)
    if (stored.at > work.now) throw new ClavigerError('wrong_state', 'It has not happened yet')
    const { binding } = stored
    const occurrence: Occurrence =
      stored.reach === undefined && binding !== undefined
        ? { ...stored, reach: await reachOfEnded(work, binding) }
        : stored
    const step: Step =
      occurrence.reach?.length === 0
        ? { told: new Map(), after: undefined }
        : await nextToTell(work, occurrence)
    const keys = [...step.told.values()]
    const { after } = step
    return {
      additive: false,
      rows: [
        ...keys.map(({ key, ringKey }) => keyRow(key, ringKey.current)),
        ...(after === undefined ? [] : [occurrenceRow({ ...occurrence, after })]),
      ],
      removals: after === undefined ? [reference] : [],
      unchanged: [
        { ...reference, revision: row.revision },
        ...keys.flatMap(({ ringKey }) => standing(ringKey)),
      ],
      subject: id,
      detail: { event: occurrence.event, because: occurrence.because, keys: keys.length },
      output: { isDone: after === undefined },
    }
  },
}
