import { ClavigerError } from '#model'
import type { Row, RowReference, Store } from '#store'
import { unfitRow } from './unfit-row.ts'

/** How often what is read may grow by rows that were not there the time before. */
const ATTEMPTS = 8

/**
 * Reads rows, and checks against the change log that none of them was rolled back: an older row has a good seal, but the ledger's log
 * knows of the newer one. A change may come between reading the rows and reading the log; so what is behind is read once more, and a
 * row that is still older than the log was before is no honest one.
 *
 * @throws ClavigerError integrity_failed
 */
export async function readNewest<Value>(
  store: Store,
  read: () => Promise<{ readonly rows: readonly Row[]; readonly value: Value } | undefined>,
): Promise<Value | undefined> {
  const logged = new Map<string, number | undefined>()
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await read()
    if (found === undefined) return undefined
    if (found.rows.every((row) => isNewest(row, logged))) return found.value
    const newest = await store.lastChanged(found.rows.map(({ kind, id }) => ({ kind, id })))
    for (const [position, row] of found.rows.entries()) logged.set(nameOf(row), newest[position])
    if (found.rows.every((row, position) => row.revision === newest[position])) return found.value
  }
  throw new ClavigerError('overloaded', 'What is asked for keeps changing; try again later')
}

/**
 * One row, as {@link readNewest} reads it; undefined where there is none.
 *
 * @throws ClavigerError integrity_failed
 */
export async function newestRow(store: Store, reference: RowReference): Promise<Row | undefined> {
  return readNewest(store, async () => {
    const [found] = await store.rows([reference])
    return found && { rows: [found], value: found }
  })
}

/** @throws ClavigerError integrity_failed for a row that is older than the log was before it was read. */
function isNewest(row: Row, logged: ReadonlyMap<string, number | undefined>): boolean {
  const name = nameOf(row)
  if (!logged.has(name)) return false
  const revision = logged.get(name)
  if (revision !== undefined && row.revision >= revision) return true
  throw unfitRow(row, 'is not its newest state')
}

function nameOf({ kind, id }: RowReference): string {
  return `${kind} ${id}`
}
