import assert from 'node:assert/strict'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { TestHouse } from '../../harness/house.ts'

/** What an attack on the database is, and the SQL that attacks are made of. */

/** What notices an attack: see database-writer.test.ts. */
export interface Catches {
  readonly start?: string
  readonly use?: string
  readonly doctor?: RegExp
  readonly verify?: string
}

/** What stands in the database before the attack. */
export interface Standing {
  readonly path: string
  readonly house: TestHouse
  /** Two keys with a ciphertext each, the first with two versions. */
  readonly key: string
  readonly other: string
  readonly ciphertext: Uint8Array
  readonly otherCiphertext: Uint8Array
  /** An auditor, who may use no key. */
  readonly auditor: Awaited<ReturnType<TestHouse['createUser']>>
  /** A user of keys. */
  readonly user: Awaited<ReturnType<TestHouse['createUser']>>
}

export interface Attack {
  readonly name: string
  /** What the server is made to do, honestly, before it is stopped; what it gives is handed on. */
  readonly before?: (standing: Standing) => Promise<unknown>
  /** With the server stopped. */
  readonly attack: (database: DatabaseSync, standing: Standing, kept: unknown) => void
  /** What the attacker is after: it must not succeed. */
  readonly use?: (house: TestHouse, standing: Standing, kept: unknown) => Promise<unknown>
  readonly catches: Catches
}

type Cells = Record<string, SQLInputValue>

function rowOf(database: DatabaseSync, kind: string, id: string): Cells {
  const row = database.prepare('SELECT * FROM stored_row WHERE kind = ? AND id = ?').get(kind, id)
  assert.ok(row !== undefined, `there is no ${kind} ${id}`)
  return row
}

/** Every row that begins with an id, with its facets: a key and its versions. */
export function copyOf(path: string, id: string) {
  using database = new DatabaseSync(path)
  const like = `${id}%`
  return {
    rows: database.prepare('SELECT * FROM stored_row WHERE id LIKE ?').all(like),
    facets: database.prepare('SELECT * FROM row_facet WHERE id LIKE ?').all(like),
  }
}

export function putBack(database: DatabaseSync, copy: ReturnType<typeof copyOf>): void {
  for (const row of copy.rows) insert(database, 'stored_row', row)
  for (const facet of copy.facets) insert(database, 'row_facet', facet)
}

function insert(database: DatabaseSync, table: string, cells: Cells): void {
  const names = Object.keys(cells)
  const marks = names.map(() => '?').join(', ')
  database
    .prepare(`INSERT OR REPLACE INTO ${table} (${names.join(', ')}) VALUES (${marks})`)
    .run(...Object.values(cells))
}

/** What a row says. */
export function documentOf(
  database: DatabaseSync,
  kind: string,
  id: string,
): Record<string, unknown> {
  const { document } = rowOf(database, kind, id)
  assert.ok(typeof document === 'string')
  return JSON.parse(document) as Record<string, unknown>
}

/** Writes a row's document anew, with the seal it had. */
export function edit(
  database: DatabaseSync,
  kind: string,
  id: string,
  change: (value: Record<string, unknown>) => unknown,
): void {
  const value = documentOf(database, kind, id)
  const document = JSON.stringify(change(value))
  const { changes } = database
    .prepare('UPDATE stored_row SET document = ? WHERE kind = ? AND id = ?')
    .run(document, kind, id)
  assert.equal(changes, 1)
}

/** Exchanges some columns of two rows. */
export function swap(
  database: DatabaseSync,
  kind: string,
  ids: readonly [string, string],
  columns: readonly string[],
): void {
  const [one, two] = ids.map((id) => rowOf(database, kind, id))
  assert.ok(one !== undefined && two !== undefined)
  for (const column of columns) {
    const update = database.prepare(`UPDATE stored_row SET ${column} = ? WHERE kind = ? AND id = ?`)
    update.run(two[column] ?? null, kind, ids[0])
    update.run(one[column] ?? null, kind, ids[1])
  }
}

/** Takes the entries after an index away, as if they had never been. */
export function truncate(database: DatabaseSync, next: number): void {
  database.prepare('DELETE FROM ledger_batch WHERE first_index >= ?').run(next)
  database.prepare('DELETE FROM batch_facet WHERE first_index >= ?').run(next)
  database.prepare('UPDATE sequencer SET next = ?').run(next)
  database.prepare('UPDATE tree SET size = min(size, ?)').run(next)
}

export function forgetChanges(database: DatabaseSync, id: string, after: number): void {
  database.prepare('DELETE FROM change_log WHERE id LIKE ? AND revision > ?').run(`${id}%`, after)
}

/** Edits the text of an entry to one of the same length. */
export function editEntry(database: DatabaseSync, from: string, to: string): void {
  assert.equal(from.length, to.length)
  for (const { first_index: first, entries } of database
    .prepare('SELECT first_index, entries FROM ledger_batch')
    .all()) {
    const text = Buffer.from(entries as Uint8Array).toString('latin1')
    if (!text.includes(from)) continue
    const edited = Buffer.from(text.replace(from, to), 'latin1')
    database
      .prepare('UPDATE ledger_batch SET entries = ? WHERE first_index = ?')
      .run(edited, first ?? null)
    return
  }
  throw new Error('no entry has this text')
}

export const version = (key: string, number: number) => `${key}/${String(number).padStart(10, '0')}`
export const decrypt = (house: TestHouse, { ciphertext }: Standing) =>
  house.perform('decrypt', { ciphertext })
export const encryptAs = (who: 'auditor' | 'user') => (house: TestHouse, standing: Standing) =>
  house.perform(
    'encrypt',
    { key: standing.key, plaintext: Buffer.from('a') },
    { token: standing[who].token },
  )
export const revoke = async ({ house, key, path }: Standing) => {
  const copy = copyOf(path, key)
  const { revision } = await house.store.head()
  await house.perform('key.revoke', { key, reason: 'keyCompromise' })
  return { copy, revision }
}
export type Revoked = Awaited<ReturnType<typeof revoke>>
export const changedInStore = /does not fit its seal/
export const rolledBack = /rolled back/
