import { newestRow, unfitRowOf } from '#keyring'
import type { Row, RowReference } from '#store'
import type { Parts } from './parts.ts'

type Memory = Pick<Parts, 'ring' | 'access'>

/**
 * Forgets what was made of a row that is not in the store as it was when it was read: somebody changed it there, rolled it back or took it
 * away. What it allowed would be allowed from memory otherwise, for as long as the server runs, and could not be taken away: that fails
 * over the same row.
 */
function forgetRow({ ring, access }: Memory, row: RowReference): void {
  ring.drop([row])
  access.forgetRow(row)
}

/** The same for the row that an operation failed over, where it was one. */
export function forgetUnfit(memory: Memory, thrown: unknown): void {
  const row = unfitRowOf(thrown)
  if (row !== undefined) forgetRow(memory, row)
}

/**
 * A row that is asked for by its id, as `newestRow` reads it. Where there is none, nobody took it away through here: a removal would have
 * been forgotten already.
 *
 * @throws ClavigerError integrity_failed
 */
export async function readOrForget(
  parts: Memory & Pick<Parts, 'store'>,
  reference: RowReference,
): Promise<Row | undefined> {
  const row = await newestRow(parts.store, reference)
  if (row === undefined) forgetRow(parts, reference)
  return row
}
