import {
  concatBytes,
  leafHash,
  RangeBuilder,
  rootOfLeaves,
  TILE_WIDTH,
  type HashTile,
} from '@claviger/contract/ledger'
import { sha256 } from './algorithms.ts'

/** The tree that entries define, grown from its left edge; it holds at most one tile per level. */

/** A tile as the entries define it. */
export interface DerivedTile {
  readonly tile: HashTile
  readonly bytes: Uint8Array
}

interface Level {
  index: number
  hashes: Uint8Array[]
}

const TILE_HEIGHT = Math.log2(TILE_WIDTH)

export class TreeCheck {
  readonly #tree = new RangeBuilder(sha256)
  readonly #levels: Level[] = []
  readonly #rootAt = new Map<number, Uint8Array>()
  /** Of the sizes whose root is asked for those to come, the next one last. */
  readonly #sizes: number[]

  /** `sizes`: also remember the root that the tree had at each of these. */
  constructor(sizes: Iterable<number>) {
    this.#sizes = [...new Set(sizes)].toSorted((a, b) => b - a)
    if (this.#sizes.at(-1) === 0) this.#remember(this.#tree)
  }

  /** Adds the entries of the next bundle, of which only the last may be partial, and gives the tiles that became full. */
  add(entries: readonly Uint8Array[]): DerivedTile[] {
    const leaves = entries.map((entry) => leafHash(sha256, entry))
    this.#rememberRoots(leaves)
    const full: DerivedTile[] = []
    if (leaves.length === TILE_WIDTH) {
      this.#tree.append(rootOfLeaves(sha256, leaves), TILE_HEIGHT)
    } else {
      for (const leaf of leaves) this.#tree.append(leaf)
    }
    for (const leaf of leaves) this.#push(0, leaf, full)
    return full
  }

  /** The tiles at the right edge that are not full. */
  partialTiles(): DerivedTile[] {
    return this.#levels.flatMap((level, number) =>
      level.hashes.length === 0 ? [] : [derived(number, level)],
    )
  }

  get size(): number {
    return this.#tree.size
  }

  root(): Uint8Array {
    return this.#tree.root()
  }

  /** The root at a size that was asked for; undefined where the tree has not reached it. */
  rootAt(size: number): Uint8Array | undefined {
    return this.#rootAt.get(size)
  }

  #rememberRoots(leaves: readonly Uint8Array[]): void {
    const end = this.#tree.size + leaves.length
    if ((this.#sizes.at(-1) ?? Infinity) > end) return
    const then = this.#tree.clone()
    for (const leaf of leaves) {
      then.append(leaf)
      if (this.#sizes.at(-1) === then.size) this.#remember(then)
    }
  }

  #remember(tree: RangeBuilder): void {
    this.#rootAt.set(tree.size, tree.root())
    this.#sizes.pop()
  }

  #push(number: number, hash: Uint8Array, full: DerivedTile[]): void {
    const level = (this.#levels[number] ??= { index: 0, hashes: [] })
    level.hashes.push(hash)
    if (level.hashes.length < TILE_WIDTH) return
    full.push(derived(number, level))
    const root = rootOfLeaves(sha256, level.hashes)
    this.#levels[number] = { index: level.index + 1, hashes: [] }
    this.#push(number + 1, root, full)
  }
}

function derived(level: number, { index, hashes }: Level): DerivedTile {
  return {
    tile: { kind: 'hashes', level, index, width: hashes.length },
    bytes: concatBytes(...hashes),
  }
}
