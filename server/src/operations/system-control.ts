import type { OutputOf } from '@claviger/contract'
import type { Custody, Hierarchy, RowContent } from '#keyring'

/** What verbs about the server itself need of it. */
export interface SystemControl {
  readonly custody: Custody
  status(): OutputOf<'system.status'>
  /** The log's row under a successor's root key. */
  rewrapLog(successor: Hierarchy): Promise<RowContent>
  /** Drops every key from memory. */
  lock(): void
  /** Replays the ledger against the stored rows. */
  examine(): Promise<OutputOf<'system.doctor'>>
}
