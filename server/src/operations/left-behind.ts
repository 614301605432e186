import type { RingKey } from '#keyring'
import { leavesNothingUnder, type Dependent, type RewrapRun } from '#model'
import { rowsOfKey } from './rows-of-key.ts'
import type { Work } from './work.ts'

/** What may still need an old version of a key. */

/** Runs of a key, newest first. */
export async function runsOf(work: Work, key: string): Promise<readonly RewrapRun[]> {
  const rows = await rowsOfKey(work, 'rewrapRun', key)
  return rows
    .map((row) => work.parts.seals.open<RewrapRun>(row))
    .toSorted((a, b) => b.startedAt - a.startedAt)
}

/** What was declared to hold what the key protects. */
export async function storesOf(work: Work, key: string): Promise<readonly Dependent[]> {
  const rows = await rowsOfKey(work, 'dependent', key)
  return rows
    .map((row) => work.parts.seals.open<Dependent>(row))
    .filter(({ kind }) => kind === 'store')
}

/**
 * Why a version may not go yet, one sentence for each thing; empty where nothing known depends on it. A version that was used and that
 * no complete run has gone beyond counts as depended on: nobody has said where what it protects is.
 */
export async function leftBehind(
  work: Work,
  { key }: RingKey,
  version: number,
): Promise<readonly string[]> {
  const runs = await runsOf(work, key.id)
  const newest = new Map<string, RewrapRun>()
  for (const run of runs) if (!newest.has(run.source)) newest.set(run.source, run)
  const gone = new Set(
    runs.filter((run) => leavesNothingUnder(run, version)).map((run) => run.source),
  )
  const reasons: string[] = []
  for (const [source, run] of newest) {
    if (run.finishedAt === undefined) reasons.push(`the re-wrap of ${source} is under way`)
    else if (!gone.has(source)) reasons.push(`the re-wrap of ${source} was ${run.outcome}`)
  }
  for (const { id, name } of await storesOf(work, key.id)) {
    const isThrough = runs.some((run) => run.dependent === id && leavesNothingUnder(run, version))
    if (!isThrough) reasons.push(`the declared store ${name} was not gone through to its end`)
  }
  if (reasons.length > 0 || gone.size > 0) return reasons
  const counters = (await work.parts.store.key(key.id))?.counters.get(version)
  return (counters?.uses ?? 0) > 0
    ? ['it was used, and no complete re-wrap has gone beyond it']
    : []
}
