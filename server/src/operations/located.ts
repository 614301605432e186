import type { RingKey } from '#keyring'

/**
 * The keys that an operation names, by the id or alias it names them by. Nearly every operation names one key and asks for it several
 * times, so the first takes no map: to make one and to hash the name for it costs more than all else that looking it up does.
 */
export class Located {
  #name: string | undefined
  #first: RingKey | undefined
  #others: Map<string, RingKey> | undefined

  set(name: string, key: RingKey): void {
    if (this.#name === undefined || this.#name === name) {
      this.#name = name
      this.#first = key
    } else (this.#others ??= new Map()).set(name, key)
  }

  get(name: string): RingKey | undefined {
    return name === this.#name ? this.#first : this.#others?.get(name)
  }

  /** A key by its own id, whatever it was named by. */
  byId(id: string): RingKey | undefined {
    if (this.#first?.key.id === id) return this.#first
    for (const key of this.#others?.values() ?? []) if (key.key.id === id) return key
    return undefined
  }

  /** What they were named by, in the order of naming. */
  names(): string[] {
    return this.#name === undefined ? [] : [this.#name, ...(this.#others?.keys() ?? [])]
  }

  /** The keys, in the same order; one that was named twice is in it twice. */
  keys(): RingKey[] {
    return this.#first === undefined ? [] : [this.#first, ...(this.#others?.values() ?? [])]
  }
}
