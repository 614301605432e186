import { integerFromDecimal } from './bytes.ts'
import { LedgerFormatError } from './format-error.ts'

/** Which files a ledger is made of, and what they are called (C2SP tlog-tiles, Merkle Tree and Log entries). */

/** Hashes in a full tile, and entries in a full bundle. */
export const TILE_WIDTH = 256
/** The highest level that a path can name. */
export const TILE_LEVEL_MAX = 63
/** Six groups hold every index up to 2^53 - 1: longer paths are refused before they are read. */
const PATH_LENGTH_MAX = 64
const PATH =
  /^tile\/(entries|[0-9]|[1-9][0-9])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** A tile of hashes: number `index` of its level, `width` hashes wide, partial below 256. */
export interface HashTile {
  readonly kind: 'hashes'
  readonly level: number
  readonly index: number
  readonly width: number
}

/** An entry bundle: the entries under the tile of level 0 with the same index and width. */
export interface EntryBundle {
  readonly kind: 'entries'
  readonly index: number
  readonly width: number
}

export type Tile = HashTile | EntryBundle

/** `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`; index 1234067 is written `x001/x234/067`. */
export function formatTilePath(tile: Tile): string {
  const digits = String(tile.index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
  const folder = tile.kind === 'entries' ? 'entries' : String(tile.level)
  return `tile/${folder}/${name}${tile.width < TILE_WIDTH ? `.p/${tile.width}` : ''}`
}

/**
 * The tile that a path names. A tile has exactly one path.
 *
 * @throws LedgerFormatError for anything else.
 */
export function parseTilePath(path: string): Tile {
  const match = path.length <= PATH_LENGTH_MAX ? PATH.exec(path) : null
  const [, folder = '', name = '', partial] = match ?? []
  const index = integerFromDecimal(name.replaceAll(/[x/]/g, '').replace(/^0+(?=[0-9])/, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (index === undefined || width > TILE_WIDTH) throw malformedPath()
  const tile: Tile =
    folder === 'entries'
      ? { kind: 'entries', index, width }
      : { kind: 'hashes', level: Number(folder), index, width }
  if ((tile.kind === 'hashes' && tile.level > TILE_LEVEL_MAX) || formatTilePath(tile) !== path)
    throw malformedPath()
  return tile
}

function malformedPath(): LedgerFormatError {
  return new LedgerFormatError(
    'tile path',
    'it must be tile/<level>/<index>[.p/<width>] or tile/entries/<index>[.p/<width>]',
  )
}

/** Every hash tile of a tree of this size, level by level from the leaves, each level from the left. */
export function* hashTilesOf(size: number): Generator<HashTile> {
  for (
    let level = 0, hashes = size;
    hashes > 0;
    level += 1, hashes = Math.floor(hashes / TILE_WIDTH)
  ) {
    for (const { index, width } of cut(hashes)) yield { kind: 'hashes', level, index, width }
  }
}

/** Every entry bundle of a tree of this size, from the left. */
export function* entryBundlesOf(size: number): Generator<EntryBundle> {
  for (const { index, width } of cut(size)) yield { kind: 'entries', index, width }
}

/** How wide a hash tile is in a tree of this size: 1 to 256, or 0 where the tree does not reach it. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

function* cut(count: number): Generator<{ index: number; width: number }> {
  for (let index = 0; index * TILE_WIDTH < count; index += 1) {
    yield { index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) }
  }
}
