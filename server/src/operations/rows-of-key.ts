import { everyRowOf } from '#keyring'
import type { Row, RowKind } from '#store'
import type { Work } from './work.ts'

/** What facets find of a kind for a key: rows that may be older than their newest, and whose seals are the reader's to check. */
export function listedOfKey(work: Work, kind: RowKind, key: string): AsyncGenerator<Row> {
  return everyRowOf(work.parts.store, {
    kind,
    tenant: work.caller.tenant,
    facets: [['key', key]],
  })
}

/** Every row of a kind that is about a key, as the store has them. @throws ClavigerError integrity_failed */
export async function rowsOfKey(work: Work, kind: RowKind, key: string): Promise<readonly Row[]> {
  const { seals } = work.parts
  const rows: Row[] = []
  for await (const row of listedOfKey(work, kind, key))
    if (seals.open<{ readonly key: string }>(row).key === key) rows.push(row)
  return rows
}
