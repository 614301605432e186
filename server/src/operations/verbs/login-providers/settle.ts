import { candidateNames, findNamed, type ProviderIdentity, type StoredProvider } from '#access'
import { newestRow, newId } from '#keyring'
import type { LoginLink, Principal } from '#model'
import type { RowReference, RowStanding } from '#store'
import { canLogIn, linksOf } from '../../logins/provider-links.ts'
import { principalNameId, principalNameRow, principalRow } from '../../rows.ts'
import { loginLinkId, loginLinkRow } from '../../rows/login-providers.ts'
import { standingPrincipal } from '../../standing-principal.ts'
import type { PlannedRow } from '../../verb.ts'
import type { Work } from '../../work.ts'
import { newLink } from './links.ts'
import { refused } from './refused.ts'

/** Who somebody that a provider knows is here, and what the login writes to make it so. */
export interface Settled {
  readonly principal: Principal
  readonly link: LoginLink
  /** Whether the person proves a factor of ours too. */
  readonly asksFactor: boolean
  readonly rows: readonly PlannedRow[]
  readonly absent: readonly RowReference[]
  readonly unchanged: readonly RowStanding[]
}

/**
 * The person that a provider's subject is linked with. Where there is none: the one that a claim names, or a new one, as far as the
 * provider's settings say so.
 *
 * @throws ClavigerError unauthenticated
 */
export async function settle(
  work: Work,
  stored: StoredProvider,
  identity: ProviderIdentity,
): Promise<Settled> {
  const { provider, revision } = stored
  const found =
    (await findLinked(work, stored, identity)) ??
    (await findClaimed(work, stored, identity)) ??
    (await admit(work, stored, identity))
  return {
    ...found,
    unchanged: [{ kind: 'loginProvider', id: provider.id, revision }, ...found.unchanged],
  }
}

async function findLinked(
  work: Work,
  { provider }: StoredProvider,
  { subject, strong }: ProviderIdentity,
): Promise<Settled | undefined> {
  const { parts } = work
  const id = loginLinkId(provider.id, subject)
  const row = await newestRow(parts.store, { kind: 'loginLink', id })
  if (row === undefined) return undefined
  const link = parts.seals.open<LoginLink>(row)
  const person = await personOf(work, link.principal, provider.tenant)
  if (person === undefined) throw refused(provider, 'disabled', link.principal)
  const isFirst = strong && link.proven !== true
  return {
    ...person,
    link,
    asksFactor: !strong,
    rows: isFirst ? [loginLinkRow({ ...link, proven: true })] : [],
    absent: [],
    unchanged: [...person.unchanged, { kind: 'loginLink', id, revision: row.revision }],
  }
}

/** A person who may log in, with the condition that it still is one. */
async function personOf(work: Work, id: string, tenant: string) {
  const held = await standingPrincipal(work, id)
  if (held?.principal.tenant !== tenant) return undefined
  const { principal, standing } = held
  if (principal.kind !== 'user' || principal.state !== 'enabled') return undefined
  return { principal, unchanged: [standing] }
}

/**
 * A person of ours that a claim names, at the first login. Whoever can log in already proves a factor of ours too: the claim alone would
 * be a reset of theirs. Whoever cannot is who the provider vouches for, which an invitation would have said.
 */
async function findClaimed(
  work: Work,
  { provider }: StoredProvider,
  { linkName, subject, strong }: ProviderIdentity,
): Promise<Settled | undefined> {
  const { tenant } = provider
  const named = linkName && (await findNamed(work.parts, tenant, linkName))
  const person = named && (await personOf(work, named.id, tenant))
  // Nobody comes back under another name.
  if (named && !person) throw refused(provider, 'disabled', named.id)
  if (!person) return undefined
  const { principal, unchanged } = person
  if ((await linksOf(work, principal)).some((one) => one.provider === provider.id))
    throw refused(provider, 'linked', principal.id)
  const asksFactor = !strong || (await canLogIn(work, principal))
  // Somebody sets factors up at this moment: then they are asked for, the next time.
  if (!asksFactor)
    work.relyOn(async () => {
      if (await canLogIn(work, principal)) throw refused(provider, 'second-factor', principal.id)
    })
  const link = { ...newLink(work, provider, principal.id, subject), proven: strong }
  return {
    principal,
    link,
    asksFactor,
    unchanged,
    rows: [loginLinkRow(link)],
    absent: [{ kind: 'loginLink', id: link.id }],
  }
}

/** A new person, under a name that nobody has or had: policies and grants name persons by it. */
async function admit(
  work: Work,
  { provider }: StoredProvider,
  identity: ProviderIdentity,
): Promise<Settled> {
  const { subject, strong } = identity
  if (!provider.admits) throw refused(provider, 'unknown')
  // Somebody new has no second factor here, and gets none without an invitation.
  if (!strong) throw refused(provider, 'second-factor')
  const { tenant } = provider
  const id = await work.once('admitted', () => Promise.resolve(newId()))
  const name = await freeName(work, tenant, candidateNames(identity, id), id)
  const createdAt = work.now
  const principal: Principal = { id, tenant, name, kind: 'user', state: 'enabled', createdAt }
  const link = { ...newLink(work, provider, id, subject), proven: true }
  const rows = [principalRow(principal), principalNameRow(principal), loginLinkRow(link)]
  return {
    principal,
    link,
    asksFactor: false,
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
  for (const name of names) {
    const taken = await newestRow(parts.store, {
      kind: 'principalName',
      id: principalNameId(tenant, name),
    })
    if (taken === undefined) return name
    last = name
  }
  return `${last}-${id.slice(-12)}`
}
