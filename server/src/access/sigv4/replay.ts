import { ClavigerError } from '#model'
import { SignatureError } from './errors.ts'
import { WINDOW_MS } from './time.ts'

/** Claims remembered at once: 160 changes a second, each second of the ten minutes that a signature can be good for. */
const CLAIMS_MAX = 100_000
/** Calls that share a signature were signed in the same second, so they arrive about that close to each other. */
const TWINS_MS = 2_000
/** Signatures are forgotten together that were made within this long. */
const SLOT_MS = 10_000
const SECOND_MS = 1_000
/** Stands for a call that came without an id. */
const NO_ID = ''

/** One call's hold on its signature. */
export interface ReplayClaim {
  /** Gives the signature back, because the call changed nothing: the same request may then be sent again. */
  release(): void
}

interface Seen {
  /** When the signature was first claimed, in milliseconds since 1970. */
  readonly first: number
  /** The ids of the calls that hold it. */
  readonly invocations: Set<string>
}

export interface ReplaysOptions {
  /** When this process began to remember, in milliseconds since 1970; what was signed before may have been used before. */
  readonly since: number
  readonly claimsMax?: number
}

/**
 * The memory of signatures that were used to change something. SigV4 has no nonce: whoever sees a signed request could send it again
 * for five minutes. Here a signature counts once, with one exception. Times are signed to the second, and boto3 signs nothing that
 * tells two equal calls of one second apart; but it gives each an id, so a signature may come again with another id, shortly after
 * it first came. Where the client signs the id, the two have two signatures, and the exception never applies.
 */
export class Replays {
  readonly #claimsMax: number
  /** By the time of signing, so that what has expired is dropped in pieces; then by signature. */
  readonly #slots = new Map<number, Map<string, Seen>>()
  #claims = 0
  /** Nothing that was signed before is remembered, so none of it is believed. It stays right when the clock is put back. */
  #since: number
  #droppedAt: number | undefined

  constructor({ since, claimsMax = CLAIMS_MAX }: ReplaysOptions) {
    this.#since = Math.floor(since / SECOND_MS) * SECOND_MS
    this.#claimsMax = claimsMax
  }

  /**
   * Takes a signature (64 hex digits) for one call. `signedAt` is the verified time of the signature, `now` the server's, both in
   * milliseconds since 1970; `invocation` is the client's id of the call, bounded by the caller.
   *
   * @throws SignatureError replayed; ClavigerError overloaded, when there is no room to remember one more.
   */
  claim(
    signature: string,
    invocation: string | undefined,
    signedAt: number,
    now: number,
  ): ReplayClaim {
    this.#dropExpired(now)
    if (signedAt < this.#since) throw new SignatureError('replayed')
    // Copies: V8 would keep the whole header alive for a part of it.
    const name = Buffer.from(signature, 'hex').toString('latin1')
    const id = Buffer.from(invocation ?? NO_ID).toString()
    const at = Math.floor(signedAt / SLOT_MS)
    const slot = this.#slots.get(at) ?? new Map<string, Seen>()
    const seen = slot.get(name) ?? { first: now, invocations: new Set() }
    if (seen.invocations.size > 0 && !isTwin(seen, id, now)) throw new SignatureError('replayed')
    if (this.#claims >= this.#claimsMax) {
      throw new ClavigerError(
        'overloaded',
        `More than ${this.#claimsMax} signatures are remembered; send fewer changes, or wait some minutes`,
      )
    }
    seen.invocations.add(id)
    slot.set(name, seen)
    this.#slots.set(at, slot)
    this.#claims += 1
    return { release: () => this.#release(slot, name, seen, id) }
  }

  #release(slot: Map<string, Seen>, name: string, seen: Seen, id: string): void {
    // Another call may have the name by now, or the slot be gone and its claims no longer counted.
    if (slot.get(name) !== seen || !seen.invocations.delete(id)) return
    this.#claims -= 1
    if (seen.invocations.size === 0) slot.delete(name)
  }

  #dropExpired(now: number): void {
    const today = Math.floor(now / SLOT_MS)
    if (today === this.#droppedAt) return
    this.#droppedAt = today
    for (const [at, slot] of this.#slots) {
      const end = (at + 1) * SLOT_MS
      if (end + WINDOW_MS >= now) continue
      for (const { invocations } of slot.values()) this.#claims -= invocations.size
      slot.clear()
      this.#slots.delete(at)
      this.#since = Math.max(this.#since, end)
    }
  }
}

/** Whether a call is another one than those that hold the signature, and not one of them sent again. */
function isTwin({ first, invocations }: Seen, id: string, now: number): boolean {
  return (
    id !== NO_ID &&
    !invocations.has(NO_ID) &&
    !invocations.has(id) &&
    now - first >= 0 &&
    now - first <= TWINS_MS
  )
}
