import { writeSync } from 'node:fs'

/**
 * Standard error for a log whose loss ends nothing: the ledger has what must not be lost. pino's own destination throws where a disk is
 * full, and then waits for room before the process may end. A reader that takes nothing holds nobody up either: what it leaves unread
 * waits up to a bound, what is more is counted, and the count is told when there is room again.
 */

const STANDARD_ERROR = 2
/** What waits at most, in bytes, where lines come faster than they are taken; more is lost. */
const WAITING_BYTES_MAX = 1_048_576
/** How long to wait for a reader that takes nothing now, in milliseconds, and how often where nothing else can be done meanwhile. */
const PAUSE_MS = 10
const PAUSES_MAX = 100

const NOTHING = Buffer.alloc(0)
const never = new Int32Array(new SharedArrayBuffer(4))

export class LogLines {
  #waiting = NOTHING
  #timer: NodeJS.Timeout | undefined
  #lost = 0
  #tell: (lines: number) => void = () => undefined

  constructor() {
    // Node opens a pipe so that writes to it do not wait, and it does so when it is first asked for the stream.
    void process.stderr
    process.once('exit', () => this.flushSync())
  }

  /** What tells how many lines were lost, by writing one more; asked when lines are taken again. */
  onLost(tell: (lines: number) => void): void {
    this.#tell = tell
  }

  /** Writes a line behind those before it. It never throws. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waiting.length + bytes.length > WAITING_BYTES_MAX) {
      this.#lost += 1
      return
    }
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes])
    if (this.#timer === undefined) this.#drain()
  }

  /** Writes what waits before it returns, as far as that can be done in a second. */
  flushSync(): void {
    for (let pauses = 0; this.#waiting.length > 0 && pauses < PAUSES_MAX; pauses += 1) {
      if (pauses > 0) Atomics.wait(never, 0, 0, PAUSE_MS)
      this.#drain()
    }
  }

  /** Writes what is taken now; the rest is tried again. */
  #drain(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    try {
      while (this.#waiting.length > 0)
        this.#waiting = this.#waiting.subarray(writeSync(STANDARD_ERROR, this.#waiting))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN')
        this.#timer = setTimeout(() => this.#drain(), PAUSE_MS).unref()
      // Of anything else it is lost.
      else {
        this.#lost += this.#waiting.toString().split('\n').length - 1
        this.#waiting = NOTHING
      }
      return
    }
    const lost = this.#lost
    this.#lost = 0
    if (lost > 0) this.#tell(lost)
  }
}
