import { HASH_BYTES, TILE_WIDTH } from './merkle.ts'

/** A tile as it is to be written: its hashes, 32 bytes each. */
interface Tile {
  readonly level: number
  readonly number: number
  readonly hashes: Uint8Array
}

/** The tile at the right edge of a level, as it is filled. */
interface Edge {
  number: number
  width: number
  dirty: boolean
  readonly hashes: Buffer
}

/** The tiles that new hashes of a tree come into, until somebody takes them to be written. */
export class TileEdges {
  readonly #load: (level: number, number: number, width: number) => Uint8Array
  readonly #edges: Edge[] = []
  #filled: Tile[] = []

  /** @param load the hashes that stand in a tile which is not filled yet */
  constructor(load: (level: number, number: number, width: number) => Uint8Array) {
    this.#load = load
  }

  /** Adds the hash with this number, counted from the left of its level. */
  add(level: number, number: number, hash: string): void {
    const edge = (this.#edges[level] ??= this.#loadEdge(level, number))
    const tile = Math.floor(number / TILE_WIDTH)
    if (edge.number !== tile) {
      if (edge.dirty) this.#filled.push(copyOf(level, edge))
      edge.number = tile
      edge.width = 0
    }
    edge.hashes.write(hash, edge.width * HASH_BYTES, HASH_BYTES, 'latin1')
    edge.width += 1
    edge.dirty = true
  }

  /** Every tile that has changed since they were taken last. */
  take(): Tile[] {
    const tiles = this.#filled
    this.#filled = []
    for (const [level, edge] of this.#edges.entries()) {
      if (edge.dirty) tiles.push(copyOf(level, edge))
      edge.dirty = false
    }
    return tiles
  }

  /** Forgets everything, also what was not taken. */
  clear(): void {
    this.#edges.length = 0
    this.#filled = []
  }

  /** The tile that the hash with this number comes into, with those before it. */
  #loadEdge(level: number, number: number): Edge {
    const edge = {
      number: Math.floor(number / TILE_WIDTH),
      width: number % TILE_WIDTH,
      dirty: false,
      hashes: Buffer.alloc(TILE_WIDTH * HASH_BYTES),
    }
    if (edge.width > 0) edge.hashes.set(this.#load(level, edge.number, edge.width))
    return edge
  }
}

function copyOf(level: number, { number, width, hashes }: Edge): Tile {
  // A Buffer's own slice would be a view.
  return { level, number, hashes: new Uint8Array(hashes.subarray(0, width * HASH_BYTES)) }
}
