import { sourceOf } from '#access'
import type { Clock } from '#model'

/**
 * Failed authentications are recorded, so somebody without a credential could fill the ledger. Each source may fail many times at once
 * and then some times a second; what fails beyond that is answered with too_many_requests and leaves no entry of its own. Nobody who
 * has a good credential is held up.
 */

const BURST = 200
const PER_SECOND = 10
/** Sources watched at once; beyond it the oldest are forgotten. */
const SOURCES_MAX = 10_000

interface Bucket {
  left: number
  at: number
}

export class FailureLimiter {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a failure from an address; whether it is one too many. */
  isOneTooMany(address: string): boolean {
    const source = sourceOf(address)
    let bucket = this.#buckets.get(source)
    if (bucket === undefined) {
      if (this.#buckets.size >= SOURCES_MAX) {
        const [oldest] = this.#buckets.keys()
        if (oldest !== undefined) this.#buckets.delete(oldest)
      }
      bucket = { left: BURST, at: this.#clock.now() }
      this.#buckets.set(source, bucket)
    }
    this.#refill(bucket)
    if (bucket.left < 1) return true
    bucket.left -= 1
    return false
  }

  #refill(bucket: Bucket): void {
    const now = this.#clock.now()
    // A clock that was set back takes nothing away.
    const passed = Math.max(0, now - bucket.at)
    bucket.left = Math.min(BURST, bucket.left + (passed / 1_000) * PER_SECOND)
    bucket.at = now
  }
}
