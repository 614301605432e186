/** What depends on keys, as it is stored. Dates are milliseconds since 1970. */

/** A notice that a dependent has acted on. */
export interface Acknowledgement {
  /** The index of the notice in the ledger. */
  readonly notice: number
  readonly at: number
  readonly by: string
}

/** Something that was declared to depend on a key. */
export interface Dependent {
  readonly id: string
  readonly tenant: string
  readonly key: string
  readonly name: string
  readonly kind: 'service' | 'store'
  /** The principal that answers for it, and may say so. */
  readonly owner: string
  readonly contact: string
  readonly description: string
  readonly createdAt: number
  readonly updatedAt?: number
  /** The newest of them; all are in the ledger. */
  readonly acknowledged: readonly Acknowledgement[]
}

/** Acknowledgements that a dependent's row has at most. */
const ACKNOWLEDGED_MAX = 64

/** A dependent that has acted on one more notice; the same where it had said so before, since a notice can arrive twice. */
export function acknowledging(dependent: Dependent, made: Acknowledgement): Dependent {
  const { acknowledged } = dependent
  if (acknowledged.some(({ notice }) => notice === made.notice)) return dependent
  return { ...dependent, acknowledged: [...acknowledged, made].slice(-ACKNOWLEDGED_MAX) }
}
