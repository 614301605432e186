import { sha256Text } from '#crypto'
import type { IdentityProvider, Principal, Trust } from '#model'
import { listRows, openSession, type Opening } from '../opening.ts'
import type { Session } from '../session.ts'
import type { Accounts } from './accounts.ts'
import type { IdentityCredential } from './credential.ts'
import { IdentityError } from './error.ts'
import { isMeant } from './meant.ts'
import { findNamed } from './named.ts'
import { issuerOf, verifyIdentityToken, type IdentityClaims } from './token.ts'

/** From an identity token to the session of the principal that its holder may act as. */

/** Longest name of a principal. */
const ROLE_LENGTH_MAX = 128

/**
 * The session of the principal that trusts the token's subject.
 *
 * @throws IdentityError for every reason to refuse
 */
export async function openIdentity(
  opening: Opening & { readonly accounts: Accounts },
  { token, account, role }: IdentityCredential,
  now: number,
): Promise<Session> {
  const issuer = issuerOf(token)
  const tenant = await opening.accounts.tenantOf(account)
  if (tenant === undefined) throw new IdentityError('there is no such account')
  const { provider, claims } = await believed(opening, tenant, issuer, token, now)
  const principal = await principalNamed(opening, tenant, role)
  const trust = await trustFor(opening, principal, provider.id, claims)
  const session = await openSession(opening, {
    principal: principal.id,
    credential: {
      kind: 'identity-token',
      id: sha256Text(token),
      expiresAt: claims.expiresAt,
      secondsMax: trust.seconds,
    },
    rests: [`trust/${trust.id}`, `identityProvider/${provider.id}`],
  })
  if (session === undefined) throw new IdentityError('the principal is disabled')
  return session
}

/** Of the tenant's providers with this issuer (there are two while one takes the place of the other) the first that signed the token. */
export async function believed(
  opening: Opening,
  tenant: string,
  issuer: string,
  token: string,
  now: number,
): Promise<{ readonly provider: IdentityProvider; readonly claims: IdentityClaims }> {
  const providers = await listRows<IdentityProvider>(opening, 'identityProvider', tenant, [
    'issuer',
    issuer,
  ])
  let refused = new IdentityError('no provider has this issuer')
  for (const provider of providers) {
    // The facet only finds the row; the sealed row says whose tokens it is for.
    if (provider.issuer !== issuer || provider.tenant !== tenant) continue
    try {
      return { provider, claims: await verifyIdentityToken(token, provider, now) }
    } catch (thrown) {
      if (!(thrown instanceof IdentityError)) throw thrown
      refused = thrown
    }
  }
  throw refused
}

async function principalNamed(opening: Opening, tenant: string, name: string): Promise<Principal> {
  const found = name.length > ROLE_LENGTH_MAX ? undefined : await findNamed(opening, tenant, name)
  if (found === undefined) throw new IdentityError('there is no such principal')
  return found
}

/** The trust that lets a subject act as the principal for longest. */
async function trustFor(
  opening: Opening,
  principal: Principal,
  provider: string,
  claims: IdentityClaims,
): Promise<Trust> {
  const trusts = await listRows<Trust>(opening, 'trust', principal.tenant, [
    'principal',
    principal.id,
  ])
  const [best] = trusts
    .filter((trust) => trust.principal === principal.id && isMeant(trust, provider, claims))
    .toSorted((one, other) => other.seconds - one.seconds)
  if (best === undefined) throw new IdentityError('the principal does not trust this subject')
  return best
}
