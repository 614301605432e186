import '../without-code-generation.ts'

/**
 * The independent verifier of the ledger: it reads a ledger from files or a server, derives the tree again, and says what is wrong.
 * It must never need the server's word for anything, nor change a ledger.
 */
export {
  exportLedger,
  LedgerExportError,
  type ExportOptions,
  type ExportProgress,
  type ExportReport,
} from './export.ts'
export { checkEntryProof, type EntryProofReport } from './prove.ts'
export type { Finding, FindingKind, LedgerReport, ReportedSignature, Trust } from './report.ts'
export { checkStatement, type Statement, type StatementReport } from './statement.ts'
export { directorySource, serverSource, type LedgerSource } from './source.ts'
export { verifyLedger, type VerifyOptions, type VerifyProgress } from './verify.ts'
