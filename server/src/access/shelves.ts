import type { Scope } from '#model'

/** What a target is found by. */
export interface Place {
  readonly key?: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Things with scopes, laid where a target finds those that may cover it, so that a decision does not look at thousands of others: by
 * key, and by the first pair of a label selector. What lies there must still be asked whether it covers the target.
 */
export class Shelves<Thing extends { readonly scope: Scope }> {
  /** Of the whole tenant, and by alias: names move without the key. */
  readonly #anywhere: Thing[] = []
  readonly #byKey = new Map<string, Thing[]>()
  readonly #byPair = new Map<string, Thing[]>()

  add(thing: Thing): void {
    this.#shelf(thing.scope).push(thing)
  }

  #shelf(scope: Scope): Thing[] {
    switch (scope.kind) {
      case 'tenant':
      case 'alias':
        return this.#anywhere
      case 'key':
        return this.#byKey.getOrInsertComputed(scope.key, () => [])
      case 'labels':
        return this.#byPair.getOrInsertComputed(firstPair(scope.selector), () => [])
      default:
        return scope satisfies never
    }
  }

  /**
   * Calls `visit` with each that may cover the target, and maybe with some that do not. Those that are asked for names come last: where
   * another decides, they need not be matched.
   */
  near({ key, labels }: Place, visit: (thing: Thing) => void): void {
    if (key !== undefined) this.#byKey.get(key)?.forEach(visit)
    if (this.#byPair.size > 0) {
      for (const [name, value] of Object.entries(labels))
        this.#byPair.get(`${name}=${value}`)?.forEach(visit)
    }
    this.#anywhere.forEach(visit)
  }

  /** Every one of them. */
  *all(): Generator<Thing> {
    yield* this.#anywhere
    for (const shelf of this.#byKey.values()) yield* shelf
    for (const shelf of this.#byPair.values()) yield* shelf
  }
}

/** What every key that a selector selects has among its labels. */
function firstPair(selector: string): string {
  const end = selector.indexOf(',')
  return end < 0 ? selector : selector.slice(0, end)
}
