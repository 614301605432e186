import { dueJob, type DueJobOptions, type DueThing } from './due-job.ts'

/** How often cases of compromises are looked for in which the server has something to do, in milliseconds. */
const COMPROMISE_INTERVAL_MS = 2_000

type Parts<Due extends DueThing> = Omit<DueJobOptions<Due>, 'name' | 'intervalMs'>

/** Goes on with cases of compromises, as far as nobody else has to act or to decide first. */
export function compromise<Due extends DueThing>(parts: Parts<Due>) {
  return dueJob({ ...parts, name: 'compromise', intervalMs: COMPROMISE_INTERVAL_MS })
}
