import { ClavigerError } from '#model'
import type { Row, Store } from '#store'

/** A change may come between the two reads below; a rolled back row stays behind however often it is read. */
const ATTEMPTS = 4

/**
 * Reads rows, and checks against the change log that none of them was rolled back: an older row has a good seal, but the ledger's log
 * knows of the newer one.
 *
 * @throws ClavigerError integrity_failed
 */
export async function readNewest<Value>(
  store: Store,
  read: () => Promise<{ readonly rows: readonly Row[]; readonly value: Value } | undefined>,
): Promise<Value | undefined> {
  let behind: Row | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await read()
    if (found === undefined) return undefined
    const newest = await store.lastChanged(found.rows.map(({ kind, id }) => ({ kind, id })))
    behind = found.rows.find((row, position) => newest[position] !== row.revision)
    if (behind === undefined) return found.value
  }
  throw new ClavigerError(
    'integrity_failed',
    `The stored ${behind?.kind} ${behind?.id} is not its newest state; run 'claviger doctor'`,
  )
}
