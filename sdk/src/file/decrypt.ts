import { timingSafeEqual } from 'node:crypto'
import {
  FILE_DATA_KEY_BYTES,
  FILE_PREFIX_BYTES,
  FILE_TAG_BYTES,
  type FileHeader,
  parseFileHeader,
  parseFilePrefix,
} from '@claviger/contract/file-format'
import { ClavigerCiphertextError } from '../ciphertext-error.ts'
import { ChunkReader, type Source } from './chunk-reader.ts'
import { ChunkWriter, type Sink } from './chunk-writer.ts'
import type { InPlaceOption } from './in-place.ts'
import { inLanes, largeFile } from './lanes.ts'
import { notAuthentic } from './not-authentic.ts'
import { chunkBuffer, derivePayload, openChunk, type Payload, prepareAllocator } from './payload.ts'

export interface DecryptFileOptions extends InPlaceOption {
  readonly source: Source
  readonly sink: Sink
  /**
   * Unwraps the data key that the header carries, by asking the server to decrypt it or with an exported key. The header is not
   * authenticated yet. What is returned is overwritten.
   */
  readonly unwrap: (wrapped: Uint8Array) => Promise<Uint8Array>
  /** Told as it goes, and in the end of all of it, how many bytes are decrypted. */
  readonly onProgress?: (bytes: number) => void
}

/**
 * Decrypts a file of any size in constant memory. Every chunk is authenticated before it leaves, and that the file is whole is known
 * when this returns, not before: where it throws, what went to the sink must be thrown away.
 *
 * @throws ClavigerCiphertextError where the file is not of this format, or is not as it was made.
 */
export async function decryptFile(options: DecryptFileOptions): Promise<void> {
  const reader = new ChunkReader(options.source)
  const writer = new ChunkWriter(options.sink)
  try {
    const header = await readHeader(reader)
    const payload = await unlock(header, options.unwrap)
    const { chunkBytes } = header
    const inPlace = options.inPlace === true
    const large = largeFile(options.source, options.sink, chunkBytes)
    prepareAllocator()
    if (large === undefined) await openAll(payload, chunkBytes, reader, writer, options.onProgress)
    else await inLanes({ kind: 'open', payload, chunkBytes, inPlace, ...large }, options.onProgress)
    await writer.finish()
  } finally {
    await writer.settle()
    await reader.close()
  }
}

async function readHeader(reader: ChunkReader): Promise<FileHeader> {
  const start = Buffer.alloc(FILE_PREFIX_BYTES)
  const prefix = (await reader.fill(start)) < start.length ? undefined : parseFilePrefix(start)
  if (prefix === undefined) {
    throw new ClavigerCiphertextError(
      'not-claviger',
      "The input is not a file that 'claviger encrypt' made, or it was made by a newer version",
    )
  }
  const bytes = Buffer.alloc(prefix.headerBytes)
  bytes.set(start)
  const rest = bytes.subarray(FILE_PREFIX_BYTES)
  const header = (await reader.fill(rest)) < rest.length ? undefined : parseFileHeader(bytes)
  if (header === undefined) throw notAuthentic()
  return header
}

async function unlock(header: FileHeader, unwrap: DecryptFileOptions['unwrap']): Promise<Payload> {
  const dataKey = await unwrap(header.wrapped.slice())
  try {
    if (dataKey.length !== FILE_DATA_KEY_BYTES) throw notAuthentic()
    const payload = derivePayload(dataKey, header.salt, header.hashed)
    // Before anything is decrypted: the tags could be right under two keys, the commitment cannot.
    if (!timingSafeEqual(payload.commitment, header.commitment)) throw notAuthentic()
    return payload
  } finally {
    dataKey.fill(0)
  }
}

/** Reads one chunk ahead, because only the end of the file tells which chunk must be marked as the last. */
async function openAll(
  payload: Payload,
  chunkBytes: number,
  reader: ChunkReader,
  writer: ChunkWriter,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<void> {
  const sealedBytes = chunkBytes + FILE_TAG_BYTES
  let [current, next] = [chunkBuffer(sealedBytes), chunkBuffer(sealedBytes)]
  let length = await reader.fill(current)
  let done = 0
  for (let chunk = 0; ; chunk += 1) {
    const following = await reader.fill(next)
    const last = following === 0
    const plaintext = openChunk(payload, chunk, last, current.subarray(0, length))
    done += plaintext.length
    await writer.write([plaintext])
    onProgress?.(done)
    if (last) return
    ;[current, next] = [next, current]
    length = following
  }
}
