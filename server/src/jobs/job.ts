/** Something the server does by itself, again and again, as principal `system`. */
export interface Job {
  readonly name: string
  readonly intervalMs: number
  run(): Promise<void>
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
        const timer = setInterval(() => {
          if (options.serving() && !underWay.has(job.name)) underWay.set(job.name, run(job))
        }, job.intervalMs)
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
