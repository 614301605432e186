import type { RowKind, Store } from '#store'
import { storeWith } from './store-with.ts'

/** Something else is done between what an operation reads and what it writes: always, and not once in a thousand times. */
export class Meanwhile {
  #waiting: { readonly kind: RowKind; readonly act: () => Promise<unknown> } | undefined

  /** Does something once, as soon as rows of a kind were read and before whoever reads them goes on. */
  after(kind: RowKind, act: () => Promise<unknown>): void {
    this.#waiting = { kind, act }
  }

  readonly wrapStore = (store: Store): Store =>
    storeWith(store, {
      // The only look at what is not there.
      rows: async (references) => {
        const found = await store.rows(references)
        for (const [at, { kind }] of references.entries())
          if (found[at] === undefined) await this.#read(kind)
        return found
      },
      // The last look at what is read by its id.
      lastChanged: async (references) => {
        const found = await store.lastChanged(references)
        for (const { kind } of references) await this.#read(kind)
        return found
      },
      list: async (query) => {
        const found = await store.list(query)
        await this.#read(query.kind)
        return found
      },
    })

  async #read(kind: RowKind): Promise<void> {
    const waiting = this.#waiting
    if (waiting?.kind !== kind) return
    this.#waiting = undefined
    await waiting.act()
  }
}
