import type { DatabaseSync } from 'node:sqlite'
import { ClavigerError } from '#model'
import { Checkpoints } from './checkpoint.ts'
import { Commits } from './commit.ts'
import { MEMORY, openDatabase, Transactions } from './database.ts'
import { DueIndex } from './due.ts'
import { Entries } from './entries.ts'
import { Rows } from './rows.ts'
import { Tree } from './tree.ts'

/** One opening of the database, with its statements prepared once. */
export interface Session {
  readonly database: DatabaseSync
  readonly commits: Commits
  readonly rows: Rows
  readonly due: DueIndex
  readonly entries: Entries
  readonly tree: Tree
  readonly checkpoints: Checkpoints
}

/**
 * Opens the database and looks at the ends of the ledger, never through it, so that a large store opens as fast as a small one. A
 * batch missing in the middle is found when it is read.
 *
 * @throws ClavigerError ledger_unavailable or integrity_failed where the store must not go on; its message says what to do.
 */
export function openSession(path: string): Session {
  const database = openDatabase(path)
  try {
    const transactions = new Transactions(database)
    const due = new DueIndex(database)
    const rows = new Rows(database, transactions, due)
    const entries = new Entries(database, transactions)
    const tree = new Tree(database, transactions, entries)
    const checkpoints = new Checkpoints(
      database,
      path === MEMORY ? undefined : `${path}.checkpoint`,
      entries,
      tree,
    )
    const commits = new Commits(database, transactions, rows, tree)
    const { next } = entries.head()
    if (entries.end() !== next || tree.size() > next) {
      throw new ClavigerError(
        'ledger_unavailable',
        `The ledger ends at ${entries.end()} with a tree over ${tree.size()}, but ${next} entries were given out: ` +
          'entries were lost; restore the database',
      )
    }
    checkpoints.verify()
    return { database, commits, rows, due, entries, tree, checkpoints }
  } catch (cause) {
    database.close()
    throw cause
  }
}
