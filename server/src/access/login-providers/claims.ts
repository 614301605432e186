/** What a provider says of a person, once its signature was checked: pure functions of claims, which the provider chooses. */

type Claims = Readonly<Record<string, unknown>>

/** Who somebody is at a provider. */
export interface ProviderIdentity {
  /** The `sub` claim: unique and never given to anybody else at this issuer (OpenID Connect Core 1.0 section 2). */
  readonly subject: string
  /** Whether it says that two factors were used. */
  readonly strong: boolean
  /** When the person proved it there, in milliseconds since 1970, where the provider says: it may be hours ago. */
  readonly authenticatedAt?: number
  /** What the groups claim lists. */
  readonly groups: readonly string[]
  /** The name of a person here, where a claim that may say so says it. */
  readonly linkName?: string
  /** What the person might be called here, best first. */
  readonly names: readonly string[]
}

/** What is asked of claims. */
export interface Wanted {
  readonly groupsClaim?: string | undefined
  readonly linkClaim?: string | undefined
  readonly strong: readonly string[]
}

/** Whether the ID token lacks what will be asked of it, so that the UserInfo endpoint is asked for more. */
export function isWanting(claims: Claims, { groupsClaim, linkClaim }: Wanted): boolean {
  const checked = linkClaim === 'email' ? 'email_verified' : undefined
  const asked = [groupsClaim, linkClaim, checked].filter((one) => one !== undefined)
  return asked.some((one) => !Object.hasOwn(claims, one)) || namesOf(claims).length === 0
}

/**
 * Whom of ours the person is said to be. An address counts only where the provider checked it (section 5.7: an e-mail address is
 * nobody's for ever, and some providers let people say any).
 */
function linkNameOf(claims: Claims, linkClaim: string | undefined): { readonly linkName?: string } {
  const name = linkClaim === undefined || !Object.hasOwn(claims, linkClaim) ? '' : claims[linkClaim]
  if (typeof name !== 'string' || name === '' || name.length > LINK_NAME_LENGTH_MAX) return {}
  return linkClaim === 'email' && claims['email_verified'] !== true ? {} : { linkName: name }
}

const LINK_NAME_LENGTH_MAX = 128

/**
 * Whether one of the values is among `amr` (RFC 8176) or is `acr`. Only what the ID token says counts: it says how this login went,
 * which the UserInfo endpoint does not.
 */
function isStrong(claims: Claims, values: readonly string[]): boolean {
  const { amr, acr } = claims
  return values.some(
    (value) => value === acr || (Array.isArray(amr) && amr.some((method) => method === value)),
  )
}

/** OpenID Connect Core 1.0 section 2, `auth_time`, in seconds since 1970. */
function authenticatedAt({ auth_time: time }: Claims): { readonly authenticatedAt?: number } {
  return typeof time === 'number' && Number.isSafeInteger(time) && time > 0
    ? { authenticatedAt: time * 1_000 }
    : {}
}

/** The groups of a claim: a list of texts, or one text. Anything else is none. */
function groupsOf(claims: Claims, groupsClaim: string | undefined): readonly string[] {
  if (groupsClaim === undefined || !Object.hasOwn(claims, groupsClaim)) return []
  const claim = claims[groupsClaim]
  if (typeof claim === 'string') return [claim]
  return Array.isArray(claim) ? claim.filter((one) => typeof one === 'string') : []
}

/** OpenID Connect Core 1.0 section 5.7: none of these says who somebody is, so they are names and nothing more. */
function namesOf({ preferred_username: preferred, email }: Claims): readonly string[] {
  return [preferred, email]
    .filter((one) => typeof one === 'string')
    .map(nameFrom)
    .filter(isName)
}

const NAME_LENGTH_MAX = 64

/** What can stand in an ARN, so that key policies can say it. */
function nameFrom(text: string): string {
  return text
    .normalize('NFC')
    .slice(0, 256)
    .replaceAll(/[^\w+=,.@-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, NAME_LENGTH_MAX)
}

function isName(text: string): boolean {
  return text !== ''
}

/**
 * What the ID token says, completed by what the UserInfo endpoint said where it was asked. Who it is, and how and when that was proved,
 * is taken from the ID token alone.
 */
export function identityOf(
  idToken: Claims & { readonly sub: string },
  userInfo: Claims,
  { groupsClaim, linkClaim, strong }: Wanted,
): ProviderIdentity {
  const all = { ...userInfo, ...idToken }
  return {
    subject: idToken.sub,
    strong: isStrong(idToken, strong),
    ...authenticatedAt(idToken),
    groups: groupsOf(all, groupsClaim),
    ...linkNameOf(all, linkClaim),
    names: namesOf(all),
  }
}

/**
 * What a new person may be called, best first: as the claim says that names persons here; else as the provider says it, with a random
 * part of the person's own id. Persons choose the other claims, and policies and grants may wait for a name that nobody has yet.
 */
export function candidateNames(
  { names, linkName }: Pick<ProviderIdentity, 'names' | 'linkName'>,
  id: string,
): string[] {
  const bases = names.length > 0 ? names : ['person']
  const own = bases.map((base) => `${base.slice(0, NAME_LENGTH_MAX - 9)}-${id.slice(-8)}`)
  return linkName !== undefined && nameFrom(linkName) === linkName ? [linkName, ...own] : own
}
