import { releaseKeySlot, type KeyObject } from '#crypto'

/** What a version key and a salt give. The commitment is public: it stands in every ciphertext. */
export interface Subkey {
  readonly key: KeyObject
  /** The same key in a slot of its own, for short messages; given back with {@link releaseSubkey}. */
  readonly slot: Buffer
  readonly commitment: Uint8Array
}

/** Enough for every process that wrote in the last minutes and for a re-wrap over old salts; about 1 KiB each. */
export const SUBKEYS_MAX = 4_096

/** Overwrites a subkey that nobody will use again. */
export function releaseSubkey(subkey: Subkey): void {
  releaseKeySlot(subkey.slot)
}

interface Entry extends Subkey {
  readonly owner: object
  readonly salt: string
  recentlyUsed: boolean
}

/**
 * Subkeys for decrypting, of all versions together, so that one bound holds for the process. An owner is whatever stands for one
 * version of a key, and drops its subkeys when the key changes. Which go first: those that were not asked for since they were last
 * looked at (second chance).
 */
export class SubkeyCache {
  readonly #capacity: number
  readonly #bySalt = new Map<object, Map<string, Entry>>()
  /** In the order in which they are looked at when room is needed. */
  readonly #entries = new Set<Entry>()

  constructor(capacity = SUBKEYS_MAX) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(owner: object, salt: Uint8Array): Subkey | undefined {
    const entry = this.#bySalt.get(owner)?.get(nameOf(salt))
    if (entry !== undefined) entry.recentlyUsed = true
    return entry
  }

  /** Keeps a subkey for a salt of which the cache had none. */
  add(owner: object, salt: Uint8Array, subkey: Subkey): void {
    while (this.#entries.size >= this.#capacity) this.#evict()
    const entry = { owner, salt: nameOf(salt), recentlyUsed: false, ...subkey }
    const salts = this.#bySalt.get(owner) ?? new Map<string, Entry>()
    this.#bySalt.set(owner, salts.set(entry.salt, entry))
    this.#entries.add(entry)
  }

  /** Forgets all that is an owner's. */
  drop(owner: object): void {
    for (const entry of this.#bySalt.get(owner)?.values() ?? []) {
      this.#entries.delete(entry)
      releaseSubkey(entry)
    }
    this.#bySalt.delete(owner)
  }

  /** Looks at the next entry: it goes, unless it was used, in which case it goes to the end of the line. */
  #evict(): void {
    const [entry] = this.#entries
    if (entry === undefined) return
    this.#entries.delete(entry)
    if (entry.recentlyUsed) {
      entry.recentlyUsed = false
      this.#entries.add(entry)
      return
    }
    releaseSubkey(entry)
    const salts = this.#bySalt.get(entry.owner)
    salts?.delete(entry.salt)
    if (salts?.size === 0) this.#bySalt.delete(entry.owner)
  }
}

/** The salt as a key of a Map: each byte one character. */
function nameOf(salt: Uint8Array): string {
  return Buffer.from(salt.buffer, salt.byteOffset, salt.length).toString('latin1')
}
