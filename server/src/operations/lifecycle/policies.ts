import { readNewest, type RowSeals } from '#keyring'
import { ClavigerError, type LifecyclePolicy } from '#model'
import type { RowReference, Store } from '#store'

/** The lifecycle policies of each tenant, as they stand: read when they are first asked for, and kept until one is changed. */

/** Of one tenant; the verb that makes them keeps to it. */
export const LIFECYCLE_POLICIES_MAX = 256
/** Tenants whose policies are held at once. */
const TENANTS_MAX = 10_000

export interface LifecycleOptions {
  readonly store: Store
  readonly seals: RowSeals
}

export class LifecyclePolicies {
  readonly #options: LifecycleOptions
  readonly #held = new Map<string, readonly LifecyclePolicy[]>()
  /** Raised whenever a policy changes. */
  #generation = 0

  constructor(options: LifecycleOptions) {
    this.#options = options
  }

  /**
   * The policies of a tenant. Whoever decides by them asks again when the ledger's revision has moved ({@link Work.relyOn}).
   *
   * @throws ClavigerError overloaded where there are more than are read, since half of them would be a hole; integrity_failed
   */
  async of(tenant: string): Promise<readonly LifecyclePolicy[]> {
    const held = this.#held.get(tenant)
    if (held !== undefined) return held
    const generation = this.#generation
    const policies = await this.#read(tenant)
    // What changed meanwhile may not be in it: use it this once, and do not keep it.
    if (generation === this.#generation) {
      if (this.#held.size >= TENANTS_MAX) this.#held.clear()
      this.#held.set(tenant, policies)
    }
    return policies
  }

  async #read(tenant: string): Promise<readonly LifecyclePolicy[]> {
    const { store, seals } = this.#options
    const limit = LIFECYCLE_POLICIES_MAX + 1
    const rows = await readNewest(store, async () => {
      const found = await store.list({ kind: 'lifecyclePolicy', tenant, facets: [], limit })
      return { rows: found, value: found }
    })
    if (rows === undefined || rows.length === limit) {
      throw new ClavigerError(
        'overloaded',
        `A tenant has more than ${LIFECYCLE_POLICIES_MAX} lifecycle policies; delete some`,
      )
    }
    return rows.map((row) => seals.open<LifecyclePolicy>(row))
  }

  /** Forgets what a change touched: such changes are rare, so it is everything. */
  drop(changed: readonly RowReference[]): void {
    if (changed.some(({ kind }) => kind === 'lifecyclePolicy')) this.clear()
  }

  clear(): void {
    this.#generation += 1
    this.#held.clear()
  }
}
