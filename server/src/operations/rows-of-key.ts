import type { Row, RowKind } from '#store'
import type { Work } from './work.ts'

const ROWS_PER_READ = 1_000

/** Every row of a kind that is about a key, as the store has them: the facets only find rows, which may be older than their newest. */
export async function rowsOfKey(work: Work, kind: RowKind, key: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let after: string | undefined; ;) {
    const found = await work.parts.store.list({
      kind,
      tenant: work.caller.tenant,
      facets: [['key', key]],
      limit: ROWS_PER_READ,
      ...(after === undefined ? {} : { after }),
    })
    rows.push(...found)
    after = found.at(-1)?.id
    if (found.length < ROWS_PER_READ) {
      return rows.filter((row) => work.parts.seals.open<{ readonly key: string }>(row).key === key)
    }
  }
}
