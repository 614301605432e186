import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import Registry from 'prom-client/lib/registry.js'
import { Tallies } from './tallies.ts'

/** What is measured, for Prometheus. Labels hold names of operations and error codes only. */

export interface Gauges {
  readonly entries: () => number
  readonly revision: () => number
  readonly keysHeld: () => number
  readonly unsealed: () => boolean
  readonly jobs: readonly { readonly name: string; readonly lagMs?: () => number }[]
}

export interface Metrics {
  observe(operation: string, code: string, milliseconds: number): void
  /** How long a notice took from its record in the ledger to its receiver's answer. */
  observeNotice(type: string, milliseconds: number): void
  render(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** From 0.5 ms, about what a durable commit takes, to 5 s. */
const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** From 50 ms to a day: a receiver may have been away. */
const NOTICE_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3_600, 86_400]

export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry()
  let processIsWatched: Promise<void> | undefined
  const registers = [registry]
  const tallies = new Tallies(BUCKETS_SECONDS)
  tallies.register(
    registry,
    {
      name: 'claviger_operations_total',
      help: 'Operations answered, by operation and outcome code',
    },
    {
      name: 'claviger_operation_seconds',
      help: 'Time from the request to its answer, the durable record included',
    },
  )
  const notices = new Histogram({
    name: 'claviger_notice_seconds',
    help: "Time from a notice's record in the ledger to the answer of a receiver that took it",
    labelNames: ['type'],
    buckets: NOTICE_BUCKETS_SECONDS,
    registers,
  })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('claviger_ledger_entries', 'Entries durable in the ledger', gauges.entries)
  gauge('claviger_ledger_revision', 'Changes durable in the ledger', gauges.revision)
  gauge('claviger_keys_held', 'Keys in the ring', gauges.keysHeld)
  gauge('claviger_unsealed', 'Whether the server is unsealed', () => (gauges.unsealed() ? 1 : 0))
  registry.registerMetric(lagOf(gauges.jobs))

  return {
    observeNotice: (type, milliseconds) => notices.labels(type).observe(milliseconds / 1_000),
    observe: (operation, code, milliseconds) =>
      tallies.observe(operation, code, milliseconds / 1_000),
    async render() {
      // What Node tells of the process costs memory and time to watch: it begins with the first who wants to know.
      processIsWatched ??= watchProcess(registry)
      await processIsWatched
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

async function watchProcess(register: Registry): Promise<void> {
  const { default: collectDefaultMetrics } = await import('prom-client/lib/defaultMetrics.js')
  collectDefaultMetrics({ register, prefix: 'claviger_' })
}

/** How far behind each job is that works off what is due. */
function lagOf(jobs: Gauges['jobs']) {
  return new Gauge({
    name: 'claviger_job_lag_seconds',
    help: 'For how long the oldest thing that a job has to do has been due',
    labelNames: ['job'],
    registers: [],
    collect() {
      for (const { name, lagMs } of jobs)
        if (lagMs !== undefined) this.set({ job: name }, lagMs() / 1_000)
    },
  })
}
