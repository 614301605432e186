import type { RecordDraft } from '#ledger'
import type { Limits } from '#model'
import type { CounterDelta } from '#store'
import type { Admitted } from './admitted.ts'

/** What an operation did with keys, added up for its records and for the durable counters. */

/** What was done in one go. */
export interface Done {
  /** Message bytes. */
  readonly bytes?: number
  /** Data keys wrapped. */
  readonly wraps?: number
  /** Which side of a re-encryption it was. */
  readonly part?: 'source' | 'destination'
  /** For the record, where no key was used: what it was done to, and what is said of it. */
  readonly subject?: string
  readonly detail?: RecordDraft['detail']
}

/** One line: done, refused or failed, with one version or with no key at all. */
export interface Use {
  readonly key: string | undefined
  readonly version: number | undefined
  readonly by: Admitted | undefined
  readonly outcome: RecordDraft['outcome']
  readonly reason: string | undefined
  readonly part: 'source' | 'destination' | undefined
  /** Whether it protected, which limits of keys are for. */
  readonly applies: boolean
  readonly count: number
  readonly bytes: number | undefined
  readonly wraps: number
  readonly subject: string | undefined
  readonly detail: RecordDraft['detail']
}

export class Tally {
  readonly #uses: Use[] = []

  used(by: Admitted | undefined, done: Done): void {
    this.#uses.push({
      key: by?.ringKey.key.id,
      version: by?.version,
      by,
      outcome: 'ok',
      reason: undefined,
      part: done.part,
      applies: by?.purpose === 'apply',
      count: 1,
      bytes: done.bytes,
      wraps: done.wraps ?? 0,
      subject: done.subject,
      detail: done.detail,
    })
  }

  failed(
    outcome: RecordDraft['outcome'],
    reason: string,
    key: string | undefined,
    version: number | undefined,
  ): void {
    this.#uses.push({
      key,
      version,
      by: undefined,
      outcome,
      reason,
      part: undefined,
      applies: false,
      count: 1,
      bytes: undefined,
      wraps: 0,
      subject: undefined,
      detail: undefined,
    })
  }

  /** Whether a key has said something that only it can say of what it was given: that it decrypts, or whether it verifies. */
  get hasProcessed(): boolean {
    return this.#uses.some(({ key, outcome, applies }) => {
      return key !== undefined && outcome === 'ok' && !applies
    })
  }

  /** One line for each key, version, outcome and part, and for each right that allowed it. */
  sums(): readonly Use[] {
    if (this.#uses.length < 2) return this.#uses
    const sums = new Map<string, Use>()
    for (const use of this.#uses) {
      const { key, version, outcome, reason, part, by } = use
      const name = `${key}/${version}/${outcome}/${reason}/${part}/${by?.binding}`
      const sum = sums.get(name)
      sums.set(name, sum === undefined ? use : plus(sum, use))
    }
    return [...sums.values()]
  }

  /** What is added to the counters of the versions used; where a version protected, within the limits of its key. */
  counters(limitsOf: (key: string) => Limits | undefined): CounterDelta[] {
    const deltas: CounterDelta[] = []
    for (const { outcome, key, version, applies, count, bytes, wraps } of this.sums()) {
      if (outcome !== 'ok' || key === undefined || version === undefined) continue
      const within = applies ? limitsOf(key) : undefined
      const delta = { key, version, uses: count, bytes: bytes ?? 0, wraps }
      deltas.push(within === undefined ? delta : { ...delta, within })
    }
    return deltas
  }
}

function plus(sum: Use, use: Use): Use {
  const neither = sum.bytes === undefined && use.bytes === undefined
  return {
    ...sum,
    count: sum.count + use.count,
    bytes: neither ? undefined : (sum.bytes ?? 0) + (use.bytes ?? 0),
    wraps: sum.wraps + use.wraps,
  }
}
