import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ClavigerError } from '#model'
import type { Integrated } from '../store.ts'
import { forEachEntry } from './bundle.ts'
import { bytes, damaged, integer } from './columns.ts'
import type { Transactions } from './database.ts'
import type { Entries } from './entries.ts'
import { Frontier, HASH_BYTES, leafHashInPlace } from './merkle.ts'
import { TileEdges } from './tile-edges.ts'

/** Entries that are hashed ahead of the database at most, so that what waits in memory stays small. */
const AHEAD_MAX = 8_192

/**
 * The tiles of the ledger's Merkle tree (C2SP tlog-tiles). They are a function of the entries, and follow them at leisure: entries are
 * hashed as they are committed, in memory, and what that makes is written now and then, many entries at once.
 */
export class Tree {
  readonly #transactions: Transactions
  readonly #entries: Entries
  readonly #size: StatementSync
  readonly #grow: StatementSync
  readonly #tile: StatementSync
  readonly #writeTile: StatementSync
  /** The right edge of the tree, at or ahead of what stands in the database; undefined where that must be read again. */
  #frontier: Frontier | undefined
  /** The size in the database from which the frontier came. */
  #written = 0
  readonly #edges = new TileEdges((level, number, width) => this.#hashes(level, number, width))

  constructor(database: DatabaseSync, transactions: Transactions, entries: Entries) {
    this.#transactions = transactions
    this.#entries = entries
    this.#size = database.prepare('SELECT size FROM tree WHERE ledger = 1')
    this.#grow = database.prepare('UPDATE tree SET size = ? WHERE ledger = 1')
    this.#tile = database.prepare('SELECT hashes FROM tile WHERE level = ? AND number = ?')
    this.#writeTile = database.prepare(
      `INSERT INTO tile (level, number, hashes) VALUES (?, ?, ?)
       ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes`,
    )
  }

  size(): number {
    const found = this.#size.get()
    if (found === undefined) throw damaged('it has no tree')
    return integer(found['size'])
  }

  /**
   * Hashes entries that were just committed, without writing anything. Where the frontier does not stand before them, or is far ahead
   * of the database, they are left to {@link integrate}, which reads them again.
   */
  follow(bundle: Uint8Array, firstIndex: number, count: number): void {
    const frontier = this.#frontier
    if (frontier?.size !== firstIndex || firstIndex - this.#written > AHEAD_MAX) return
    forEachEntry(bundle, count, (_position, start, end) =>
      frontier.push(leafHashInPlace(bundle, start, end), this.#emit),
    )
  }

  /** Takes at most `count` entries into the tree, in one transaction. */
  integrate(count: number): Integrated {
    if (this.size() < this.#entries.head().next) this.#transactions.write(() => this.#extend(count))
    const frontier = this.#standing(0)
    return {
      size: frontier.size,
      root: frontier.root(),
      more: frontier.size < this.#entries.head().next,
    }
  }

  /**
   * The same within a transaction of the caller's, for entries before an index: those of the transaction itself are followed after it. It
   * is not to fail over what is wrong with older entries: what was written of the tree by then is as it should be, and integrate will
   * throw.
   */
  keepUp(count: number, before: number): void {
    try {
      this.#extend(Math.min(count, before - this.size()))
    } catch (cause) {
      if (!(cause instanceof ClavigerError)) throw cause
    }
  }

  /** The root over the first `size` entries, from the right edge of the tiles: O(log size) of them. */
  rootAt(size: number): Buffer {
    if (size > this.size()) throw new RangeError(`the tree has fewer than ${size} entries`)
    return this.#read(size).root()
  }

  tile(level: number, number: number, width: number): Uint8Array | undefined {
    const found = this.#tile.get(level, number)
    return found === undefined ? undefined : bytes(found['hashes']).slice(0, width * HASH_BYTES)
  }

  /**
   * The frontier, at most so many entries ahead of what stands in the database. It is read anew where it is further, or where another
   * process has gone on with the tree.
   */
  #standing(ahead: number): Frontier {
    const size = this.size()
    if (
      this.#frontier === undefined ||
      this.#written !== size ||
      this.#frontier.size > size + ahead
    ) {
      this.#edges.clear()
      this.#frontier = this.#read(size)
      this.#written = size
    }
    return this.#frontier
  }

  #extend(count: number): void {
    try {
      const frontier = this.#standing(count)
      this.#hashMore(frontier, this.#written + count - frontier.size)
      for (const { level, number, hashes } of this.#edges.take())
        this.#writeTile.run(level, number, hashes)
      this.#grow.run(frontier.size)
      this.#entries.indexFacets(frontier.size)
      this.#written = frontier.size
    } catch (cause) {
      this.#frontier = undefined
      throw cause
    }
  }

  /** Hashes entries that nobody has followed. */
  #hashMore(frontier: Frontier, count: number): void {
    const from = frontier.size
    this.#entries.forEachBatch(from, count, (bundle, firstIndex, entries, to) => {
      forEachEntry(bundle, entries, (position, start, end) => {
        const index = firstIndex + position
        if (index >= from && index < to)
          frontier.push(leafHashInPlace(bundle, start, end), this.#emit)
      })
      // Given back at once: on the store's thread the collector seldom runs.
      if (bundle.buffer instanceof ArrayBuffer) bundle.buffer.transfer(0)
    })
  }

  readonly #emit = (level: number, number: number, hash: string): void =>
    this.#edges.add(level, number, hash)

  #read(size: number): Frontier {
    return Frontier.read(size, (level, number, width) => {
      const hashes = this.#hashes(level, number, width).toString('latin1')
      return Array.from({ length: width }, (_, at) =>
        hashes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES),
      )
    })
  }

  #hashes(level: number, number: number, width: number): Buffer {
    const tile = this.tile(level, number, width)
    if (tile?.length !== width * HASH_BYTES)
      throw damaged(`tile ${number} of level ${level} is not whole`)
    return Buffer.from(tile.buffer, tile.byteOffset, tile.byteLength)
  }
}
