/**
 * The ledger: the order of everything that was done, its batches, tree, checkpoints, proofs and searches. It decides nothing about who
 * may do what, and an answer never leaves before it says so.
 */
export { Log, type LedgerReader } from './log.ts'
export type { LastEntry } from './search.ts'
export type { Use, Uses } from './uses.ts'
export { Ledger, type LedgerOptions } from './order.ts'
export type { PlannedChange, Recorded, Submission } from './submission.ts'
export { encodeRecord, type RecordDraft } from './record.ts'
export { createLogKeys, vkeys, type LogKey, type LogKeys, type LogPrimitives } from './signer.ts'
