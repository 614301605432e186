import { sha256Text } from '#crypto'
import type { Trust } from '#model'
import { listRows, openSession, tenantsOf, type Opening } from '../opening.ts'
import type { Session } from '../session.ts'
import type { Accounts } from './accounts.ts'
import { IdentityError } from './error.ts'
import { isMeant } from './meant.ts'
import { believed } from './open.ts'
import { issuerOf, type IdentityClaims } from './token.ts'

/** An identity token that is sent as it is (RFC 6750), by a program that has one: the pod of a cluster, the run of a pipeline. */

/** What a program sends; attacker-chosen. `principal` is the id of whom it is to be, where several could be meant. */
export interface BearerIdentity {
  readonly token: string
  readonly principal: string | undefined
}

/**
 * The session of the program that trusts the token's subject and claims; it ends with the token, and never later after the token was
 * issued than the trust allows. A token that may be several principals is none of them, unless the caller says which; no token is a
 * person.
 *
 * @throws IdentityError for every reason to refuse
 */
export async function openBearerIdentity(
  opening: Opening & { readonly accounts: Accounts },
  { token, principal }: BearerIdentity,
  now: number,
): Promise<Session> {
  const issuer = issuerOf(token)
  const tenants =
    principal === undefined ? await opening.accounts.tenants() : await tenantsOf(opening, principal)
  const found: Meant[] = []
  let refused = new IdentityError('no provider has this issuer')
  for (const tenant of tenants) {
    try {
      found.push(...(await meantIn(opening, { tenant, issuer, token, principal }, now)))
    } catch (thrown) {
      if (!(thrown instanceof IdentityError)) throw thrown
      // What another tenant has of this issuer says more than that one has nothing of it.
      if (thrown.detail['because'] !== refused.detail['because']) refused = thrown
    }
  }
  const [best] = found.toSorted((one, other) => other.until - one.until)
  if (best === undefined) throw refused
  if (found.some(({ trust }) => trust.principal !== best.trust.principal))
    throw new IdentityError('several principals trust this subject; name one')
  if (best.until <= now) throw new IdentityError('the token is older than the trust allows')
  return sessionOf(opening, token, best)
}

interface Meant {
  readonly trust: Trust
  readonly claims: IdentityClaims
  /** When the token counts no longer, in milliseconds since 1970. */
  readonly until: number
}

/** The trusts of a tenant that mean the holder of a token. */
async function meantIn(
  opening: Opening,
  about: BearerIdentity & { readonly tenant: string; readonly issuer: string },
  now: number,
): Promise<Meant[]> {
  const { tenant, issuer, token, principal } = about
  const { provider, claims } = await believed(opening, tenant, issuer, token, now)
  const trusts = await listRows<Trust>(opening, 'trust', tenant, ['provider', provider.id])
  const meant = trusts.filter(
    (trust) =>
      isMeant(trust, provider.id, claims) &&
      (principal === undefined || trust.principal === principal),
  )
  if (meant.length === 0) throw new IdentityError('no principal trusts this subject')
  return meant.map((trust) => ({
    trust,
    claims,
    until: Math.min(claims.expiresAt, claims.issuedAt + trust.seconds * 1_000),
  }))
}

async function sessionOf(opening: Opening, token: string, { trust, until }: Meant) {
  const { by } = trust
  const session = await openSession(opening, {
    principal: trust.principal,
    credential: {
      kind: 'identity-token',
      id: sha256Text(token),
      expiresAt: until,
      secondsMax: trust.seconds,
    },
    rests: [
      `trust/${trust.id}`,
      ...(by.kind === 'identity' ? [`identityProvider/${by.provider}`] : []),
    ],
  })
  if (session === undefined) throw new IdentityError('the principal is disabled')
  return session
}
