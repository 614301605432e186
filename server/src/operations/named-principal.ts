import { findNamed, isArnName, parsePrincipalArn, principalArn, readRow } from '#access'
import { ClavigerError, type Principal } from '#model'
import type { Work } from './work.ts'

/** Principals as policies and grants name them. */

/** Whom a text means, with the ARN that says so. */
export interface NamedPrincipal {
  readonly arn: string
  readonly name: string
  /** Only this session of it. */
  readonly session?: string
}

/** A whole account, also where somebody is called so. */
const ACCOUNT = /^\d{12}$/
/** Where an ARN calls a principal by its id. */
const BY_ID = 'id/'

/**
 * The principal that an ARN or a name means; attacker-chosen. It need not be there: as with key policies, a name says whoever gets it,
 * and nobody gets one that somebody had.
 *
 * @throws ClavigerError invalid_request, with the field, for other accounts, whole accounts, and what names nobody
 */
export async function namedPrincipal(
  work: Work,
  text: string,
  field: string,
): Promise<NamedPrincipal> {
  const { account, tenant } = work.caller
  if (!text.startsWith('arn:') && !ACCOUNT.test(text)) {
    const principal = await findNamed(work.parts, tenant, text)
    if (principal !== undefined) {
      const { id, name } = principal
      return { arn: principalArn({ account, name, principal: id }), name }
    }
    if (!isArnName(text)) throw notAPrincipal(field)
    return { arn: `arn:aws:iam::${account}:user/${text}`, name: text }
  }
  const named = parsePrincipalArn(text, account)
  if (named === undefined || named === 'root') throw notAPrincipal(field)
  if (!named.name.startsWith(BY_ID)) return { arn: text, ...named }
  // Names that do not fit an ARN are said by an id, which must be there: nothing else tells the name.
  const id = named.name.slice(BY_ID.length)
  const found = (await readRow<Principal>(work.parts, 'principal', id))?.value
  if (found?.tenant !== tenant) throw notAPrincipal(field)
  return { arn: text, ...named, name: found.name }
}

function notAPrincipal(field: string): ClavigerError {
  return new ClavigerError(
    'invalid_request',
    `${field} must be the name or the ARN of one principal of this account`,
    { field },
  )
}

/** Whether the caller is who was named. */
export function isNamed(
  caller: { readonly name: string; readonly session?: string },
  name: string | undefined,
  session: string | undefined,
): boolean {
  return caller.name === name && (session === undefined || session === caller.session)
}
