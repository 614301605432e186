import type { ListQuery, Row, RowKind, Store } from '#store'

/** Rows of which all are wanted, however many there are: read so many at once, and no more than the reader asks for. */

const ROWS_PER_READ = 1_000

async function* inPages(
  read: (after: string | undefined) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  for (let after: string | undefined; ;) {
    const rows = await read(after)
    yield* rows
    after = rows.at(-1)?.id
    if (rows.length < ROWS_PER_READ) return
  }
}

/** Every row of a kind over all tenants, by id. Their seals are the reader's to check. */
export function everyRow(store: Store, kind: RowKind): AsyncGenerator<Row> {
  return inPages((after) => store.scan(kind, after, ROWS_PER_READ))
}

/** Every row of a tenant that a query lists, by id. Their seals are the reader's to check, and facets only find: they bear none. */
export function everyRowOf(
  store: Store,
  query: Omit<ListQuery, 'after' | 'limit'>,
): AsyncGenerator<Row> {
  return inPages((after) =>
    store.list({ ...query, limit: ROWS_PER_READ, ...(after === undefined ? {} : { after }) }),
  )
}
