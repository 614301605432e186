import { QuotaReached, type RewrapRun } from '#model'
import type { RowStanding } from '#store'

/** Room for one more re-wrap run of a key: all of them are read when a version is to be destroyed. */

/** Of one key, those that are over among them. */
const RUNS_OF_KEY_MAX = 1_000

export interface StandingRun {
  readonly value: RewrapRun
  readonly standing: RowStanding
}

/** Whether a run says nothing that a later one of the same place, which went through to its end, does not say too. */
function isSuperseded({ value: run }: StandingRun, runs: readonly StandingRun[]): boolean {
  if (run.finishedAt === undefined) return false
  return runs.some(
    ({ value: later }) =>
      later.outcome === 'complete' &&
      later.startedAt > run.startedAt &&
      later.source === run.source &&
      later.dependent === run.dependent &&
      later.sourceVersion >= run.sourceVersion,
  )
}

/**
 * What has to go before one more is begun: nothing while there is room, and then the oldest run that says nothing any more. The ledger
 * keeps what it was.
 *
 * @throws QuotaReached
 */
export function makeRoom(runs: readonly StandingRun[]): readonly RowStanding[] {
  if (runs.length < RUNS_OF_KEY_MAX) return []
  const [oldest] = runs
    .filter((run) => isSuperseded(run, runs))
    .toSorted((a, b) => a.value.startedAt - b.value.startedAt)
  if (oldest === undefined) {
    throw new QuotaReached(
      'A key has at most 1,000 re-wrap runs that still say something; finish those that are open, so that later ones take the place of ' +
        'what went before them',
    )
  }
  return [oldest.standing]
}
