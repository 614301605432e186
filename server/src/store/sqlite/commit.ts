import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isBeyond } from '#model'
import type { Batch, Change, CommitResult, CounterDelta, RowReference } from '../store.ts'
import { assertBundle } from './bundle.ts'
import { damaged, integer } from './columns.ts'
import { overwriteFreed, type Transactions } from './database.ts'
import type { Rows } from './rows.ts'
import type { Tree } from './tree.ts'

type Conflict = Extract<CommitResult, { kind: 'conflict' }>

/** The group commit. The sequencer row is taken first, so whatever else writes to this ledger comes wholly before or wholly after. */
export class Commits {
  readonly #database: DatabaseSync
  readonly #transactions: Transactions
  readonly #rows: Rows
  readonly #tree: Tree
  readonly #sequence: StatementSync
  readonly #count: StatementSync
  readonly #counted: StatementSync
  readonly #append: StatementSync
  readonly #keepPersonal: StatementSync
  /** Whether material that was removed or replaced is still to be overwritten. */
  #isFreed = false

  constructor(database: DatabaseSync, transactions: Transactions, rows: Rows, tree: Tree) {
    this.#database = database
    this.#transactions = transactions
    this.#rows = rows
    this.#tree = tree
    this.#sequence = database.prepare(
      `UPDATE sequencer SET next = next + ?, revision = revision + ?, latest = max(latest, ?) WHERE ledger = 1
       RETURNING next, revision, latest`,
    )
    // Counters end at the greatest integer that both SQLite and JavaScript hold exactly, rather than wrap or fail.
    this.#count = database.prepare(
      `INSERT INTO counter (key, version, uses, bytes, wraps) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (key, version) DO UPDATE SET
         uses = min(uses + excluded.uses, ${Number.MAX_SAFE_INTEGER}),
         bytes = min(bytes + excluded.bytes, ${Number.MAX_SAFE_INTEGER}),
         wraps = min(wraps + excluded.wraps, ${Number.MAX_SAFE_INTEGER})`,
    )
    this.#counted = database.prepare(
      'SELECT uses, bytes, wraps FROM counter WHERE key = ? AND version = ?',
    )
    this.#append = database.prepare(
      'INSERT INTO ledger_batch (first_index, count, time, latest, facets, entries) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#keepPersonal = database.prepare(
      'INSERT INTO personal (commitment, salt, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
  }

  /** @throws RangeError for a batch that is not well formed; nothing was tried. */
  commit(batch: Batch): CommitResult {
    assertBatch(batch)
    const result = this.#transactions.write(
      () => this.#write(batch),
      (written) => written.kind === 'committed',
    )
    const isFreed = this.#rows.takeFreed()
    if (result.kind !== 'committed') return result
    this.#tree.follow(batch.entries, result.firstIndex, batch.count)
    this.#isFreed ||= isFreed
    // Where it cannot be done now, as where another process reads to make a backup, a later commit sees to it.
    if (this.#isFreed) this.#isFreed = !overwriteFreed(this.#database)
    return result
  }

  #write(batch: Batch): CommitResult {
    const head = this.#sequence.get(batch.count, batch.changes.length, batch.time)
    if (head === undefined) throw damaged('it has no sequencer')
    const revision = integer(head['revision'])
    const before = revision - batch.changes.length
    if (before !== batch.expectedRevision) {
      return {
        kind: 'moved',
        revision: before,
        changed: this.#rows.changedSince(batch.expectedRevision),
      }
    }
    // First, since what becomes due by counting is due since the batch's time.
    const firstIndex = integer(head['next']) - batch.count
    const { count, time, facets, entries } = batch
    this.#append.run(firstIndex, count, time, integer(head['latest']), facets.join('\n'), entries)
    for (const [position, change] of batch.changes.entries()) {
      const conflict = this.#apply(change, position, before + position + 1)
      if (conflict !== undefined) return conflict
    }
    for (const delta of batch.counters) {
      const exceeded = this.#exceeded(delta)
      if (exceeded !== undefined) return exceeded
      const { key, version, uses, bytes, wraps } = delta
      this.#count.run(key, version, uses, bytes, wraps)
    }
    for (const { commitment, salt, value } of batch.personal)
      this.#keepPersonal.run(commitment, salt, value)
    if (batch.integrate !== undefined) this.#tree.keepUp(batch.integrate, firstIndex)
    return { kind: 'committed', firstIndex, revision }
  }

  /** Where counters have a limit, what stands is looked at first; others cost nothing here. */
  #exceeded(delta: CounterDelta): Extract<CommitResult, { kind: 'exceeded' }> | undefined {
    const { key, version, within, limited = delta } = delta
    if (within === undefined) return undefined
    const row = this.#counted.get(key, version)
    const counted = {
      uses: integer(row?.['uses'] ?? 0),
      bytes: integer(row?.['bytes'] ?? 0),
      wraps: integer(row?.['wraps'] ?? 0),
    }
    return isBeyond(within, counted, limited)
      ? { kind: 'exceeded', key, version, counted }
      : undefined
  }

  /** Applies a change on top of those before it in the batch, so two that assume the same row cannot both pass. */
  #apply(change: Change, position: number, revision: number): Conflict | undefined {
    const conflict = (subject: RowReference, condition: Conflict['condition']): Conflict => ({
      kind: 'conflict',
      change: position,
      subject: { kind: subject.kind, id: subject.id },
      condition,
    })
    for (const subject of change.absent) {
      if (this.#rows.revisionOf(subject) !== undefined) return conflict(subject, 'absent')
    }
    for (const subject of change.unchanged) {
      if (this.#rows.revisionOf(subject) !== subject.revision) return conflict(subject, 'unchanged')
    }
    for (const removal of change.removals) this.#rows.remove(removal, revision)
    for (const write of change.writes) this.#rows.write(write, revision)
    return undefined
  }
}

function assertBatch(batch: Batch): void {
  if (!Number.isSafeInteger(batch.count) || batch.count < 1)
    throw new RangeError('a batch has at least one entry')
  if (!Number.isSafeInteger(batch.time) || batch.time < 0)
    throw new RangeError('the time of a batch is in milliseconds since 1970')
  assertBundle(batch.entries, batch.count)
  if (batch.facets.some((facet) => facet.includes('\n')))
    throw new RangeError('a facet is one line')
  for (const [position, change] of batch.changes.entries()) {
    const revision = batch.expectedRevision + position + 1
    if (change.writes.some(({ row }) => row.revision !== revision)) {
      throw new RangeError(
        `the rows of change ${position} must bear revision ${revision}, which writes them`,
      )
    }
  }
  for (const { uses, bytes, wraps } of batch.counters) {
    if (![uses, bytes, wraps].every((delta) => Number.isSafeInteger(delta) && delta >= 0)) {
      throw new RangeError('counters are added to, by whole numbers')
    }
  }
}
