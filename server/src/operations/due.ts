import type { RowSeals } from '#keyring'
import { hasReplicas, keyRefusal, nextRotation, type Key, type KeyVersion } from '#model'
import type { Row, RowKind, Store } from '#store'

/** What the jobs have to do, found by facets, over all tenants. */

const TENANTS_MAX = 100_000
const ROWS_PER_READ = 1_000

interface Wanted {
  readonly kind: RowKind
  readonly facet: readonly [name: string, value: string]
  readonly limit: number
}

/** What `pick` makes of the rows with a facet; rows it makes nothing of are passed over. */
async function find<Found>(
  store: Store,
  { kind, facet, limit }: Wanted,
  pick: (row: Row) => Found | undefined,
): Promise<readonly Found[]> {
  const due: Found[] = []
  for (const tenant of await store.scan('tenant', undefined, TENANTS_MAX)) {
    for (let after: string | undefined; due.length < limit;) {
      const rows = await store.list({
        kind,
        tenant: tenant.id,
        facets: [facet],
        limit: ROWS_PER_READ,
        ...(after === undefined ? {} : { after }),
      })
      for (const row of rows) {
        const found = pick(row)
        if (found !== undefined && due.length < limit) due.push(found)
      }
      after = rows.at(-1)?.id
      if (rows.length < ROWS_PER_READ) break
    }
  }
  return due
}

/** Keys whose window has ended, over all tenants. */
export function dueForDestruction(store: Store, seals: RowSeals, now: number, limit: number) {
  const wanted: Wanted = { kind: 'key', facet: ['destruction', 'scheduled'], limit }
  return find(store, wanted, (row) => {
    const key = seals.open<Key>(row)
    const { destroyAt, tenant, id } = key
    const due = destroyAt !== undefined && destroyAt <= now && !hasReplicas(key)
    return due ? { tenant, key: id } : undefined
  })
}

/** Versions whose own window has ended, over all tenants. */
export async function versionsDueForDestruction(
  store: Store,
  seals: RowSeals,
  now: number,
  limit: number,
) {
  const wanted: Wanted = { kind: 'version', facet: ['destruction', 'scheduled'], limit }
  return find(store, wanted, (row) => {
    const { destroyAt, key, version } = seals.open<KeyVersion>(row)
    if (destroyAt === undefined || destroyAt > now) return undefined
    return { tenant: row.tenant, key, version }
  })
}

/** Keys whose rotation is due, over all tenants; of related ones only the primary. */
export function dueForRotation(store: Store, seals: RowSeals, now: number, limit: number) {
  const wanted: Wanted = { kind: 'key', facet: ['rotation', 'automatic'], limit }
  return find(store, wanted, (row) => {
    const key = seals.open<Key>(row)
    const at = nextRotation(key)
    if (at === undefined || at > now || keyRefusal(key) !== undefined) return undefined
    if (key.multiRegion !== undefined && key.multiRegion.primary !== key.region) return undefined
    return { tenant: key.tenant, key: key.id }
  })
}

/** Versions whose imported material is past its end, over all tenants. */
export function dueForExpiry(store: Store, seals: RowSeals, now: number, limit: number) {
  const wanted: Wanted = { kind: 'version', facet: ['material', 'expiring'], limit }
  return find(store, wanted, (row) => {
    const { materialExpiresAt, key, version } = seals.open<KeyVersion>(row)
    if (materialExpiresAt === undefined || materialExpiresAt > now) return undefined
    return { tenant: row.tenant, key, version }
  })
}
