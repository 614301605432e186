import { ClavigerError } from '#model'
import type { Job } from './job.ts'

/** Jobs over what is due: found by an index, worked off by one node at a time, in small steps that leave room for requests. */

/** Rows read at once. */
const ROWS_PER_READ = 100

/** Something that is due, since a time in milliseconds since 1970. */
export interface DueThing {
  readonly at: number
}

export interface DueJobOptions<Due extends DueThing> {
  readonly name: string
  readonly intervalMs: number
  readonly now: () => number
  /** What was due at a time, the longest due first, after one that was read before. */
  readonly due: (until: number, after: Due | undefined, limit: number) => Promise<readonly Due[]>
  /** Whether this node may work now; others rest meanwhile. What they do all the same is refused by the ledger's order. */
  readonly lease: (job: string) => Promise<boolean>
  /** Does one through the gate. */
  readonly act: (due: Due) => Promise<void>
}

/** These end a run: whatever comes next would be refused, too. */
const endings: ReadonlySet<string> = new Set(['shutting_down', 'sealed', 'ledger_unavailable'])

/**
 * A job that works off what is due. One that fails holds up none of the others, and what somebody else was quicker to do is no failure.
 * Between two of them it rests for as long as the last one took, so that requests have at least half of the ledger's time.
 */
export function dueJob<Due extends DueThing>(options: DueJobOptions<Due>): Job {
  const { name, intervalMs, now } = options
  /** Since when the oldest thing is due that is not done. */
  let oldest: number | undefined

  async function run(): Promise<void> {
    const failures: unknown[] = []
    let failedSince: number | undefined
    // What becomes due meanwhile is for the next run, so that this one ends.
    const until = now()
    for (let after: Due | undefined; ;) {
      const things = await options.due(until, after, ROWS_PER_READ)
      oldest = failedSince ?? things[0]?.at
      after = things.at(-1)
      if (after === undefined) break
      if (!(await options.lease(name))) return
      for (const thing of things) {
        oldest = failedSince ?? thing.at
        const failure = await attempt(options.act, thing)
        if (failure === undefined) continue
        if (failure instanceof ClavigerError && endings.has(failure.code)) throw failure
        failures.push(failure)
        failedSince ??= thing.at
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  return {
    name,
    intervalMs,
    run,
    lagMs: () => (oldest === undefined ? 0 : Math.max(0, now() - oldest)),
  }
}

/** Does one thing and rests; gives what it failed with. */
async function attempt<Due>(act: (due: Due) => Promise<void>, thing: Due): Promise<unknown> {
  const begun = performance.now()
  try {
    await act(thing)
  } catch (thrown) {
    if (!(thrown instanceof ClavigerError) || thrown.code !== 'wrong_state') return thrown
  }
  await rest(performance.now() - begun)
  return undefined
}

/** A pause, so that requests have at least half of the ledger's time. */
export function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
