import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Integrated } from '../store.ts'
import { forEachEntry } from './bundle.ts'
import { bytes, damaged, integer } from './columns.ts'
import type { Transactions } from './database.ts'
import type { Entries } from './entries.ts'
import { Frontier, HASH_BYTES, leafHashInPlace, TILE_WIDTH } from './merkle.ts'

/** The tile at the right edge of a level, as it is filled. */
interface Edge {
  number: number
  width: number
  dirty: boolean
  readonly hashes: Buffer
}

/** The tiles of the ledger's Merkle tree (C2SP tlog-tiles). They are a function of the entries, and follow them at leisure. */
export class Tree {
  readonly #transactions: Transactions
  readonly #entries: Entries
  readonly #size: StatementSync
  readonly #grow: StatementSync
  readonly #tile: StatementSync
  readonly #writeTile: StatementSync
  /** What stands in the database, or undefined where that must be read again. */
  #frontier: Frontier | undefined
  readonly #edges: Edge[] = []

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

  /** Takes at most `count` entries into the tree, in one transaction. */
  integrate(count: number): Integrated {
    if (this.size() < this.#entries.head().next) {
      try {
        this.#transactions.write(() => this.#extend(count))
      } catch (cause) {
        this.#frontier = undefined
        throw cause
      }
    }
    const frontier = this.#current()
    return {
      size: frontier.size,
      root: frontier.root(),
      more: frontier.size < this.#entries.head().next,
    }
  }

  /** The root over the first `size` entries, from the right edge of the tiles: O(log size) of them. */
  rootAt(size: number): Buffer {
    if (size > this.size()) throw new RangeError(`the tree has fewer than ${size} entries`)
    return Frontier.read(size, (level, number, width) => this.#read(level, number, width)).root()
  }

  tile(level: number, number: number, width: number): Uint8Array | undefined {
    const found = this.#tile.get(level, number)
    return found === undefined ? undefined : bytes(found['hashes']).slice(0, width * HASH_BYTES)
  }

  /** The edge of the tree as it stands: kept from the last call, unless another process has gone on with it. */
  #current(): Frontier {
    const size = this.size()
    if (this.#frontier?.size !== size) {
      this.#frontier = Frontier.read(size, (level, number, width) =>
        this.#read(level, number, width),
      )
      this.#edges.length = 0
    }
    return this.#frontier
  }

  #extend(count: number): void {
    const frontier = this.#current()
    const from = frontier.size
    const emit = (level: number, number: number, hash: string) => this.#emit(level, number, hash)
    this.#entries.forEachBatch(from, count, (bundle, firstIndex, entries, to) => {
      forEachEntry(bundle, entries, (position, start, end) => {
        const index = firstIndex + position
        if (index >= from && index < to) frontier.push(leafHashInPlace(bundle, start, end), emit)
      })
      // Given back at once: on the store's thread the collector seldom runs.
      if (bundle.buffer instanceof ArrayBuffer) bundle.buffer.transfer(0)
    })
    for (const [level, edge] of this.#edges.entries()) if (edge.dirty) this.#flush(level, edge)
    this.#grow.run(frontier.size)
    this.#entries.indexFacets(frontier.size)
  }

  #emit(level: number, number: number, hash: string): void {
    const edge = (this.#edges[level] ??= this.#loadEdge(level, number))
    const tile = Math.floor(number / TILE_WIDTH)
    if (edge.number !== tile) {
      if (edge.dirty) this.#flush(level, edge)
      edge.number = tile
      edge.width = 0
    }
    edge.hashes.write(hash, edge.width * HASH_BYTES, HASH_BYTES, 'latin1')
    edge.width += 1
    edge.dirty = true
  }

  /** The tile that the hash with this number comes into, with those before it. */
  #loadEdge(level: number, number: number): Edge {
    const edge = {
      number: Math.floor(number / TILE_WIDTH),
      width: number % TILE_WIDTH,
      dirty: false,
      hashes: Buffer.alloc(TILE_WIDTH * HASH_BYTES),
    }
    if (edge.width > 0) edge.hashes.set(this.#hashes(level, edge.number, edge.width))
    return edge
  }

  #flush(level: number, edge: Edge): void {
    this.#writeTile.run(level, edge.number, edge.hashes.subarray(0, edge.width * HASH_BYTES))
    edge.dirty = false
  }

  #read(level: number, number: number, width: number): string[] {
    const hashes = this.#hashes(level, number, width).toString('latin1')
    return Array.from({ length: width }, (_, at) =>
      hashes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES),
    )
  }

  #hashes(level: number, number: number, width: number): Buffer {
    const tile = this.tile(level, number, width)
    if (tile?.length !== width * HASH_BYTES)
      throw damaged(`tile ${number} of level ${level} is not whole`)
    return Buffer.from(tile.buffer, tile.byteOffset, tile.byteLength)
  }
}
