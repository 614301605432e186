import { writevSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { FILE_TAG_BYTES } from '@claviger/contract/file-format'
import { giveBack, without } from './chunk-writer.ts'
import { chunkBuffer, openChunk, type Payload, sealChunk } from './payload.ts'
import type { ReadChunk, Turns } from './turns.ts'

/** What lanes do with a file, from descriptor to descriptor. */
export interface LaneJob {
  readonly kind: 'seal' | 'open'
  readonly payload: Payload
  /** Of plaintext, in a chunk. */
  readonly chunkBytes: number
  readonly source: number
  readonly sink: number
}

/**
 * Reads, seals or opens, and writes one chunk after another, by turns with the other lanes: all of it in one thread, since each step finds
 * the chunk in the processor's cache. Resolves when there is nothing left to read.
 *
 * @param told how many bytes of plaintext are done, counted from the beginning of the file
 * @throws OtherLaneFailed; ClavigerCiphertextError; or what reading and writing throw
 */
export async function runLane(
  { kind, payload, chunkBytes, source, sink }: LaneJob,
  turns: Turns,
  told: (bytes: number) => void,
): Promise<void> {
  const length = kind === 'seal' ? chunkBytes : chunkBytes + FILE_TAG_BYTES
  const buffer = chunkBuffer(length + 1)
  const made = (read: ReadChunk) => {
    const input = buffer.subarray(0, read.length)
    return kind === 'seal'
      ? sealChunk(payload, read.chunk, read.last, input)
      : [openChunk(payload, read.chunk, read.last, input)]
  }
  try {
    for (;;) {
      const read = await turns.read(source, buffer)
      if (read === undefined) return
      const pieces = made(read)
      const bytes = kind === 'seal' ? read.length : (pieces[0]?.length ?? 0)
      await turns.toWrite(read.chunk)
      writeAll(sink, pieces)
      turns.written(read.chunk)
      pieces.forEach(giveBack)
      told(read.chunk * chunkBytes + bytes)
      // What else the thread has to do comes in between.
      await setImmediate()
    }
  } catch (cause) {
    turns.fail()
    throw cause
  } finally {
    buffer.fill(0)
  }
}

function writeAll(descriptor: number, pieces: readonly Uint8Array[]): void {
  let left = pieces.filter((piece) => piece.length > 0)
  while (left.length > 0) left = without(left, writevSync(descriptor, left))
}
