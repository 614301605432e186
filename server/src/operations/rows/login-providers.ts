import { sha256 } from '#crypto'
import type { LoginLink, LoginProvider, Membership } from '#model'
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
    facets: [],
  }
}

/** One row for each subject of a provider, so that no two persons are the same there. The subject itself may be personal. */
export function loginLinkId(provider: string, subject: string): string {
  return `${provider}/${Buffer.from(sha256(Buffer.from(subject))).toString('base64url')}`
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

/** A membership that a login provider says, and takes away again. */
export function providedMembershipRow(membership: Membership & { readonly provider: string }) {
  const { group, principal, tenant, provider } = membership
  return {
    kind: 'membership',
    id: `${group}/${principal}`,
    tenant,
    value: membership,
    facets: [
      ['group', group],
      ['principal', principal],
      ['provider', provider],
    ],
  } as const satisfies PlannedRow
}
