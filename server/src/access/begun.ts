import { sha256Text } from '#crypto'

/** What was begun and not finished, under a name, for a while. Bounded in number and in time; the oldest goes first. */
export class Begun<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly expiresAt: number }>()
  readonly #max: number

  constructor(max = 10_000) {
    this.#max = max
  }

  /** `expiresAt` is in milliseconds since 1970. */
  keep(name: string, value: Value, expiresAt: number): void {
    this.#entries.delete(name)
    if (this.#entries.size >= this.#max) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.#entries.set(name, { value, expiresAt })
  }

  find(name: string, now: number): Value | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    if (now < entry.expiresAt) return entry.value
    this.#entries.delete(name)
    return undefined
  }

  /** The same, once: whatever comes of it, it is gone. */
  take(name: string, now: number): Value | undefined {
    const value = this.find(name, now)
    this.forget(name)
    return value
  }

  forget(name: string): void {
    this.#entries.delete(name)
  }
}

/** What a secret is found by, so that it is neither kept nor compared. */
export function secretName(secret: string): string {
  return sha256Text(secret)
}
