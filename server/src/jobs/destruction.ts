import { dueJob, type DueJobOptions, type DueThing } from './due-job.ts'

/** How often keys whose destruction is due are looked for, in milliseconds. */
const DESTRUCTION_INTERVAL_MS = 10_000

type Parts<Due extends DueThing> = Omit<DueJobOptions<Due>, 'name' | 'intervalMs'>

/** Destroys the keys and versions whose window has ended: their material goes, their record stays, and of a key a tombstone too. */
export function destruction<Due extends DueThing>(parts: Parts<Due>) {
  return dueJob({ ...parts, name: 'destruction', intervalMs: DESTRUCTION_INTERVAL_MS })
}
