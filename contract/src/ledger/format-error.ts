/** The public formats of the ledger, by the name their errors carry. */
export type LedgerFormat =
  | 'note'
  | 'verifier key'
  | 'checkpoint'
  | 'tile path'
  | 'tile'
  | 'entry bundle'
  | 'proof'
  | 'record'

/**
 * The one error that the parsers of this folder throw. The message says what is wrong and never repeats the input, which an attacker
 * may have written.
 */
export class LedgerFormatError extends Error {
  readonly format: LedgerFormat

  constructor(format: LedgerFormat, why: string) {
    super(`The ${format} is not well formed: ${why}`)
    this.name = 'LedgerFormatError'
    this.format = format
  }
}
