import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { CandidateQuery, Entry, Head, PersonalValue } from '../store.ts'
import { entriesOf } from './bundle.ts'
import { bytes, damaged, integer, text } from './columns.ts'
import type { Transactions } from './database.ts'

type Columns = Record<string, SQLOutputValue>

/** Facets that one search may ask for; statements are kept for each number of them. */
const FACETS_MAX = 16

/** The ledger's batches as they were committed: read by index, and searched by the facets of whole batches. */
export class Entries {
  readonly #database: DatabaseSync
  readonly #transactions: Transactions
  readonly #head: StatementSync
  readonly #batches: StatementSync
  readonly #latestFrom: StatementSync
  readonly #floor: StatementSync
  readonly #newest: StatementSync
  readonly #personal: StatementSync
  readonly #indexed: StatementSync
  readonly #unindexed: StatementSync
  readonly #index: StatementSync
  readonly #indexedTo: StatementSync
  /** By the order and the number of facets asked for. */
  readonly #searches = new Map<string, StatementSync>()

  constructor(database: DatabaseSync, transactions: Transactions) {
    this.#database = database
    this.#transactions = transactions
    this.#head = database.prepare('SELECT next, revision FROM sequencer WHERE ledger = 1')
    this.#batches = database.prepare(
      'SELECT first_index, count, entries FROM ledger_batch WHERE first_index >= ? AND first_index < ? ORDER BY first_index',
    )
    this.#latestFrom = database.prepare(
      'SELECT first_index, latest FROM ledger_batch WHERE first_index >= ? ORDER BY first_index LIMIT 1',
    )
    this.#floor = database.prepare(
      'SELECT max(first_index) AS first_index FROM ledger_batch WHERE first_index <= ?',
    )
    this.#newest = database.prepare(
      'SELECT first_index, count FROM ledger_batch ORDER BY first_index DESC LIMIT 1',
    )
    this.#indexed = database.prepare('SELECT indexed FROM tree WHERE ledger = 1')
    this.#unindexed = database.prepare(
      'SELECT first_index, count, facets FROM ledger_batch WHERE first_index >= ? AND first_index < ? ORDER BY first_index',
    )
    this.#index = database.prepare(
      'INSERT INTO batch_facet (facet, first_index) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    this.#indexedTo = database.prepare('UPDATE tree SET indexed = ? WHERE ledger = 1')
    this.#personal = database.prepare(
      'SELECT commitment, salt, value FROM personal WHERE commitment = ?',
    )
  }

  head(): Head {
    const found = this.#head.get()
    if (found === undefined) throw damaged('it has no sequencer')
    return { next: integer(found['next']), revision: integer(found['revision']) }
  }

  /** One past the last entry that is there, which is the sequencer's next unless entries were lost. */
  end(): number {
    const found = this.#newest.get()
    return found === undefined ? 0 : integer(found['first_index']) + integer(found['count'])
  }

  entries(first: number, count: number): Entry[] {
    const entries: Entry[] = []
    this.forEachBatch(first, count, (bundle, firstIndex, entriesInBatch, to) => {
      for (const entry of entriesOf(bundle, firstIndex, entriesInBatch, first, to))
        entries.push(entry)
    })
    return entries
  }

  /**
   * Visits the batches that hold entries from `first` on, `count` of them or as many as there are, in order. `to` is one past the
   * last index asked for.
   *
   * @throws ClavigerError integrity_failed where entries are missing between.
   */
  forEachBatch(
    first: number,
    count: number,
    visit: (bundle: Uint8Array, firstIndex: number, count: number, to: number) => void,
  ): void {
    this.#transactions.read(() => {
      const to = Math.min(first + count, this.head().next)
      if (first >= to) return
      let expected = this.#batchOf(first)
      for (const found of this.#batches.iterate(expected, to)) {
        const firstIndex = integer(found['first_index'])
        if (firstIndex !== expected) break
        expected = firstIndex + integer(found['count'])
        visit(bytes(found['entries']), firstIndex, expected - firstIndex, to)
      }
      if (expected < to) throw damaged(`the ledger has a gap at index ${Math.max(first, expected)}`)
    })
  }

  candidates(query: CandidateQuery): Entry[] {
    if (query.facets.length > FACETS_MAX)
      throw new RangeError(`a search asks for at most ${FACETS_MAX} facets`)
    return this.#transactions.read(() => {
      const next = this.head().next
      const ascending = query.order === 'ascending'
      const from = ascending && query.after !== undefined ? query.after + 1 : 0
      const to = ascending || query.after === undefined ? next : Math.min(query.after, next)
      if (from >= to) return []
      const lowest = Math.max(
        this.#batchOf(from),
        query.since === undefined ? 0 : this.#firstSince(query.since, next),
      )
      const found = this.#search(query.order, query.facets.length).all(
        lowest,
        to,
        query.since ?? 0,
        query.until ?? Number.MAX_SAFE_INTEGER,
        query.batches,
        ...query.facets,
      )
      return found.flatMap((batch) => toEntries(batch, from, to, ascending))
    })
  }

  /** Entries before this index can be found by their facets. */
  indexed(): number {
    const found = this.#indexed.get()
    if (found === undefined) throw damaged('it has no tree')
    return integer(found['indexed'])
  }

  /** Whether durable batches cannot be found yet. */
  behind(): boolean {
    return this.indexed() < this.head().next
  }

  /** Makes every durable batch findable. */
  catchUp(): void {
    this.#transactions.write(() => this.indexFacets(this.head().next))
  }

  /** Makes the batches that begin before an index findable; within a transaction of the caller's. */
  indexFacets(to: number): void {
    let next = this.indexed()
    for (const batch of this.#unindexed.all(next, to)) {
      const firstIndex = integer(batch['first_index'])
      const facets = text(batch['facets'])
      if (facets !== '') for (const facet of facets.split('\n')) this.#index.run(facet, firstIndex)
      next = firstIndex + integer(batch['count'])
    }
    this.#indexedTo.run(next)
  }

  personal(commitment: string): PersonalValue | undefined {
    const found = this.#personal.get(commitment)
    if (found === undefined) return undefined
    return {
      commitment: text(found['commitment']),
      salt: bytes(found['salt']),
      value: text(found['value']),
    }
  }

  /** The first index of the batch that an entry is in. */
  #batchOf(index: number): number {
    const first = this.#floor.get(index)?.['first_index']
    return first === null ? 0 : integer(first)
  }

  /** Where the first batch with a time of `since` or later can be at the earliest: bisects the greatest times, which only grow. */
  #firstSince(since: number, next: number): number {
    let low = 0
    let high = next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const found = this.#latestFrom.get(middle)
      if (found === undefined || integer(found['latest']) >= since) high = middle
      else low = integer(found['first_index']) + 1
    }
    return low
  }

  #search(order: CandidateQuery['order'], facets: number): StatementSync {
    const name = `${order} ${facets}`
    let statement = this.#searches.get(name)
    if (statement === undefined) {
      statement = this.#database.prepare(searchQuery(order, facets))
      this.#searches.set(name, statement)
    }
    return statement
  }
}

