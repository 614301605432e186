import { LedgerFormatError } from './format-error.ts'
import { ENTRY_BYTES_MAX } from './record.ts'
import { TILE_WIDTH } from './tiles.ts'

/** The contents of tiles: entry bundles and rows of hashes (C2SP tlog-tiles). */

const LENGTH_BYTES = 2
/** The longest bundle there can be, in bytes. */
export const BUNDLE_BYTES_MAX = TILE_WIDTH * (LENGTH_BYTES + ENTRY_BYTES_MAX)

/**
 * Entries one after the other, each behind its length as 16 bits, big-endian.
 *
 * @throws LedgerFormatError for an entry longer than 65,535 bytes.
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.some(({ length }) => length > ENTRY_BYTES_MAX)) {
    throw new LedgerFormatError('entry bundle', `an entry is longer than ${ENTRY_BYTES_MAX} bytes`)
  }
  const bundle = new Uint8Array(
    entries.reduce((length, entry) => length + LENGTH_BYTES + entry.length, 0),
  )
  let offset = 0
  for (const entry of entries) {
    bundle[offset] = entry.length >> 8
    bundle[offset + 1] = entry.length & 0xff
    bundle.set(entry, offset + LENGTH_BYTES)
    offset += LENGTH_BYTES + entry.length
  }
  return bundle
}

/**
 * The entries of a bundle of a known width, as views into it. The bundle must hold exactly so many and nothing after them.
 *
 * @throws LedgerFormatError where it does not.
 */
export function parseBundle(bundle: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let offset = 0
  while (entries.length < width) {
    const [high, low] = bundle.subarray(offset, offset + LENGTH_BYTES)
    if (high === undefined || low === undefined)
      throw new LedgerFormatError('entry bundle', 'it ends before its last entry')
    const start = offset + LENGTH_BYTES
    offset = start + (high << 8) + low
    if (offset > bundle.length)
      throw new LedgerFormatError('entry bundle', 'an entry is longer than the rest of the bundle')
    entries.push(bundle.subarray(start, offset))
  }
  if (offset !== bundle.length)
    throw new LedgerFormatError('entry bundle', 'there are bytes after its last entry')
  return entries
}
