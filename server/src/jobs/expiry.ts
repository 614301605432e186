import { dueJob, type DueJobOptions, type DueThing } from './due-job.ts'

/** How often imported material past its end is looked for, in milliseconds. It cannot be used any more before it is found. */
const EXPIRY_INTERVAL_MS = 10_000

type Parts<Due extends DueThing> = Omit<DueJobOptions<Due>, 'name' | 'intervalMs'>

/** Erases imported material past its end; the same can be imported again. */
export function expiry<Due extends DueThing>(parts: Parts<Due>) {
  return dueJob({ ...parts, name: 'expiry', intervalMs: EXPIRY_INTERVAL_MS })
}
