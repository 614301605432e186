import { dueJob, type DueJobOptions, type DueThing } from './due-job.ts'

/** How often end dates that have come, or are near, are looked for, in milliseconds. What is over is refused without it. */
const END_DATES_INTERVAL_MS = 10_000

type Parts<Due extends DueThing> = Omit<DueJobOptions<Due>, 'name' | 'intervalMs'>

/** Puts into the ledger, and so tells dependents, that a version ends by its own dates: ahead, and when it has come. */
export function endDates<Due extends DueThing>(parts: Parts<Due>) {
  return dueJob({ ...parts, name: 'endDates', intervalMs: END_DATES_INTERVAL_MS })
}
