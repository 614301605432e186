import { rowKinds, type Store } from '#store'

/** Everything that a change can change, as a value to compare: the rows of every kind, the counters, and the revision. */
export async function snapshot(store: Store) {
  const rows: Record<string, string> = {}
  const counters: Record<string, unknown> = {}
  for (const kind of rowKinds) {
    for (const row of await store.scan(kind, undefined, 1_000_000)) {
      rows[`${kind} ${row.id}`] =
        `${row.revision} ${row.document} ${Buffer.from(row.seal).toString('hex')}`
      if (kind === 'key') counters[row.id] = (await store.key(row.id))?.counters
    }
  }
  return { rows, counters, revision: (await store.head()).revision }
}
