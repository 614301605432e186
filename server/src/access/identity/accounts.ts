import { everyRow, type RowSeals } from '#keyring'
import { accountOf, type Tenant } from '#model'
import type { Store } from '#store'

/** Which tenant an account is, for callers who name one before anybody knows who they are. */
export class Accounts {
  readonly #store: Store
  readonly #seals: RowSeals
  /** Every tenant there is; undefined until it is asked for, and after a tenant was made. */
  #tenants: Map<string, string> | undefined
  #generation = 0

  constructor({ store, seals }: { readonly store: Store; readonly seals: RowSeals }) {
    this.#store = store
    this.#seals = seals
  }

  /** The tenant's id, or undefined. Strangers may ask for what is not there, so that costs no reading either. */
  async tenantOf(account: string): Promise<string | undefined> {
    return (this.#tenants ?? (await this.#read())).get(account)
  }

  /** The ids of all tenants. */
  async tenants(): Promise<readonly string[]> {
    return [...(this.#tenants ?? (await this.#read())).values()]
  }

  clear(): void {
    this.#generation += 1
    this.#tenants = undefined
  }

  async #read(): Promise<Map<string, string>> {
    const generation = this.#generation
    const tenants = new Map<string, string>()
    for await (const row of everyRow(this.#store, 'tenant')) {
      const tenant = this.#seals.open<Tenant>(row)
      tenants.set(accountOf(tenant), tenant.id)
    }
    if (this.#generation === generation) this.#tenants = tenants
    return tenants
  }
}
