import { ClavigerError } from '#model'

/** Something the server does by itself, again and again, as principal `system`. */
export interface Job {
  readonly name: string
  readonly intervalMs: number
  run(): Promise<void>
  /** For how long the oldest thing it has to do has been due, where it works off such things. */
  readonly lagMs?: () => number
}

export interface Scheduler {
  start(): void
  /** Ends the schedule and waits for what is under way. */
  stop(): Promise<void>
}

export interface SchedulerOptions {
  readonly jobs: readonly Job[]
  /** Whether the server serves now; jobs rest while it does not. */
  readonly serving: () => boolean
  readonly reportFailure: (job: string, cause: unknown) => void
}

/** Runs each job at its interval, never twice at once; a failure is reported, and the job comes round again. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const timers: NodeJS.Timeout[] = []
  const underWay = new Map<string, Promise<void>>()

  async function run(job: Job): Promise<void> {
    try {
      await job.run()
    } catch (cause) {
      options.reportFailure(job.name, cause)
    } finally {
      underWay.delete(job.name)
    }
  }

  return {
    start() {
      for (const job of options.jobs) {
        const comeRound = () => {
          if (options.serving() && !underWay.has(job.name)) underWay.set(job.name, run(job))
        }
        // What was missed while the server was down is done at once, where it serves already.
        comeRound()
        const timer = setInterval(comeRound, job.intervalMs)
        timer.unref()
        timers.push(timer)
      }
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer)
      await Promise.all(underWay.values())
    },
  }
}

/**
 * Does something to each. One that fails holds up none of the others, and what somebody else was quicker to do is no failure.
 *
 * @throws the first failure, once all were tried
 */
export async function forEachDue<Due>(
  due: readonly Due[],
  act: (one: Due) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  for (const one of due) {
    try {
      await act(one)
    } catch (thrown) {
      if (!(thrown instanceof ClavigerError) || thrown.code !== 'wrong_state') failures.push(thrown)
    }
  }
  if (failures.length > 0) throw failures[0]
}
