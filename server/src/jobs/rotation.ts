import { dueJob, type DueJobOptions, type DueThing } from './due-job.ts'

/** How often keys whose rotation is due are looked for, in milliseconds. A key goes so much past its number of uses. */
const ROTATION_INTERVAL_MS = 5_000

type Parts<Due extends DueThing> = Omit<DueJobOptions<Due>, 'name' | 'intervalMs'>

/** Rotates the keys whose time has come: each once, however many rotations were missed. */
export function rotation<Due extends DueThing>(parts: Parts<Due>) {
  return dueJob({ ...parts, name: 'rotation', intervalMs: ROTATION_INTERVAL_MS })
}
