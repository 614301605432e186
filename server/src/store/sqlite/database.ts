import { constants, DatabaseSync, type StatementSync } from 'node:sqlite'
import { ClavigerError } from '#model'
import { createDurably } from './durable-files.ts'
import { migrate, schemaOf } from './migrations.ts'
import { assertWholePages } from './whole-pages.ts'

/** A store in memory, for tests and trials: it is gone when it is closed. */
export const MEMORY = ':memory:'

/** How long a statement waits for another process that holds the lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000
/** A group commit of some 15 KiB is then two pages, not four. */
const PAGE_BYTES = 8_192
/** Pages of the write-ahead log after which a commit copies them to the database: 4 MiB, so that no commit waits long for it. */
const AUTOCHECKPOINT_PAGES = 512

/**
 * Opens the database durably and brings it to the newest schema. What stands in the write-ahead log may be pages of a commit that
 * never reached the disk, still in the kernel's cache, and the kernel forgets a failed write (Rebello et al., ATC 2020). So the log
 * is copied into the database by fresh writes, synced and emptied, before anything is answered or appended.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== MEMORY) {
    createDurably(path)
    assertWholePages(path)
  }
  const database = new DatabaseSync(path, {
    allowExtension: false,
    defensive: true,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    timeout: BUSY_TIMEOUT_MS,
  })
  try {
    // node:sqlite does not heed Node's permission model, so no statement may reach another file.
    database.setAuthorizer((action) =>
      action === constants.SQLITE_ATTACH || action === constants.SQLITE_DETACH
        ? constants.SQLITE_DENY
        : constants.SQLITE_OK,
    )
    database.exec(
      'PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY',
    )
    // Before anything is changed: what belongs to others stays as it is.
    schemaOf(database)
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}`)
    expectPragma(database, 'PRAGMA journal_mode = WAL', path === MEMORY ? 'memory' : 'wal')
    // FULL syncs the log at every commit; NORMAL would lose commits that were told. fullfsync is for macOS, whose fsync does not.
    database.exec(
      'PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON',
    )
    expectPragma(database, 'PRAGMA synchronous', 2)
    // What is removed (wrapped material, personal values) is overwritten.
    // In KiB. The ledger is written once and seldom read, and the system caches the file as well.
    database.exec('PRAGMA secure_delete = ON; PRAGMA cache_size = -5120')
    database.exec(`PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`)
    if (path !== MEMORY) flushLog(database)
    migrate(database)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

function expectPragma(database: DatabaseSync, pragma: string, expected: string | number): void {
  const value = Object.values(database.prepare(pragma).get() ?? {})[0]
  if (value !== expected) {
    throw new ClavigerError(
      'ledger_unavailable',
      `The database cannot be made durable: '${pragma}' gave ${String(value)}`,
    )
  }
}

/** Copies the write-ahead log into the database and cuts it to nothing; whether nobody else read from it. */
function emptyLog(database: DatabaseSync): boolean {
  const { busy } = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {}
  return busy === 0
}

/**
 * The same without waiting for others. Until it is done, what was removed stands in the log, and where it had been copied already, in the
 * database as well: SQLite overwrites what it frees as it writes anything else, in the log first. A disk that does not take it, as where
 * it is full, loses nothing by that: the log stays.
 */
export function overwriteFreed(database: DatabaseSync): boolean {
  database.exec('PRAGMA busy_timeout = 0')
  try {
    return emptyLog(database)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw thrown
    return false
  } finally {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }
}

function flushLog(database: DatabaseSync): void {
  if (!emptyLog(database)) {
    throw new ClavigerError(
      'ledger_unavailable',
      'Another process holds the database, so its log cannot be flushed; stop it',
    )
  }
}

/** Runs pieces of work whole or not at all. */
export class Transactions {
  readonly #database: DatabaseSync
  readonly #begin: StatementSync
  readonly #beginRead: StatementSync
  readonly #commit: StatementSync
  readonly #rollback: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#beginRead = database.prepare('BEGIN')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
  }

  /** Runs `work` and commits where `keep` says so of its result; whatever is thrown undoes it. */
  write<T>(work: () => T, keep: (result: T) => boolean = () => true): T {
    this.#begin.run()
    try {
      const result = work()
      if (keep(result)) this.#commit.run()
      else this.#rollback.run()
      return result
    } catch (cause) {
      if (this.#database.isTransaction) this.#rollback.run()
      throw cause
    }
  }

  /** Runs several reads against one state: that of the transaction it is called in, or of one of its own. */
  read<T>(work: () => T): T {
    if (this.#database.isTransaction) return work()
    this.#beginRead.run()
    try {
      return work()
    } finally {
      if (this.#database.isTransaction) this.#rollback.run()
    }
  }
}
