import { candidateNames, type ProviderIdentity, type StoredProvider } from '#access'
import { newestRow, newId } from '#keyring'
import type { LoginLink, Principal } from '#model'
import type { RowReference } from '#store'
import { principalNameId, principalNameRow, principalRow } from '../../rows.ts'
import { loginLinkId, loginLinkRow } from '../../rows/login-providers.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { planMemberships } from './memberships.ts'
import { refused } from './refused.ts'

/** Who somebody that a provider knows is here, and what the login writes to make it so. */
export interface Settled {
  readonly principal: Principal
  readonly link: LoginLink
  readonly admitted: boolean
  readonly rows: readonly PlannedRow[]
  readonly removals: readonly RowReference[]
  readonly absent: readonly RowReference[]
  readonly unchanged: readonly (RowReference & { readonly revision: number })[]
}

/**
 * The person that a provider's subject is linked with; where there is none and the provider admits persons, a new one.
 *
 * @throws ClavigerError unauthenticated
 */
export async function settle(
  work: Work,
  stored: StoredProvider,
  identity: ProviderIdentity,
): Promise<Settled> {
  const { provider } = stored
  const found = (await findLinked(work, stored, identity)) ?? (await admit(work, stored, identity))
  const memberships = await planMemberships(work, provider, found.principal.id, identity.groups)
  return {
    ...found,
    rows: [...found.rows, ...memberships.rows],
    removals: memberships.removals,
    absent: [...found.absent, ...memberships.absent],
    unchanged: [
      { kind: 'loginProvider', id: provider.id, revision: stored.revision },
      ...found.unchanged,
      ...memberships.unchanged,
    ],
  }
}

type Found = Omit<Settled, 'removals'>

async function findLinked(
  { parts }: Work,
  { provider }: StoredProvider,
  { subject }: ProviderIdentity,
): Promise<Found | undefined> {
  const id = loginLinkId(provider.id, subject)
  const row = await newestRow(parts.store, { kind: 'loginLink', id })
  if (row === undefined) return undefined
  const link = parts.seals.open<LoginLink>(row)
  const principalRow = await newestRow(parts.store, { kind: 'principal', id: link.principal })
  const principal = principalRow && parts.seals.open<Principal>(principalRow)
  if (
    principalRow === undefined ||
    principal?.tenant !== provider.tenant ||
    principal.kind !== 'user' ||
    principal.state !== 'enabled'
  )
    throw refused(provider, 'disabled', link.principal)
  return {
    principal,
    link,
    admitted: false,
    rows: [],
    absent: [],
    unchanged: [
      { kind: 'loginLink', id, revision: row.revision },
      { kind: 'principal', id: principal.id, revision: principalRow.revision },
    ],
  }
}

/** A new person, under a name that nobody has or had: policies and grants name persons by it. */
async function admit(
  work: Work,
  { provider }: StoredProvider,
  { subject, names }: ProviderIdentity,
): Promise<Found> {
  if (!provider.admits) throw refused(provider, 'unknown')
  const { tenant } = provider
  const id = await work.once('admitted', () => Promise.resolve(newId()))
  const name = await freeName(work, tenant, names, id)
  const createdAt = work.now
  const principal: Principal = { id, tenant, name, kind: 'user', state: 'enabled', createdAt }
  const link: LoginLink = {
    id: loginLinkId(provider.id, subject),
    tenant,
    provider: provider.id,
    principal: id,
    subject,
    createdAt,
  }
  const rows = [principalRow(principal), principalNameRow(principal), loginLinkRow(link)]
  return {
    principal,
    link,
    admitted: true,
    rows,
    absent: rows.map(({ kind, id: rowId }) => ({ kind, id: rowId })),
    unchanged: [],
  }
}

async function freeName(
  { parts }: Work,
  tenant: string,
  names: readonly string[],
  id: string,
): Promise<string> {
  let last = ''
  for (const name of candidateNames(names, id)) {
    const taken = await newestRow(parts.store, {
      kind: 'principalName',
      id: principalNameId(tenant, name),
    })
    if (taken === undefined) return name
    last = name
  }
  return `${last}-${id.slice(-12)}`
}
