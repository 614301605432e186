import { digestOf } from '#access'
import type { LoginLink, LoginProvider } from '#model'
import type { PlannedRow } from '../verb.ts'

/** How login providers, and what they say of persons, become rows. */

/** `wrappedSecret` is the client secret under the tenant's key, where the client has one. */
export function loginProviderRow(
  provider: LoginProvider,
  wrappedSecret: Uint8Array | undefined,
): PlannedRow {
  return {
    kind: 'loginProvider',
    id: provider.id,
    tenant: provider.tenant,
    value: provider,
    ...(wrappedSecret === undefined ? {} : { material: wrappedSecret }),
    facets: [...new Set(provider.groups.map(({ group }) => group))].map((id) => ['group', id]),
  }
}

/** One row for each subject of a provider, so that no two persons are the same there. The subject itself may be personal. */
export function loginLinkId(provider: string, subject: string): string {
  return `${provider}/${digestOf(subject)}`
}

export function loginLinkRow(link: LoginLink): PlannedRow {
  return {
    kind: 'loginLink',
    id: link.id,
    tenant: link.tenant,
    value: link,
    facets: [
      ['provider', link.provider],
      ['principal', link.principal],
    ],
  }
}
