import { setTimeout as delay } from 'node:timers/promises'

/** Holds work back to so many items a second, so that re-wrapping does not crowd out what the data is there for. */
export class Pace {
  readonly #millisecondsEach: number
  readonly #signal: AbortSignal | undefined
  #next = 0

  /** No limit where `perSecond` is undefined. @throws RangeError */
  constructor(perSecond: number | undefined, signal: AbortSignal | undefined) {
    if (perSecond !== undefined && !(perSecond > 0))
      throw new RangeError('a rate is above 0 items a second')
    this.#millisecondsEach = perSecond === undefined ? 0 : 1_000 / perSecond
    this.#signal = signal
  }

  /** Resolves when so many more items may be done; rejects when the work was cancelled. */
  async take(items: number): Promise<void> {
    this.#signal?.throwIfAborted()
    if (this.#millisecondsEach === 0) return
    const now = performance.now()
    const start = Math.max(now, this.#next)
    this.#next = start + items * this.#millisecondsEach
    if (start > now) await delay(start - now, undefined, { signal: this.#signal })
  }
}
