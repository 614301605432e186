import type { RowSeals } from '#keyring'
import type { Key } from '#model'
import type { Store } from '#store'

const TENANTS_MAX = 100_000
const ROWS_PER_READ = 1_000

/** Keys whose window has ended, over all tenants. */
export async function dueForDestruction(store: Store, seals: RowSeals, now: number, limit: number) {
  const due: { readonly tenant: string; readonly key: string }[] = []
  for (const tenant of await store.scan('tenant', undefined, TENANTS_MAX)) {
    for (let after: string | undefined; due.length < limit;) {
      const rows = await store.list({
        kind: 'key',
        tenant: tenant.id,
        facets: [['destruction', 'scheduled']],
        limit: ROWS_PER_READ,
        ...(after === undefined ? {} : { after }),
      })
      for (const row of rows) {
        const key = seals.open<Key>(row)
        if (key.destroyAt !== undefined && key.destroyAt <= now)
          due.push({ tenant: key.tenant, key: key.id })
      }
      after = rows.at(-1)?.id
      if (rows.length < ROWS_PER_READ) break
    }
  }
  return due
}
