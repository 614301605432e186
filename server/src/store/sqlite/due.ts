import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Due, DueQuery, DueRow, RowReference } from '../store.ts'
import { integer, text } from './columns.ts'
import { toKind } from './kind.ts'

/**
 * What is due when: an index over the rows, in the order of time, so that a job reads what it has to do and nothing else. What is due
 * once a counter has come so far stands beside the counter, where each use passes by anyway, and a trigger sees to it.
 */
export class DueIndex {
  readonly #add: StatementSync
  readonly #remove: StatementSync
  readonly #watch: StatementSync
  readonly #unwatch: StatementSync
  readonly #first: StatementSync
  readonly #next: StatementSync
  readonly #about: StatementSync

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      `INSERT INTO due (kind, id, job, at) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, id, job) DO UPDATE SET at = excluded.at WHERE excluded.at < due.at`,
    )
    this.#remove = database.prepare('DELETE FROM due WHERE kind = ? AND id = ?')
    this.#watch = database.prepare(
      `INSERT INTO counter (key, version, uses, bytes, wraps, due_job, due_uses, due_bytes, due_wraps)
       VALUES (?, ?, 0, 0, 0, ?, ?, ?, ?)
       ON CONFLICT (key, version) DO UPDATE SET due_job = excluded.due_job,
         due_uses = excluded.due_uses, due_bytes = excluded.due_bytes, due_wraps = excluded.due_wraps`,
    )
    this.#unwatch = database.prepare(
      `UPDATE counter SET due_job = NULL, due_uses = NULL, due_bytes = NULL, due_wraps = NULL
       WHERE key = ? AND due_job IS NOT NULL`,
    )
    this.#about = database.prepare('SELECT job, at FROM due WHERE kind = ? AND id = ? ORDER BY job')
    const select = `SELECT d.at, d.kind, d.id, r.tenant
      FROM due d CROSS JOIN stored_row r ON r.kind = d.kind AND r.id = d.id`
    const order = 'ORDER BY d.at, d.kind, d.id LIMIT ?'
    this.#first = database.prepare(`${select} WHERE d.job = ? AND d.at <= ? ${order}`)
    this.#next = database.prepare(
      `${select} WHERE d.job = ? AND d.at <= ? AND (d.at, d.kind, d.id) > (?, ?, ?) ${order}`,
    )
  }

  /** What is due about a row from now on, instead of what was. */
  replace({ kind, id }: RowReference, due: readonly Due[]): void {
    this.remove({ kind, id })
    for (const { job, at, counters } of due) {
      if (at !== undefined) this.#add.run(kind, id, job, at)
      if (counters === undefined) continue
      const { version, uses = null, bytes = null, wraps = null } = counters
      this.#watch.run(id, version, job, uses, bytes, wraps)
    }
  }

  remove({ kind, id }: RowReference): void {
    this.#remove.run(kind, id)
    if (kind === 'key') this.#unwatch.run(id)
  }

  about({ kind, id }: RowReference): { readonly job: string; readonly at: number }[] {
    return this.#about
      .all(kind, id)
      .map((row) => ({ job: text(row['job']), at: integer(row['at']) }))
  }

  list({ job, until, after, limit }: DueQuery): DueRow[] {
    const found =
      after === undefined
        ? this.#first.all(job, until, limit)
        : this.#next.all(job, until, after.at, after.kind, after.id, limit)
    return found.map((row) => ({
      at: integer(row['at']),
      kind: toKind(row['kind']),
      id: text(row['id']),
      tenant: text(row['tenant']),
    }))
  }
}
