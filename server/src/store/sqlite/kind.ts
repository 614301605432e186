import type { SQLOutputValue } from 'node:sqlite'
import { rowKinds, type RowKind } from '../store.ts'
import { damaged } from './columns.ts'

/** The kind of a row, as it stands in a column. */
export function toKind(value: SQLOutputValue | undefined): RowKind {
  const kind = rowKinds.find((known) => known === value)
  if (kind === undefined) throw damaged('a row is of an unknown kind')
  return kind
}
