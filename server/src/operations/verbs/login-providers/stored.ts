import type { OutputOf } from '@claviger/contract'
import type { StoredProvider } from '#access'
import { newestRow, unwrap, wrap } from '#keyring'
import type { LoginProvider } from '#model'
import type { Work } from '../../work.ts'

/** Login providers as they are stored, with their client secrets wrapped by the tenant's key. */

function secretBinding(tenant: string, id: string) {
  return { purpose: 'login provider', tenant, id }
}

/** The client secret, wrapped; undefined where there is none. */
export function wrapSecret(
  { parts }: Work,
  { tenant, id }: Pick<LoginProvider, 'tenant' | 'id'>,
  secret: string | undefined,
): Uint8Array | undefined {
  if (secret === undefined) return undefined
  const bytes = Buffer.from(secret)
  try {
    return wrap(parts.hierarchy.tenantWrappingKey(tenant), secretBinding(tenant, id), bytes)
  } finally {
    bytes.fill(0)
  }
}

/** A provider of any tenant, by its id; undefined where there is none. */
export async function findProvider(
  { parts }: Work,
  id: string,
): Promise<StoredProvider | undefined> {
  const row = await newestRow(parts.store, { kind: 'loginProvider', id })
  if (row === undefined) return undefined
  const provider = parts.seals.open<LoginProvider>(row)
  const { material } = row
  return {
    provider,
    revision: row.revision,
    openSecret:
      material === undefined
        ? undefined
        : () =>
            unwrap(
              parts.hierarchy.tenantWrappingKey(provider.tenant),
              secretBinding(provider.tenant, id),
              material,
            ),
  }
}

export function loginProviderView(
  provider: LoginProvider,
  hasSecret: boolean,
): OutputOf<'loginProvider.list'>['items'][number] {
  return {
    id: provider.id,
    name: provider.name,
    issuer: provider.issuer,
    client: provider.client,
    hasSecret,
    ...(provider.groupsClaim === undefined ? {} : { groupsClaim: provider.groupsClaim }),
    groups: provider.groups.map(({ claim, group }) => ({ claim, group })),
    ...(provider.linkClaim === undefined ? {} : { linkClaim: provider.linkClaim }),
    admits: provider.admits,
    strong: [...provider.strong],
    scopes: [...provider.scopes],
    createdAt: provider.createdAt,
  }
}
