import { dueJob, type DueJobOptions, type DueThing } from './due-job.ts'

/** How often approved requests that the server is to do are looked for, in milliseconds. */
const EXECUTION_INTERVAL_MS = 1_000

type Parts<Due extends DueThing> = Omit<DueJobOptions<Due>, 'name' | 'intervalMs'>

/** Does what others have approved, for those who asked the server to. */
export function execution<Due extends DueThing>(parts: Parts<Due>) {
  return dueJob({ ...parts, name: 'execution', intervalMs: EXECUTION_INTERVAL_MS })
}
