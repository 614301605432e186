import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { damaged } from './columns.ts'

/** Whether a database file ends where a page does. Names of fields are those of https://sqlite.org/fileformat2.html. */

const MAGIC = Buffer.from('SQLite format 3\0')
const PAGE_SIZE_AT = 16
const LOG_MAGIC = 0x37_7f_06_82
const LOG_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/**
 * SQLite finds missing pages by its own count, but reads the missing end of a page as zeros. That is no damage only where the write-ahead
 * log holds the page: copying the log into the database was cut off, as where a disk was full or lost power, and is done again. It must
 * be asked before the database is opened: closing it, too, copies the log, and fills the page up.
 *
 * @throws ClavigerError integrity_failed
 */
export function assertWholePages(path: string): void {
  const pageSize = pageSizeOf(path)
  const { size } = statSync(path)
  if (pageSize === undefined || size % pageSize === 0) return
  const torn = Math.ceil(size / pageSize)
  if (!loggedPages(`${path}-wal`, pageSize).has(torn)) throw damaged('its file ends within a page')
}

/** Undefined where there is no database yet, or something else, which SQLite refuses. */
function pageSizeOf(path: string): number | undefined {
  const header = Buffer.alloc(PAGE_SIZE_AT + 2)
  const file = openSync(path, 'r')
  try {
    readSync(file, header)
  } finally {
    closeSync(file)
  }
  const size = header.readUInt16BE(PAGE_SIZE_AT)
  return header.subarray(0, MAGIC.length).equals(MAGIC) && size >= 512 ? size : undefined
}

/** The numbers of the pages that a log will bring to the database: those of its committed frames, whose checksums hold. */
function loggedPages(path: string, pageSize: number): ReadonlySet<number> {
  const committed = new Set<number>()
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return committed
  const log = readFileSync(path)
  if (log.length < LOG_HEADER_BYTES || (log.readUInt32BE(0) | 1) !== (LOG_MAGIC | 1))
    return committed
  const checksum = createChecksum(log.readUInt32BE(0) !== LOG_MAGIC)
  const salts = log.subarray(16, 24)
  checksum.add(log.subarray(0, 24))
  const frameBytes = FRAME_HEADER_BYTES + pageSize
  let pending: number[] = []
  for (let at = LOG_HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    const frame = log.subarray(at, at + frameBytes)
    checksum.add(frame.subarray(0, 8))
    checksum.add(frame.subarray(FRAME_HEADER_BYTES))
    if (!frame.subarray(8, 16).equals(salts) || !checksum.is(frame.subarray(16, 24))) break
    pending.push(frame.readUInt32BE(0))
    const pagesAfterCommit = frame.readUInt32BE(4)
    if (pagesAfterCommit === 0) continue
    for (const page of pending) committed.add(page)
    pending = []
  }
  return committed
}

/** Over pairs of words, in the order of bytes of the machine that began the log. */
function createChecksum(isBigEndian: boolean) {
  let first = 0
  let second = 0
  return {
    add(data: Buffer): void {
      for (let at = 0; at < data.length; at += 8) {
        first = (first + word(data, at) + second) >>> 0
        second = (second + word(data, at + 4) + first) >>> 0
      }
    },
    is: (stated: Buffer) => stated.readUInt32BE(0) === first && stated.readUInt32BE(4) === second,
  }
  function word(data: Buffer, at: number): number {
    return isBigEndian ? data.readUInt32BE(at) : data.readUInt32LE(at)
  }
}
