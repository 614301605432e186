import { writevSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { FILE_TAG_BYTES } from '@claviger/contract/file-format'
import { giveBack, without } from './chunk-writer.ts'
import { canWorkInPlace, InPlaceCipher } from './in-place.ts'
import { chunkBuffer, openChunk, type Payload, sealChunk } from './payload.ts'
import type { ReadChunk, Turns } from './turns.ts'

/** What lanes do with a file, from descriptor to descriptor. */
export interface LaneJob {
  readonly kind: 'seal' | 'open'
  readonly payload: Payload
  /** Of plaintext, in a chunk. */
  readonly chunkBytes: number
  /** By OpenSSL's own functions, in the lane's buffer, where Node can call them; by Node's ciphers unless so. */
  readonly inPlace: boolean
  readonly source: number
  readonly sink: number
}

/** What a lane makes of each chunk that it has read into its buffer. */
interface Making {
  /** The pieces to write. @throws ClavigerCiphertextError */
  make(read: ReadChunk): readonly Uint8Array[]
  /** The pieces are written. */
  release(pieces: readonly Uint8Array[]): void
  /** There is nothing left to make. */
  end(): void
}

function making(job: LaneJob, buffer: Buffer): Making {
  const { kind, payload } = job
  if (job.inPlace && canWorkInPlace()) {
    const cipher = new InPlaceCipher(job, buffer)
    return {
      make: (read) => (kind === 'seal' ? cipher.seal(read) : [cipher.open(read)]),
      release: () => {},
      end: () => cipher.end(),
    }
  }
  return {
    make: ({ chunk, last, length }) => {
      const input = buffer.subarray(0, length)
      return kind === 'seal'
        ? sealChunk(payload, chunk, last, input)
        : [openChunk(payload, chunk, last, input)]
    },
    release: (pieces) => pieces.forEach(giveBack),
    end: () => {},
  }
}

/**
 * Reads, seals or opens, and writes one chunk after another, by turns with the other lanes: all of it in one thread, since each step finds
 * the chunk in the processor's cache. Resolves when there is nothing left to read.
 *
 * @param told how many bytes of plaintext are done, counted from the beginning of the file
 * @throws OtherLaneFailed; ClavigerCiphertextError; or what reading and writing throw
 */
export async function runLane(
  job: LaneJob,
  turns: Turns,
  told: (bytes: number) => void,
): Promise<void> {
  const { kind, chunkBytes, source, sink } = job
  const buffer = chunkBuffer((kind === 'seal' ? chunkBytes : chunkBytes + FILE_TAG_BYTES) + 1)
  let made: Making | undefined
  try {
    made = making(job, buffer)
    for (;;) {
      const read = await turns.read(source, buffer)
      if (read === undefined) return
      const pieces = made.make(read)
      const bytes = kind === 'seal' ? read.length : (pieces[0]?.length ?? 0)
      await turns.toWrite(read.chunk)
      writeAll(sink, pieces)
      turns.written(read.chunk)
      made.release(pieces)
      told(read.chunk * chunkBytes + bytes)
      // What else the thread has to do comes in between.
      await setImmediate()
    }
  } catch (cause) {
    turns.fail()
    throw cause
  } finally {
    made?.end()
    buffer.fill(0)
  }
}

function writeAll(descriptor: number, pieces: readonly Uint8Array[]): void {
  let left = pieces.filter((piece) => piece.length > 0)
  while (left.length > 0) left = without(left, writevSync(descriptor, left))
}
