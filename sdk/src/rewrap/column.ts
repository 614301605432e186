import { CIPHERTEXT_OVERHEAD_MAX, MESSAGE_BYTES_MAX } from '@claviger/contract'
import { runThrough, type RewrapOptions, type RewrapResult, type Run } from './run.ts'

/** A column of a table, whatever the database: what it needs of it are two statements. */

/** Rows in one call of the server: at most 100 ciphertexts of 64 KiB are well under its limit of a batch. */
const ROWS_PER_CALL = 100

export interface ColumnRow {
  /** What rows are ordered by, as text that the database can compare with again: a primary key. */
  readonly cursor: string
  readonly ciphertext: Uint8Array
  /** The encryption context that the ciphertext is bound to. */
  readonly context?: Record<string, string> | undefined
}

export interface Column<Row extends ColumnRow> {
  /** The next rows in the order of their cursors, of which the first comes after `cursor`; none at the end. */
  rowsAfter(cursor: string | undefined, limit: number): readonly Row[] | Promise<readonly Row[]>
  /** Writes the new ciphertext where the old one still stands, in one statement, and says whether it did (compare and swap). */
  replace(row: Row, ciphertext: Uint8Array): boolean | Promise<boolean>
}

export interface RewrapColumnOptions<Row extends ColumnRow> extends RewrapOptions {
  readonly column: Column<Row>
}

/**
 * Re-wraps a column row by row while others read and write it: the plaintext never leaves the server, and a row that was written
 * meanwhile is looked at again. Rows that are under the newest version already are passed over, so a run may be stopped anywhere.
 *
 * @throws ClavigerApiError, ClavigerConnectionError where the server refuses or is gone; the run stays open, and the next goes on
 */
export function rewrapColumn<Row extends ColumnRow>(
  options: RewrapColumnOptions<Row>,
): Promise<RewrapResult> {
  const { column } = options
  return runThrough(options, {
    async pass(run, after) {
      let cursor = after
      for (;;) {
        const rows = await column.rowsAfter(cursor, ROWS_PER_CALL)
        const last = rows.at(-1)
        if (last === undefined) return
        await rewrapRows(run, column, rows)
        if (last.cursor === cursor)
          throw new RangeError('the column gave the rows after a cursor from the cursor itself on')
        cursor = last.cursor
        await run.at(cursor)
      }
    },
  })
}

async function rewrapRows<Row extends ColumnRow>(
  run: Run,
  column: Column<Row>,
  rows: readonly Row[],
): Promise<void> {
  const old: Row[] = []
  for (const row of rows) {
    const place = run.placeOf(row.ciphertext)
    if (place === 'there') run.already()
    else if (place === 'other') run.other()
    else if (row.ciphertext.length > MESSAGE_BYTES_MAX + CIPHERTEXT_OVERHEAD_MAX)
      run.failed(row.cursor, 'it is longer than the server takes')
    else old.push(row)
  }
  if (old.length === 0) return
  await run.take(old.length)
  const { items } = await run.client.reencryptBatch({
    items: old.map(({ ciphertext, context }) => ({
      ciphertext,
      key: run.into,
      ...(context === undefined ? {} : { context }),
    })),
  })
  for (const [index, row] of old.entries()) {
    const item = items[index]
    if (item === undefined) throw new RangeError('the server answered for fewer rows than it got')
    if ('error' in item) run.failed(row.cursor, item.error.detail)
    else if (await column.replace(row, item.ciphertext)) run.done(row.ciphertext.length)
    else run.changed()
  }
}
