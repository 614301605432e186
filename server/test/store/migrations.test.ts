import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { openDatabase } from '../../src/store/sqlite/database.ts'
import { toKind } from '../../src/store/sqlite/kind.ts'
import { migrations } from '../../src/store/sqlite/migrations.ts'

/** A database of every earlier schema, with rows in it, becomes one of the newest: with nothing lost, and all that waits found. */

const directory = mkdtempSync(join(tmpdir(), 'claviger-migrations-'))
after(() => rmSync(directory, { recursive: true }))

/** 'Clav', as the releases wrote it. */
const APPLICATION_ID = 0x43_6c_61_76
const DAY = 86_400_000

const rows: readonly (readonly [kind: string, id: string, document: object])[] = [
  ['key', 'ending', { state: 'active', destroyAt: 5_000 }],
  ['key', 'turning', { state: 'active', rotation: { since: 1_000, triggers: { everyDays: 90 } } }],
  ['key', 'still', { state: 'active' }],
  ['version', 'imported', { state: 'active', activatedAt: 0, materialExpiresAt: 6_000 }],
  ['version', 'dated', { state: 'active', activatedAt: 0, protectStopAt: 40 * DAY }],
  ['version', 'short', { state: 'active', activatedAt: 0, processStopAt: 10 * DAY }],
  ['version', 'revoked', { state: 'compromised', processStopAt: 10 * DAY, revocation: {} }],
  ['delivery', 'waiting', { nextAt: 7_000 }],
]

const due = [
  ['deliveries', 'delivery', 'waiting', 7_000],
  ['destruction', 'key', 'ending', 5_000],
  // 30 days before, or at half of the time where that is later.
  ['endDates', 'version', 'dated', 20 * DAY],
  ['endDates', 'version', 'short', 5 * DAY],
  ['expiry', 'version', 'imported', 6_000],
  ['rotation', 'key', 'turning', 1_000 + 90 * DAY],
]

/** A database as the release of that schema left it, with the rows and a use in the ledger. */
function earlier(schema: number, document = JSON.stringify): string {
  const path = join(directory, `${schema}-${crypto.randomUUID()}.db`)
  const database = new DatabaseSync(path)
  for (const migration of migrations.slice(0, schema)) database.exec(migration)
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${schema}`)
  const insert = database.prepare(
    `INSERT INTO stored_row (kind, id, tenant, document, material, revision, seal) VALUES (?, ?, 't', ?, x'01', 1, x'02')`,
  )
  for (const [kind, id, content] of rows) insert.run(kind, id, document(content))
  database.exec(`
    UPDATE sequencer SET next = 1, revision = 1, latest = 9;
    INSERT INTO ledger_batch VALUES (0, 1, 9, 9, 'event=key.create', x'00017b');
    INSERT INTO counter (key, version, uses, bytes, wraps) VALUES ('turning', 1, 3, 4, 5)`)
  database.close()
  return path
}

function all(database: DatabaseSync, sql: string): unknown[][] {
  return database.prepare(sql).all().map(Object.values)
}

const SCHEMA = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name'
const ROWS = 'SELECT kind, id, document, material, revision, seal FROM stored_row ORDER BY kind, id'

for (let schema = 1; schema < migrations.length; schema += 1) {
  test(`from schema ${schema}`, () => {
    const path = earlier(schema)
    const before = new DatabaseSync(path, { readOnly: true })
    const stood = all(before, ROWS)
    before.close()
    const fresh = openDatabase(join(directory, `fresh-${schema}.db`))
    const migrated = openDatabase(path)
    assert.deepEqual(all(migrated, SCHEMA), all(fresh, SCHEMA))
    assert.deepEqual(all(migrated, 'PRAGMA user_version'), [[migrations.length]])
    assert.deepEqual(all(migrated, ROWS), stood)
    assert.deepEqual(all(migrated, 'SELECT next, revision, latest FROM sequencer'), [[1, 1, 9]])
    assert.deepEqual(all(migrated, 'SELECT uses, bytes, wraps FROM counter'), [[3, 4, 5]])
    // A release that had the index filled it itself; what a later one added is found.
    const known = new Set(all(migrated, 'SELECT DISTINCT job FROM due').map(String))
    const added = [[], ['destruction', 'expiry', 'rotation'], ['endDates'], ['deliveries']]
    assert.deepEqual(known, new Set(added.slice(schema).flat()))
    assert.deepEqual(
      all(migrated, 'SELECT job, kind, id, at FROM due ORDER BY job, id'),
      due.filter(([job]) => known.has(String(job))),
    )
    fresh.close()
    migrated.close()
    // Again: there is nothing to do, and nothing is due twice.
    const again = openDatabase(path)
    assert.equal(
      all(again, 'SELECT job FROM due').length,
      due.filter(([job]) => known.has(String(job))).length,
    )
    again.close()
  })
}

test('what cannot be migrated stays as it was, of the release that wrote it', () => {
  const path = earlier(1, () => 'no JSON')
  assert.throws(() => openDatabase(path), /malformed JSON/)
  const database = new DatabaseSync(path, { readOnly: true })
  assert.deepEqual(all(database, 'PRAGMA user_version'), [[1]])
  assert.deepEqual(all(database, "SELECT name FROM sqlite_schema WHERE name LIKE 'due%'"), [])
  assert.equal(all(database, ROWS).length, rows.length)
  database.close()
})

test('a database of a newer release is left alone', () => {
  const path = earlier(migrations.length)
  const newer = new DatabaseSync(path)
  newer.exec(`PRAGMA user_version = ${migrations.length + 1}`)
  newer.close()
  assert.throws(() => openDatabase(path), { code: 'ledger_unavailable', message: /release/ })
})

test('a row of a kind that a newer release made up is no damage, and nothing else is believed', () => {
  assert.equal(toKind('key'), 'key')
  assert.throws(() => toKind('quorum'), {
    code: 'ledger_unavailable',
    message: /kind 'quorum'.*start the release that wrote it/,
  })
  for (const value of ['', 'k\u0000ey', 'Key', "'; --", 'x'.repeat(65), 7, null, new Uint8Array(1)])
    assert.throws(() => toKind(value), { code: 'integrity_failed' })
})
