import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openDatabase } from '../../src/store/sqlite/database.ts'

const directory = mkdtempSync(join(tmpdir(), 'claviger-database-'))
after(() => rmSync(directory, { recursive: true }))
const path = join(directory, 'claviger.db')

test('every commit is synced, and the database trusts nothing that is in it', () => {
  const database = openDatabase(path)
  const settings = {
    journal_mode: 'wal',
    synchronous: 2,
    fullfsync: 1,
    checkpoint_fullfsync: 1,
    foreign_keys: 1,
    trusted_schema: 0,
    cell_size_check: 1,
    secure_delete: 1,
    temp_store: 2,
  }
  for (const [name, expected] of Object.entries(settings)) {
    assert.equal(database.prepare(`PRAGMA ${name}`).get()?.[name], expected, name)
  }
  // The defensive flag: no statement edits the schema behind SQLite's back.
  database.exec('PRAGMA writable_schema = ON')
  assert.throws(
    () => database.exec("UPDATE sqlite_schema SET sql = '' WHERE name = 'tree'"),
    /may not be modified/,
  )
  database.close()
})

test('no statement reaches another file, and no extension is loaded', () => {
  const database = openDatabase(path)
  const elsewhere = join(directory, 'elsewhere.db')
  for (const sql of [
    `ATTACH '${elsewhere}' AS elsewhere`,
    `VACUUM INTO '${elsewhere}'`,
    'DETACH main',
  ]) {
    assert.throws(() => database.exec(sql), /not authorized|authorization denied/, sql)
  }
  assert.throws(
    () => database.exec("SELECT load_extension('/tmp/none')"),
    /not authorized|no such function/,
  )
  assert.equal(statSync(elsewhere, { throwIfNoEntry: false }), undefined)
  database.close()
})

test('only its owner reads the database and its log', () => {
  const database = openDatabase(path)
  database.exec('UPDATE tree SET size = 0')
  for (const suffix of ['', '-wal', '-shm'])
    assert.equal(statSync(path + suffix).mode & 0o777, 0o600, suffix)
  database.close()
})
