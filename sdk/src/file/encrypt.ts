import { randomBytes } from 'node:crypto'
import {
  FILE_CHUNK_BITS_DEFAULT,
  FILE_COMMITMENT_BYTES,
  FILE_SALT_BYTES,
  makeFileHeader,
} from '@claviger/contract/file-format'
import { ChunkReader, type Source } from './chunk-reader.ts'
import { ChunkWriter, type Sink } from './chunk-writer.ts'
import type { InPlaceOption } from './in-place.ts'
import { inLanes, largeFile } from './lanes.ts'
import { chunkBuffer, derivePayload, type Payload, prepareAllocator, sealChunk } from './payload.ts'

/** What the server's `datakey` gives. */
export interface DataKey {
  /** 32 bytes, overwritten before {@link encryptFile} returns. */
  readonly plaintext: Uint8Array
  /** The same, wrapped by the server's key: it goes into the header. */
  readonly ciphertext: Uint8Array
}

export interface EncryptFileOptions extends InPlaceOption {
  readonly source: Source
  readonly sink: Sink
  readonly dataKey: DataKey
  /** Told as it goes, and in the end of all of it, how many bytes of the source are encrypted. */
  readonly onProgress?: (bytes: number) => void
  /** Chunks are 2^n bytes; 20 unless given. The memory needed is about four chunks, and for large files some for each core. */
  readonly chunkBits?: number
}

/**
 * Encrypts a file of any size in constant memory; large ones, from descriptor to descriptor, on several cores. A data key may serve
 * several files, since each derives its own key with a random salt, but there is no need: take a new one.
 */
export async function encryptFile(options: EncryptFileOptions): Promise<void> {
  const { dataKey, chunkBits = FILE_CHUNK_BITS_DEFAULT } = options
  const salt = randomBytes(FILE_SALT_BYTES)
  const { header, payload } = begin(dataKey, chunkBits, salt)
  const reader = new ChunkReader(options.source)
  const writer = new ChunkWriter(options.sink)
  try {
    await writer.write([header])
    await writer.finish()
    const chunkBytes = 2 ** chunkBits
    const inPlace = options.inPlace === true
    const large = largeFile(options.source, options.sink, chunkBytes)
    prepareAllocator()
    if (large === undefined) await sealAll(payload, chunkBytes, reader, writer, options.onProgress)
    else await inLanes({ kind: 'seal', payload, chunkBytes, inPlace, ...large }, options.onProgress)
    await writer.finish()
  } finally {
    await writer.settle()
    await reader.close()
  }
}

/** The header with its commitment, and the keys of the file. The data key is overwritten. */
export function begin(
  dataKey: DataKey,
  chunkBits: number,
  salt: Uint8Array,
): { readonly header: Uint8Array; readonly payload: Payload } {
  try {
    const header = makeFileHeader(chunkBits, dataKey.ciphertext, salt)
    const commitmentAt = header.length - FILE_COMMITMENT_BYTES
    const payload = derivePayload(dataKey.plaintext, salt, header.subarray(0, commitmentAt))
    header.set(payload.commitment, commitmentAt)
    return { header, payload }
  } finally {
    dataKey.plaintext.fill(0)
  }
}

/** Reads one chunk ahead, because only the end of the source tells which chunk is the last. */
async function sealAll(
  payload: Payload,
  chunkBytes: number,
  reader: ChunkReader,
  writer: ChunkWriter,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<void> {
  let [current, next] = [chunkBuffer(chunkBytes), chunkBuffer(chunkBytes)]
  let length = await reader.fill(current)
  let done = 0
  try {
    for (let chunk = 0; ; chunk += 1) {
      const following = await reader.fill(next)
      const last = following === 0
      await writer.write(sealChunk(payload, chunk, last, current.subarray(0, length)))
      done += length
      onProgress?.(done)
      if (last) return
      ;[current, next] = [next, current]
      length = following
    }
  } finally {
    current.fill(0)
    next.fill(0)
  }
}
