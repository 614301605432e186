import {
  formatTilePath,
  HASH_BYTES,
  LedgerFormatError,
  parseBundle,
  TILE_WIDTH,
  type EntryBundle,
  type HashTile,
  type Tile,
} from '@claviger/contract/ledger'
import type { LedgerSource } from './source.ts'

/**
 * Tiles and bundles of a known width. Where a partial one is gone because the full one is there (tlog-tiles, Partial Tiles), the full
 * one is read and cut.
 */

/**
 * The hashes of a tile in one piece; undefined where there is none.
 *
 * @throws LedgerFormatError for one that is not as wide as it says.
 */
export async function readHashTile(
  source: LedgerSource,
  tile: HashTile,
): Promise<Uint8Array | undefined> {
  const found = await readEither(source, tile)
  if (found === undefined) return undefined
  if (found.bytes.length !== found.width * HASH_BYTES) {
    throw new LedgerFormatError('tile', `it is not ${found.width} hashes wide`)
  }
  return found.bytes.subarray(0, tile.width * HASH_BYTES)
}

/**
 * The entries of a bundle; undefined where there is none.
 *
 * @throws LedgerFormatError for one that does not hold exactly as many as it says.
 */
export async function readEntries(
  source: LedgerSource,
  bundle: EntryBundle,
): Promise<Uint8Array[] | undefined> {
  const found = await readEither(source, bundle)
  return found && parseBundle(found.bytes, found.width).slice(0, bundle.width)
}

async function readEither(
  source: LedgerSource,
  tile: Tile,
): Promise<{ bytes: Uint8Array; width: number } | undefined> {
  for (const width of new Set([tile.width, TILE_WIDTH])) {
    const bytes = await source.tile(formatTilePath({ ...tile, width }))
    if (bytes !== undefined) return { bytes, width }
  }
  return undefined
}
