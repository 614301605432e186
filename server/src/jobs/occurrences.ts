import { dueJob, rest, type DueJobOptions, type DueThing } from './due-job.ts'
import type { Job } from './job.ts'

/** How often it is looked for what happened, in milliseconds. */
const OCCURRENCES_INTERVAL_MS = 5_000

interface Parts<Due extends DueThing> extends Omit<
  DueJobOptions<Due>,
  'name' | 'intervalMs' | 'act'
> {
  /** Tells some keys of it, in one change; whether all of them were. */
  readonly step: (due: Due) => Promise<boolean>
}

/** Tells keys of what happened that they ask to be rotated for: step by step, with a rest after each, and to the end. */
export function occurrences<Due extends DueThing>({ step, ...parts }: Parts<Due>): Job {
  return dueJob({
    ...parts,
    name: 'occurrence',
    intervalMs: OCCURRENCES_INTERVAL_MS,
    async act(due) {
      for (;;) {
        const begun = performance.now()
        if (await step(due)) return
        await rest(performance.now() - begun)
      }
    },
  })
}