/** Parameters: lowest and one past the highest first index, since, until, limit, then the facets. */
function searchQuery(order: CandidateQuery['order'], facets: number): string {
  const direction = order === 'ascending' ? 'ASC' : 'DESC'
  const columns = 'b.first_index, b.count, b.entries'
  const times = 'b.time >= ?3 AND b.time < ?4'
  if (facets === 0) {
    return `SELECT ${columns} FROM ledger_batch b WHERE b.first_index >= ?1 AND b.first_index < ?2 AND ${times}
      ORDER BY b.first_index ${direction} LIMIT ?5`
  }
  const probes = Array.from(
    { length: facets - 1 },
    (_, other) =>
      `AND EXISTS (SELECT 1 FROM batch_facet p WHERE p.facet = ?${7 + other} AND p.first_index = f.first_index)`,
  )
  return `SELECT ${columns} FROM batch_facet f CROSS JOIN ledger_batch b ON b.first_index = f.first_index
    WHERE f.facet = ?6 AND f.first_index >= ?1 AND f.first_index < ?2 ${probes.join(' ')} AND ${times}
    ORDER BY f.first_index ${direction} LIMIT ?5`
}

function toEntries(found: Columns, from: number, to: number, ascending: boolean): Entry[] {
  const entries = entriesOf(
    bytes(found['entries']),
    integer(found['first_index']),
    integer(found['count']),
    from,
    to,
  )
  return ascending ? entries : entries.toReversed()
}
