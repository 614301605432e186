import { aliasId, versionId, type RingKey } from '#keyring'
import type { Binding, Key, KeyVersion, Principal, Tenant, Token } from '#model'
import type { RowReference } from '#store'
import type { PlannedRow } from './verb.ts'

/** How each value becomes a row, and what it can be listed by. */

export function keyRow(key: Key): PlannedRow {
  return {
    kind: 'key',
    id: key.id,
    tenant: key.tenant,
    value: key,
    facets: [
      ['state', key.state],
      ['algorithm', key.algorithm],
      ['usage', key.usage],
      ...(key.destroyAt === undefined ? [] : ([['destruction', 'scheduled']] as const)),
      ...Object.entries(key.labels).map(([name, value]) => [`label:${name}`, value] as const),
    ],
  }
}

export function versionRow(
  key: Key,
  version: KeyVersion,
  wrapped: Uint8Array | undefined,
): PlannedRow {
  return {
    kind: 'version',
    id: versionId(key.id, version.version),
    tenant: key.tenant,
    value: version,
    ...(wrapped === undefined ? {} : { material: wrapped }),
    facets: [],
  }
}

/** A name, as it is stored. */
export interface Alias {
  readonly alias: string
  readonly key: string
  readonly createdAt: number
}

export function aliasRow(tenant: string, alias: Alias): PlannedRow {
  return {
    kind: 'alias',
    id: aliasId(tenant, alias.alias),
    tenant,
    value: alias,
    facets: [['key', alias.key]],
  }
}

export function principalRow(principal: Principal): PlannedRow {
  return {
    kind: 'principal',
    id: principal.id,
    tenant: principal.tenant,
    value: principal,
    facets: [],
  }
}

export function tokenRow(token: Token): PlannedRow {
  return {
    kind: 'token',
    id: token.id,
    tenant: token.tenant,
    value: token,
    facets: [['principal', token.principal]],
  }
}

export function bindingRow(binding: Binding): PlannedRow {
  return {
    kind: 'binding',
    id: binding.id,
    tenant: binding.tenant,
    value: binding,
    facets: [
      ['principal', binding.principal],
      ...(binding.scope.kind === 'key' ? ([['key', binding.scope.key]] as const) : []),
    ],
  }
}

export function tenantRow(tenant: Tenant, wrappedKey: Uint8Array): PlannedRow {
  return {
    kind: 'tenant',
    id: tenant.id,
    tenant: tenant.id,
    value: tenant,
    material: wrappedKey,
    facets: [],
  }
}

/** The condition that a key and the versions named still stand as they were read. */
export function standing(
  ringKey: RingKey,
  versions: readonly number[] = [],
): readonly (RowReference & { readonly revision: number })[] {
  return [
    { kind: 'key', id: ringKey.key.id, revision: ringKey.revision },
    ...versions.map((number) => ({
      kind: 'version' as const,
      id: versionId(ringKey.key.id, number),
      revision: ringKey.versionRevisions[number - 1] ?? 0,
    })),
  ]
}
