import type { SQLOutputValue } from 'node:sqlite'
import { ClavigerError } from '#model'
import { rowKinds, type RowKind } from '../store.ts'
import { damaged } from './columns.ts'

/**
 * The kind of a row, as it stands in a column.
 *
 * @throws ClavigerError integrity_failed for what no release calls a kind, ledger_unavailable for what a newer one may: kinds come without
 *   a new schema, and a release that knew only some of the rows would judge without the others.
 */
export function toKind(value: SQLOutputValue | undefined): RowKind {
  const kind = rowKinds.find((known) => known === value)
  if (kind !== undefined) return kind
  if (typeof value !== 'string' || !/^[a-z][A-Za-z]{1,63}$/.test(value))
    throw damaged('a row is of no kind')
  throw new ClavigerError(
    'ledger_unavailable',
    `The store has a row of kind '${value}', which this release does not know; start the release that wrote it`,
  )
}
