import { SignatureError } from './errors.ts'
import { WINDOW_MS } from './time.ts'

/** Calls that share a signature were signed in the same second, so they arrive about that close to each other. */
const TWINS_MS = 2_000
/** Signatures are forgotten together that were made within this long. */
const SLOT_MS = 10_000
/** Stands for a call that came without an id. */
const NO_ID = ''

interface Seen {
  /** When the signature was first claimed, in milliseconds since 1970. */
  readonly first: number
  /** The ids of the calls that hold it. */
  readonly invocations: Set<string>
}

type Slot = Map<string, Seen>

/** A call that may have its signature, once there is room to remember it. */
export interface Fresh {
  /** Remembers it, and gives what forgets it again. */
  keep(): () => void
}

/** The slot of a time, in milliseconds since 1970. */
export function slotOf(at: number): number {
  return Math.floor(at / SLOT_MS)
}

/** The signatures that one tenant used. What was signed before `since` is not remembered any more, and none of it is believed. */
export class Claims {
  /** By the time of signing, so that what has expired is dropped in pieces; then by signature. */
  readonly #slots = new Map<number, Slot>()
  #count = 0
  #since = Number.NEGATIVE_INFINITY

  /** How many are remembered. */
  get count(): number {
    return this.#count
  }

  get since(): number {
    return this.#since
  }

  /**
   * Whether a call may have its signature.
   *
   * @throws SignatureError replayed
   */
  look(signature: string, invocation: string | undefined, signedAt: number, now: number): Fresh {
    if (signedAt < this.#since) throw new SignatureError('replayed')
    // Copies: V8 would keep the whole header alive for a part of it.
    const name = Buffer.from(signature, 'hex').toString('latin1')
    const id = Buffer.from(invocation ?? NO_ID).toString()
    const at = slotOf(signedAt)
    const seen = this.#slots.get(at)?.get(name)
    if (seen !== undefined && !isTwin(seen, id, now)) throw new SignatureError('replayed')
    return { keep: () => this.#keep(at, name, id, now) }
  }

  #keep(at: number, name: string, id: string, now: number): () => void {
    const slot = this.#slots.getOrInsertComputed(at, () => new Map<string, Seen>())
    const seen = slot.getOrInsertComputed(name, () => ({ first: now, invocations: new Set() }))
    seen.invocations.add(id)
    this.#count += 1
    return () => {
      // Another call may have the name by now, or the slot be gone and its claims no longer counted.
      if (slot.get(name) !== seen || !seen.invocations.delete(id)) return
      this.#count -= 1
      if (seen.invocations.size === 0) slot.delete(name)
      if (slot.size === 0 && this.#slots.get(at) === slot) this.#slots.delete(at)
    }
  }

  /** Drops what was signed so long ago that no signature of then is good any more. */
  dropExpired(now: number): void {
    for (const at of this.#slots.keys()) if (endOf(at) + WINDOW_MS < now) this.#drop(at)
  }

  /** Drops what was signed first: those calls are remembered by their time alone, so that none of then is believed any more. */
  dropOldest(): void {
    const oldest = this.#slots.keys().reduce((least, at) => Math.min(least, at), Infinity)
    if (oldest !== Infinity) this.#drop(oldest)
  }

  #drop(at: number): void {
    for (const { invocations } of this.#slots.get(at)?.values() ?? [])
      this.#count -= invocations.size
    this.#slots.get(at)?.clear()
    this.#slots.delete(at)
    this.#since = Math.max(this.#since, endOf(at))
  }
}

function endOf(slot: number): number {
  return (slot + 1) * SLOT_MS
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
