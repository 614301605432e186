import '../without-code-generation.ts'
import {
  encodeBundle,
  entryBundlesOf,
  equalBytes,
  formatTilePath,
  formatVerifierKey,
  HASH_BYTES,
  hashTilesOf,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  type Tile,
} from '@claviger/contract/ledger'
import { DurableFiles } from './durable-files.ts'
import { checkHead, trustedKeys } from './head.ts'
import { readAhead } from './read-ahead.ts'
import { readEntries, readHashTile } from './read-tile.ts'
import type { Trust } from './report.ts'
import { directorySource, fileOf, KEPT_FOLDER, VKEYS_FILE, type LedgerSource } from './source.ts'

/** A copy of a ledger as static files (C2SP tlog-tiles): to keep, to serve, and to verify without the server. */

export interface ExportOptions {
  /** Verifier keys of the log. Without them those kept by the last export are taken, and the first time the source's own. */
  readonly vkeys?: readonly string[]
  readonly onProgress?: (progress: ExportProgress) => void
}

export interface ExportProgress {
  /** Tiles and bundles that are there. */
  readonly files: number
  /** And how many there will be. */
  readonly total: number
}

export interface ExportReport {
  readonly origin: string
  readonly size: number
  readonly trust: Trust
  /** Files written; the others were there. */
  readonly written: number
}

/** The copy cannot be made or continued; what was there before is untouched, but for files that were missing. */
export class LedgerExportError extends Error {
  override readonly name = 'LedgerExportError'
}

/** Tiles in flight at once. */
const READ_AHEAD = 8

/**
 * Copies a ledger into a directory, durably, and goes on where an earlier copy ended or was cut off: full tiles never change, so those
 * that are there stay. The checkpoint is written last, so that the directory always holds what its checkpoint is over; each
 * checkpoint is also kept as `checkpoints/<size>`. Only a signed checkpoint of the same log is copied; whether the ledger is right is
 * for {@link verifyLedger} over the directory to say.
 *
 * @throws LedgerExportError where there is no checkpoint, it is not signed by the keys, is of another log, or is older than the copy;
 * LedgerFormatError where what the source gives is malformed; and what the source and the file system reject with.
 */
export async function exportLedger(
  source: LedgerSource,
  directory: string,
  options: ExportOptions = {},
): Promise<ExportReport> {
  const files = new DurableFiles(directory)
  const kept = directorySource(directory)
  const note = await source.checkpoint()
  if (note === undefined)
    throw new LedgerExportError(`There is no checkpoint at ${source.name} yet`)
  const before = await kept.checkpoint()
  const pinned = options.vkeys ?? (await kept.vkeys())
  const { keys, trust } = await trustedKeys(source, pinned)
  const { checkpoint, findings } = await checkHead(note, keys)
  const [finding] = findings
  if (finding !== undefined)
    throw new LedgerExportError(`Not copied: ${finding.what}: ${finding.why}`)
  const { origin, size } = checkpoint
  const past = before === undefined ? undefined : parseCheckpoint(parseNote(before).text)
  if (past !== undefined && past.origin !== origin) {
    throw new LedgerExportError(
      `${directory} holds another log, ${past.origin}; take another directory`,
    )
  }
  if (past !== undefined && past.size > size) {
    throw new LedgerExportError(
      `${directory} holds ${past.size} entries and ${source.name} only ${size}: entries are gone`,
    )
  }
  // Written over, the one that proves it would be lost.
  if (past?.size === size && !equalBytes(past.root, checkpoint.root)) {
    throw new LedgerExportError(
      `${directory} holds ${size} entries and ${source.name} as many others: entries were changed`,
    )
  }
  const written = await copyTiles(source, files, size, options.onProgress)
  if ((await kept.vkeys()) === undefined) {
    await files.write(VKEYS_FILE, fileOf(keys.map(formatVerifierKey)))
  }
  await files.write(`${KEPT_FOLDER}/${size}`, note)
  await files.write('checkpoint', note)
  if (past !== undefined) await removeOutgrown(files, past.size)
  return { origin, size, trust, written }
}

async function copyTiles(
  source: LedgerSource,
  files: DurableFiles,
  size: number,
  onProgress: ExportOptions['onProgress'],
): Promise<number> {
  const total = [...levelWidths(size)].reduce(
    (sum, width) => sum + Math.ceil(width / TILE_WIDTH),
    0,
  )
  let done = 0
  let written = 0
  const copy = async (tile: Tile) => {
    const path = formatTilePath(tile)
    const length = await files.lengthOf(path)
    // A file is written whole or not at all; what is in it is for the verifier.
    if (length !== undefined && (tile.kind === 'entries' || length === tile.width * HASH_BYTES))
      return
    await files.write(path, await bytesOf(source, tile))
    written += 1
  }
  for await (const { value } of readAhead(tilesOf(size), READ_AHEAD, copy)) {
    await value
    done += 1
    onProgress?.({ files: done, total })
  }
  return written
}

function* tilesOf(size: number): Generator<Tile> {
  yield* entryBundlesOf(size)
  yield* hashTilesOf(size)
}

/** How many entries there are, and how many hashes at each level. */
function* levelWidths(size: number): Generator<number> {
  yield size
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH)) yield hashes
}

async function bytesOf(source: LedgerSource, tile: Tile): Promise<Uint8Array> {
  if (tile.kind === 'hashes') return (await readHashTile(source, tile)) ?? missing(source, tile)
  return encodeBundle((await readEntries(source, tile)) ?? missing(source, tile))
}

function missing(source: LedgerSource, tile: Tile): never {
  throw new LedgerExportError(
    `${source.name} has no ${formatTilePath(tile)}, which its checkpoint needs`,
  )
}

/** Partial tiles of an earlier size whose full tile is there now (tlog-tiles, Partial Tiles, allows it). */
async function removeOutgrown(files: DurableFiles, size: number): Promise<void> {
  for (const tile of tilesOf(size)) {
    if (tile.width === TILE_WIDTH) continue
    const full = formatTilePath({ ...tile, width: TILE_WIDTH })
    if ((await files.lengthOf(full)) !== undefined) await files.removeFolder(`${full}.p`)
  }
}
