import { isBeyond, type Counters } from '#model'
import type { CommitResult } from '#store'
import { plus } from './batch-parts.ts'
import type { Refusal, Waiting } from './submission.ts'

/** What is no longer allowed when its turn comes: it stays in the queue, and its refusal is recorded in its place. */
export function refuse(waiting: Waiting, { records, error }: Refusal): void {
  waiting.records = records
  waiting.refusal = error
  waiting.change = undefined
  waiting.counters = []
  waiting.until = Number.POSITIVE_INFINITY
}

/**
 * Refuses, in their order, those of a batch that would bring a version beyond a limit of its key; what only processes counts and is not
 * refused. What fits is tried again.
 */
export function refuseBeyond(
  members: readonly Waiting[],
  { key, version, counted: standing }: Extract<CommitResult, { kind: 'exceeded' }>,
): void {
  let counted = standing
  for (const waiting of members) {
    const deltas = waiting.counters.filter((one) => one.key === key && one.version === version)
    const more = deltas.reduce<Counters>(plus, { uses: 0, bytes: 0, wraps: 0 })
    const within = deltas.find((delta) => delta.within !== undefined)?.within
    const refusal =
      within !== undefined && isBeyond(within, counted, more)
        ? waiting.submission.beyond?.(key, version)
        : undefined
    if (refusal !== undefined) {
      refuse(waiting, refusal)
      continue
    }
    counted = plus(counted, more)
  }
}
