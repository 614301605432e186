import { ClavigerError } from '#model'

/** Columns as they come from SQLite, checked instead of believed: whoever can write to the file could have put anything there. */

export function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unexpected('an integer')
  return value
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw unexpected('text')
  return value
}

export function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw unexpected('bytes')
  return value
}

/** What is thrown for a ledger or a row that cannot be as this store wrote it. */
export function damaged(what: string): ClavigerError {
  return new ClavigerError(
    'integrity_failed',
    `The store is damaged: ${what}; run 'claviger doctor'`,
  )
}

function unexpected(expected: string): ClavigerError {
  return damaged(`a column does not hold ${expected}`)
}
