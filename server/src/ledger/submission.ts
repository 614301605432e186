import type { ClavigerError } from '#model'
import type { Change, CounterDelta, Row, RowReference } from '#store'
import type { RecordDraft } from './record.ts'

/** What the gate hands to the ledger's order, and what becomes of it. */

/** What a change writes once it knows the revision it makes: rows are sealed with it. */
export interface PlannedChange {
  /** Nothing that is authorized now could be refused after it: it only adds. Such changes may share a batch. */
  readonly additive: boolean
  /** Computes the rows; called when the batch is made, synchronously. */
  plan(revision: number): Change
  /** SHA-256 of a row's canonical form, base64, for the record. */
  digest(row: Row): string
}

/** What is recorded in place of something that is not allowed after all, and what its caller is told. */
export interface Refusal {
  readonly records: readonly RecordDraft[]
  readonly error: ClavigerError
}

/** Something done, or refused, that must be durable in the ledger before it is told. */
export interface Submission {
  /** One or more entries, in order, as it stands when it is asked: what allows it may be another now. A change belongs to the first. */
  records(): readonly RecordDraft[]
  /** Within limits as they stand when it is asked. No accessor: in objects of requests each leaves a hidden class behind. */
  counters(): readonly CounterDelta[]
  readonly change: PlannedChange | undefined
  /** The revision of the caches it was checked against. */
  readonly revision: number
  /**
   * From when on, in milliseconds since 1970, it would not be allowed any more: what waited until then is checked again, so that nothing is
   * recorded as done after what allowed it. Never unless given.
   */
  until?(): number
  /**
   * Checks again after the revision moved, or the time has come: the records to write now, which are refusals where it is no longer
   * allowed, and the error to answer with. Undefined where all still holds.
   */
  recheck(): Promise<Refusal | undefined>
  /** What is recorded and told instead, where a version would come beyond a limit of its key. */
  beyond?(key: string, version: number): Refusal
}

/** What the caller of the ledger's `record` learns once it is durable. */
export type Recorded =
  | { readonly kind: 'recorded'; readonly index: number; readonly revision: number }
  /** A condition of the change did not hold; nothing is in the ledger, and the caller decides whether to try again. */
  | {
      readonly kind: 'conflict'
      readonly subject: RowReference
      readonly condition: 'absent' | 'unchanged'
    }

export interface Waiting {
  readonly submission: Submission
  records: readonly RecordDraft[]
  change: PlannedChange | undefined
  counters: readonly CounterDelta[]
  revision: number
  /** When it is over, in milliseconds since 1970. */
  until: number
  refusal: ClavigerError | undefined
  readonly resolve: (recorded: Recorded) => void
  readonly reject: (error: ClavigerError) => void
}
