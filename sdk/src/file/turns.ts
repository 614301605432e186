import { readSync } from 'node:fs'

/**
 * How lanes share a file: memory that all of them see, of five numbers. One lane at a time reads, which gives it the next chunk; chunks
 * are written in the order of their numbers. A lane that fails ends the waiting of all others, so that nothing is written after it.
 */

/** 0 where nobody reads, 1 where somebody does, or {@link FAILED}. */
const READER = 0
/** How many chunks have been read. */
const CHUNKS = 1
/** 1 once the last one has been. */
const ENDED = 2
/** The byte after the chunk that was read last, which told its reader that another follows. */
const AHEAD = 3
/** The chunk that may be written, or {@link FAILED}. */
const WRITER = 4

const FAILED = -1

/** Another lane failed, and says why. */
export class OtherLaneFailed extends Error {}

/** Waits while a number stands at a place; may return early. */
export type Waiting = (shared: Int32Array, place: number, value: number) => Promise<void> | void

/** Holds up the thread: for those that do nothing else. */
export const blocking: Waiting = (shared, place, value) => {
  Atomics.wait(shared, place, value)
}

/** Lets the event loop go on. */
export const yielding: Waiting = async (shared, place, value) => {
  await Atomics.waitAsync(shared, place, value).value
}

export interface ReadChunk {
  readonly chunk: number
  /** What was read, from the beginning of the buffer on. */
  readonly length: number
  readonly last: boolean
}

export class Turns {
  /** For the other lanes. */
  readonly memory: SharedArrayBuffer
  readonly #shared: Int32Array
  readonly #waiting: Waiting

  constructor(waiting: Waiting, memory = new SharedArrayBuffer(20)) {
    this.memory = memory
    this.#shared = new Int32Array(memory)
    this.#waiting = waiting
  }

  /**
   * Reads the next chunk, once it is this lane's turn; undefined where there is none left.
   *
   * @param buffer a chunk long and a byte: whether more follows tells which chunk is the last.
   * @throws OtherLaneFailed, or what reading throws
   */
  async read(source: number, buffer: Uint8Array): Promise<ReadChunk | undefined> {
    const shared = this.#shared
    for (;;) {
      const before = Atomics.compareExchange(shared, READER, 0, 1)
      if (before === FAILED) throw new OtherLaneFailed()
      if (before === 0) break
      await this.#waiting(shared, READER, before)
    }
    const read = Atomics.load(shared, ENDED) === 1 ? undefined : this.#readNext(source, buffer)
    // Not where another lane failed meanwhile.
    Atomics.compareExchange(shared, READER, 1, 0)
    Atomics.notify(shared, READER, 1)
    return read
  }

  #readNext(source: number, buffer: Uint8Array): ReadChunk {
    const shared = this.#shared
    const chunk = Atomics.add(shared, CHUNKS, 1)
    let filled = 0
    if (chunk > 0) buffer[filled++] = Atomics.load(shared, AHEAD)
    while (filled < buffer.length) {
      const read = readSync(source, buffer, filled, buffer.length - filled, null)
      if (read === 0) break
      filled += read
    }
    const last = filled < buffer.length
    if (last) Atomics.store(shared, ENDED, 1)
    else Atomics.store(shared, AHEAD, buffer[buffer.length - 1] ?? 0)
    return { chunk, length: last ? filled : filled - 1, last }
  }

  /** Waits until every chunk before this one is written. @throws OtherLaneFailed */
  async toWrite(chunk: number): Promise<void> {
    for (;;) {
      const turn = Atomics.load(this.#shared, WRITER)
      if (turn === FAILED) throw new OtherLaneFailed()
      if (turn === chunk) return
      await this.#waiting(this.#shared, WRITER, turn)
    }
  }

  /** The chunk is written, and the next one may be. */
  written(chunk: number): void {
    Atomics.compareExchange(this.#shared, WRITER, chunk, chunk + 1)
    Atomics.notify(this.#shared, WRITER)
  }

  /** Nothing is to be read or written any more. */
  fail(): void {
    for (const place of [READER, WRITER]) {
      Atomics.store(this.#shared, place, FAILED)
      Atomics.notify(this.#shared, place)
    }
  }
}
