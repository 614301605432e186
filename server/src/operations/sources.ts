import type { Ledger } from '#ledger'

/**
 * The address a request came from is personal. The record holds a salted commitment to it; salt and address stand in an erasable table.
 * One commitment serves an address for as long as this node remembers it, so that a request costs a look-up.
 */

/** Addresses remembered at once. */
const ADDRESSES_MAX = 10_000

/** Makes a commitment: its text for records, and the salt that opens it. */
export type Commit = (value: string) => { readonly commitment: string; readonly salt: Uint8Array }

export class Sources {
  readonly #ledger: Ledger
  readonly #commit: Commit
  readonly #known = new Map<string, string>()

  constructor(ledger: Ledger, commit: Commit) {
    this.#ledger = ledger
    this.#commit = commit
  }

  /** The commitment to an address; its opening is kept with the next batch of the ledger. */
  commitment(address: string): string {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    const { commitment, salt } = this.#commit(address)
    if (this.#known.size >= ADDRESSES_MAX) this.#known.clear()
    this.#known.set(address, commitment)
    this.#ledger.keepPersonal({ commitment, salt, value: address })
    return commitment
  }
}
