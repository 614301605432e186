import { ClavigerError } from '#model'

/** C2SP tlog-tiles: an entry's length is 16 bits. */
const ENTRY_BYTES_MAX = 65_535

const encoder = new TextEncoder()

/** @throws ClavigerError internal for a record longer than a bundle can say */
export function assertFits(record: string): void {
  // No character takes more than three bytes.
  if (record.length * 3 > ENTRY_BYTES_MAX && Buffer.byteLength(record) > ENTRY_BYTES_MAX)
    throw tooLong(record.length)
}

function tooLong(length: number): ClavigerError {
  return new ClavigerError('internal', `A ledger record of ${length} characters is too long`)
}

/**
 * Joins records to a C2SP tlog-tiles entry bundle: for each its length as 16 bits, big-endian, then its bytes as UTF-8.
 *
 * @throws ClavigerError internal for a record longer than a bundle can say; the gate bounds what goes into one.
 */
export function encodeBundle(records: readonly string[]): Uint8Array {
  // Few long strings are cheaper to turn into bytes than many short ones, so the whole is one string first: records hold no
  // control characters, so a NUL pair marks the place of each length and is overwritten by it.
  // Not Buffer.from: its shared pool must not travel to the store's thread.
  const text = `\0\0${records.join('\0\0')}`
  const bundle = encoder.encode(text)
  // Mostly each character is one byte; where not, the next mark tells where a record ends.
  const ascii = bundle.length === text.length
  let offset = 0
  for (const record of records) {
    const start = offset + 2
    const end = ascii ? start + record.length : endOf(bundle, start)
    const length = end - start
    if (length > ENTRY_BYTES_MAX) throw tooLong(record.length)
    bundle[offset] = length >> 8
    bundle[offset + 1] = length & 0xff
    offset = end
  }
  return bundle
}

function endOf(bundle: Uint8Array, start: number): number {
  const next = bundle.indexOf(0, start)
  return next === -1 ? bundle.length : next
}
