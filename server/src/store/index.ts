/**
 * Where everything is kept: the store's interface, SQLite behind it on a thread of its own, and migrations. It understands no record
 * and no row, and judges nothing.
 */
export type {
  Batch,
  CandidateQuery,
  Change,
  CommitResult,
  CounterDelta,
  Due,
  DueQuery,
  DueRow,
  Entry,
  Head,
  Integrated,
  CountQuery,
  ListQuery,
  PersonalValue,
  Row,
  RowKind,
  RowReference,
  RowStanding,
  RowWrite,
  Store,
  StoredCheckpoint,
  StoredKey,
} from './store.ts'
export { rowKinds } from './store.ts'
export { openStoreThread } from './remote.ts'
export { openSqliteStore } from './sqlite/sqlite-store.ts'
