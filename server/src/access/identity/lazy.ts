import type { Opening } from '../opening.ts'
import type { Session } from '../session.ts'
import type { Accounts } from './accounts.ts'
import type { BearerIdentity } from './bearer.ts'
import type { IdentityCredential } from './credential.ts'

/**
 * The library for JSON Web Tokens takes three megabytes and some milliseconds to load, and many servers never meet such a token: it is
 * loaded with the first one, or with the first key set.
 */

/**
 * The session of the principal that trusts the token's subject. `now` is in milliseconds since 1970.
 *
 * @throws IdentityError for every reason to refuse
 */
export async function openIdentity(
  opening: Opening & { readonly accounts: Accounts },
  credential: IdentityCredential,
  now: number,
): Promise<Session> {
  const { openIdentity: open } = await import('./open.ts')
  return open(opening, credential, now)
}

/**
 * The same for a token that is sent as it is.
 *
 * @throws IdentityError
 */
export async function openBearerIdentity(
  opening: Opening & { readonly accounts: Accounts },
  presented: BearerIdentity,
  now: number,
): Promise<Session> {
  const { openBearerIdentity: open } = await import('./bearer.ts')
  return open(opening, presented, now)
}

/** Whether a bearer token is to be read as an identity token: those of this server have no dots. */
export function isIdentityToken(text: string): boolean {
  return text.includes('.')
}

/**
 * Reads every key of a JSON Web Key Set.
 *
 * @throws ClavigerError invalid_key_material
 */
export async function assertKeySet(text: string): Promise<void> {
  const { assertKeySet: check } = await import('./key-set.ts')
  await check(text)
}
