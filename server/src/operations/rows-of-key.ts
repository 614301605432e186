import { everyRowOf } from '#keyring'
import type { Row, RowKind } from '#store'
import type { Work } from './work.ts'

/** Every row of a kind that is about a key, as the store has them: the facets only find rows, which may be older than their newest. */
export async function rowsOfKey(work: Work, kind: RowKind, key: string): Promise<readonly Row[]> {
  const { store, seals } = work.parts
  const rows: Row[] = []
  const query = { kind, tenant: work.caller.tenant, facets: [['key', key]] as const }
  for await (const row of everyRowOf(store, query))
    if (seals.open<{ readonly key: string }>(row).key === key) rows.push(row)
  return rows
}
