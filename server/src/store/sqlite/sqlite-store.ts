import { ClavigerError } from '#model'
import type {
  Batch,
  CandidateQuery,
  CommitResult,
  CountQuery,
  DueQuery,
  DueRow,
  Entry,
  Head,
  Integrated,
  ListQuery,
  PersonalValue,
  Row,
  RowKind,
  RowReference,
  Store,
  StoredCheckpoint,
  StoredKey,
} from '../store.ts'
import { MEMORY } from './database.ts'
import { openSession, type Session } from './session.ts'

/**
 * The store on node:sqlite. Every call does its work before it returns, syncs included, and only the answer is a promise: run it on
 * a thread of its own (`openStoreThread`) wherever others wait for the event loop.
 *
 * After a write that failed, whether it happened is unknown, so nothing is answered but `recover` and `close`.
 */
export class SqliteStore implements Store {
  readonly #path: string
  #session: Session | undefined
  #failed = false
  #closed = false

  /**
   * @param path of the database file, or ':memory:'.
   * @throws ClavigerError ledger_unavailable or integrity_failed where the file must not be used.
   */
  constructor(path: string) {
    this.#path = path
    this.#session = open(path)
  }

  async commit(batch: Batch): Promise<CommitResult> {
    return this.#write(({ commits }) => commits.commit(batch))
  }

  async head(): Promise<Head> {
    return this.#read(({ entries }) => entries.head())
  }

  async changedSince(revision: number): Promise<readonly RowReference[]> {
    return this.#read(({ rows }) => rows.changedSince(revision))
  }

  async rows(references: readonly RowReference[]): Promise<readonly (Row | undefined)[]> {
    return this.#read(({ rows }) => rows.rows(references))
  }

  async key(id: string): Promise<StoredKey | undefined> {
    return this.#read(({ rows }) => rows.key(id))
  }

  async list(query: ListQuery): Promise<readonly Row[]> {
    return this.#read(({ rows }) => rows.list(query))
  }

  async count(query: CountQuery): Promise<number> {
    return this.#read(({ rows }) => rows.count(query))
  }

  async due(query: DueQuery): Promise<readonly DueRow[]> {
    return this.#read(({ due }) => due.list(query))
  }

  async dueOf(
    row: RowReference,
  ): Promise<readonly { readonly job: string; readonly at: number }[]> {
    return this.#read(({ due }) => due.about(row))
  }

  async scan(kind: RowKind, after: string | undefined, limit: number): Promise<readonly Row[]> {
    return this.#read(({ rows }) => rows.scan(kind, after, limit))
  }

  async lastChanged(references: readonly RowReference[]): Promise<readonly (number | undefined)[]> {
    return this.#read(({ rows }) => rows.lastChanged(references))
  }

  async entries(first: number, count: number): Promise<readonly Entry[]> {
    return this.#read(({ entries }) => entries.entries(first, count))
  }

  async candidates(query: CandidateQuery): Promise<readonly Entry[]> {
    // The tree's job keeps up within seconds, so there is little to catch up with.
    if (this.#read(({ entries }) => entries.behind())) {
      this.#write(({ entries }) => entries.catchUp())
    }
    return this.#read(({ entries }) => entries.candidates(query))
  }

  async personal(commitment: string): Promise<PersonalValue | undefined> {
    return this.#read(({ entries }) => entries.personal(commitment))
  }

  async integrate(count: number): Promise<Integrated> {
    return this.#write(({ tree }) => tree.integrate(count))
  }

  async tile(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    return this.#read(({ tree }) => tree.tile(level, index, width))
  }

  async saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    this.#write(({ checkpoints }) => checkpoints.save(checkpoint))
  }

  async checkpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#read(({ checkpoints }) => checkpoints.newest())
  }

  async recover(): Promise<Head> {
    if (this.#closed) throw closed()
    // What is in memory only never was on a disk that could fail; closing would lose it.
    if (this.#path !== MEMORY || this.#session === undefined) {
      this.#failed = true
      const session = this.#session
      this.#session = undefined
      session?.database.close()
      this.#session = open(this.#path)
    }
    this.#failed = false
    return this.head()
  }

  async close(): Promise<void> {
    this.#closed = true
    const session = this.#session
    this.#session = undefined
    session?.database.close()
  }

  #read<T>(work: (session: Session) => T): T {
    const session = this.#usable()
    try {
      return work(session)
    } catch (cause) {
      throw isOurs(cause)
        ? cause
        : new ClavigerError('ledger_unavailable', 'The store could not be read', { cause })
    }
  }

  /** fsync failure is terminal (Rebello et al., ATC 2020): a retry would succeed without the data, so there is none. */
  #write<T>(work: (session: Session) => T): T {
    const session = this.#usable()
    try {
      return work(session)
    } catch (cause) {
      if (isOurs(cause) && !session.database.isTransaction) throw cause
      this.#failed = true
      throw new ClavigerError(
        'ledger_unavailable',
        'The store could not be written, and is closed to all until it recovers',
        { cause },
      )
    }
  }

  #usable(): Session {
    if (this.#closed) throw closed()
    if (this.#failed || this.#session === undefined) {
      throw new ClavigerError(
        'ledger_unavailable',
        'A write to the store failed and it has not recovered since',
      )
    }
    return this.#session
  }
}

/**
 * Opens a store in this thread, which its syncs hold up: for tools, and for tests.
 *
 * @param path of the database file, or ':memory:'.
 * @throws ClavigerError ledger_unavailable or integrity_failed where the file must not be used.
 */
export async function openSqliteStore(path: string): Promise<Store> {
  return new SqliteStore(path)
}

function open(path: string): Session {
  try {
    return openSession(path)
  } catch (cause) {
    if (isOurs(cause)) throw cause
    throw new ClavigerError(
      'ledger_unavailable',
      'The database cannot be opened; look at the cause, the disk and the file',
      { cause },
    )
  }
}

/** Refusals that this store decided on, as against what the disk or SQLite did. */
function isOurs(cause: unknown): boolean {
  return cause instanceof ClavigerError || cause instanceof RangeError
}

function closed(): ClavigerError {
  return new ClavigerError('shutting_down', 'The store is closed')
}
