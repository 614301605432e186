import { everyRow, newestRow } from '#keyring'
import type { Tenant } from '#model'
import type { Work } from '../work.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id of the tenant that somebody who is about to log in names, by its id or name; the first where none is named. Attacker-chosen. */
export async function tenantNamed(
  { parts }: Work,
  named: string | undefined,
): Promise<string | undefined> {
  if (named === undefined) return parts.defaultTenant()
  if (UUID.test(named))
    return (await newestRow(parts.store, { kind: 'tenant', id: named })) && named
  for await (const row of everyRow(parts.store, 'tenant')) {
    const { id, name } = parts.seals.open<Tenant>(row)
    if (name === named) return id
  }
  return undefined
}
