import type Registry from 'prom-client/lib/registry.js'

/**
 * Operations and their durations, for Prometheus. prom-client's own counter and histogram look labels up at every count, 1.2 µs of a
 * request; here a request adds to numbers, and what prom-client writes is made when somebody asks for it.
 */

interface Tally {
  readonly codes: Map<string, { count: number }>
  /** Durations up to each bound and beyond the one before; the last are beyond all. */
  readonly counts: Float64Array
  seconds: number
}

interface Value {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

export class Tallies {
  readonly #bounds: readonly number[]
  readonly #tallies = new Map<string, Tally>()

  /** `bounds` in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
  }

  observe(operation: string, code: string, seconds: number): void {
    let tally = this.#tallies.get(operation)
    if (tally === undefined) {
      const counts = new Float64Array(this.#bounds.length + 1)
      tally = { codes: new Map(), counts, seconds: 0 }
      this.#tallies.set(operation, tally)
    }
    let one = tally.codes.get(code)
    if (one === undefined) {
      one = { count: 0 }
      tally.codes.set(code, one)
    }
    one.count += 1
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1
    tally.counts[at] = (tally.counts[at] ?? 0) + 1
    tally.seconds += seconds
  }

  /** Makes a registry tell both: how many operations ended how, and how long they took. */
  register(registry: Registry, counter: Description, histogram: Description): void {
    registerMetric(registry, 'counter', counter, () => this.#counted())
    registerMetric(registry, 'histogram', histogram, () => this.#distributed(histogram.name))
  }

  #counted(): Value[] {
    return [...this.#tallies].flatMap(([operation, { codes }]) =>
      [...codes].map(([code, { count }]) => ({ labels: { operation, code }, value: count })),
    )
  }

  /** Buckets count everything up to their bound, as Prometheus wants them. */
  #distributed(name: string): Value[] {
    return [...this.#tallies].flatMap(([operation, { counts, seconds }]) => {
      let sum = 0
      const buckets = [...this.#bounds, '+Inf'].map((le, at) => {
        sum += counts[at] ?? 0
        return { metricName: `${name}_bucket`, labels: { le, operation }, value: sum }
      })
      const labels = { operation }
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: seconds },
        { metricName: `${name}_count`, labels, value: sum },
      ]
    })
  }
}

interface Description {
  readonly name: string
  readonly help: string
}

/** A registry takes whatever has a name and says its values when asked, though its types name its own metrics alone. */
function registerMetric(
  registry: Registry,
  type: 'counter' | 'histogram',
  description: Description,
  values: () => Value[],
): void {
  const metric = {
    ...description,
    get: () => Promise.resolve({ ...description, type, values: values(), aggregator: 'sum' }),
  }
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0])
}
