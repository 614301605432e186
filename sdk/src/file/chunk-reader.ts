import { readSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Where a file comes from. A file descriptor is read with blocking calls, which is the fastest way for a program that does nothing
 * else; a program that must stay responsive hands in an iterable, such as a stream. The descriptor stays the caller's to close.
 */
export type Source = number | AsyncIterable<Uint8Array>

/** How long to wait where a descriptor is non-blocking and has nothing yet, in milliseconds. */
export const RETRY_MILLISECONDS = 2

/** Fills buffers from a source, whatever the sizes in which the source gives its bytes. */
export class ChunkReader {
  readonly #descriptor: number | undefined
  readonly #iterator: AsyncIterator<Uint8Array> | undefined
  #rest: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(source: Source) {
    if (typeof source === 'number') this.#descriptor = source
    else this.#iterator = source[Symbol.asyncIterator]()
  }

  /** Gives how many bytes of the buffer were filled: all of them, unless the source ended. */
  async fill(buffer: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < buffer.length && !this.#ended) {
      const read =
        this.#descriptor === undefined
          ? await this.#take(buffer, filled)
          : await readSome(this.#descriptor, buffer, filled)
      if (read === undefined) this.#ended = true
      else filled += read
    }
    return filled
  }

  /** Tells an iterable that no more of it is wanted. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator?.return?.()
    this.#ended = true
  }

  async #take(buffer: Uint8Array, offset: number): Promise<number | undefined> {
    if (this.#rest.length === 0) {
      const next = await this.#iterator?.next()
      if (next === undefined || next.done === true) return undefined
      this.#rest = next.value
    }
    const part = this.#rest.subarray(0, buffer.length - offset)
    buffer.set(part, offset)
    this.#rest = this.#rest.subarray(part.length)
    return part.length
  }
}

async function readSome(
  descriptor: number,
  buffer: Uint8Array,
  offset: number,
): Promise<number | undefined> {
  for (;;) {
    try {
      const read = readSync(descriptor, buffer, offset, buffer.length - offset, null)
      return read === 0 ? undefined : read
    } catch (thrown) {
      if (!isTryAgain(thrown)) throw thrown
      await delay(RETRY_MILLISECONDS)
    }
  }
}

/** A descriptor that somebody made non-blocking says so instead of waiting. */
export function isTryAgain(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN'
}
