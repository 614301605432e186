import { PolicyError, shown } from './error.ts'
import { elements, strings } from './json.ts'
import type { Requester } from './request.ts'

/** Who a statement speaks of (IAM User Guide, Principal and NotPrincipal). */

/** A principal by name, or a whole account. Of another account it is nobody here, and yet well said. */
interface Named {
  readonly account: string
  /** Undefined for the whole account; `id/<id>` for a principal whose name does not fit an ARN. */
  readonly name: string | undefined
  /** Undefined unless only this session is meant. */
  readonly session: string | undefined
}

const ACCOUNT = /^\d{12}$/
const IAM_ARN = /^arn:aws(?:-[a-z]+)*:iam::(\d{12}):(root|(?:user|role)\/.+)$/
const STS_ARN = /^arn:aws(?:-[a-z]+)*:sts::(\d{12}):(assumed-role|federated-user)\/(.+)$/
/** Where an ARN calls a principal by its id. */
const BY_ID = 'id/'

/** Reads what may name a principal, or undefined: it names none. */
function readNamed(text: string): Named | undefined {
  if (ACCOUNT.test(text)) return { account: text, name: undefined, session: undefined }
  const [, account, entity] = IAM_ARN.exec(text) ?? []
  if (account !== undefined && entity !== undefined) {
    if (entity === 'root') return { account, name: undefined, session: undefined }
    const name = nameOf(entity.split('/').slice(1))
    return name === undefined ? undefined : { account, name, session: undefined }
  }
  const [, trusting, kind, rest] = STS_ARN.exec(text) ?? []
  if (trusting === undefined || rest === undefined) return undefined
  // Well said, but nobody here is a federated user, and no account is called so.
  if (kind === 'federated-user') return { account: 'nobody', name: rest, session: undefined }
  const parts = rest.split('/')
  const session = parts.pop()
  const name = nameOf(parts)
  // A role's path does not show in the ARN of its session.
  if (name === undefined || session === undefined || !isPlain(session)) return undefined
  return parts.length === 1 || name.startsWith(BY_ID)
    ? { account: trusting, name, session }
    : undefined
}

/** Stars are no wildcards in a principal, so they are refused: a denial of them would deny nobody (IAM User Guide, Principal). */
function isPlain(part: string): boolean {
  return part !== '' && !/[*?]/.test(part)
}

/** The name in the parts after the kind: the last, after a path that says nothing here; or `id/<id>`, which is no path. */
function nameOf(parts: readonly string[]): string | undefined {
  const last = parts.at(-1)
  if (last === undefined || !parts.every(isPlain)) return undefined
  return parts.length === 2 && parts[0] === 'id' ? `${BY_ID}${last}` : last
}

/**
 * The principal of an account that an ARN, or the account's own twelve digits, names.
 *
 * @returns `root` for the whole account; undefined for another account, and for what names nobody. A name that begins with `id/` is a
 *   principal's id: names that do not fit an ARN are said so.
 */
export function parsePrincipalArn(
  text: string,
  account: string,
): { readonly name: string; readonly session?: string } | 'root' | undefined {
  const named = readNamed(text)
  if (named === undefined || named.account !== account) return undefined
  if (named.name === undefined) return 'root'
  return named.session === undefined
    ? { name: named.name }
    : { name: named.name, session: named.session }
}

/** The value of a Principal or NotPrincipal element. */
export class Principals {
  /** `*`: everybody in the account that owns the key; there is no anonymous caller. */
  readonly #everybody: boolean
  readonly #accounts: ReadonlySet<string>
  /** By name. */
  readonly #people: ReadonlyMap<string, readonly Named[]>

  static parse(value: unknown, where: string): Principals {
    if (value === '*') return new Principals(true, [])
    if (typeof value === 'string') {
      throw new PolicyError('must be "*" or an object such as {"AWS": "<ARN>"}', where)
    }
    const kinds = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const
    const found = elements(value, kinds, where)
    // Services and identities from elsewhere never call here, so that their names say nobody.
    for (const kind of kinds)
      if (found[kind] !== undefined) strings(found[kind], `${where}.${kind}`)
    const texts = found.AWS === undefined ? [] : strings(found.AWS, `${where}.AWS`)
    const named = texts.filter((text) => text !== '*').map((text) => asNamed(text, `${where}.AWS`))
    return new Principals(texts.includes('*'), named)
  }

  private constructor(everybody: boolean, named: readonly Named[]) {
    this.#everybody = everybody
    this.#accounts = new Set(
      named.filter(({ name }) => name === undefined).map(({ account }) => account),
    )
    this.#people = Map.groupBy(
      named.filter(({ name }) => name !== undefined),
      ({ name }) => name ?? '',
    )
  }

  /** Whether the requester is meant by name, by session, or with everybody. */
  names(requester: Requester): boolean {
    return this.#everybody || this.#finds(requester, true)
  }

  /** Whether the requester's whole account is meant. */
  namesAccountOf(requester: Requester): boolean {
    return this.#accounts.has(requester.account)
  }

  /** Whether the requester is meant exactly as it comes: a session by its own ARN, not by its role's. */
  namesExactly(requester: Requester): boolean {
    return this.#everybody || this.#finds(requester, requester.session === undefined)
  }

  /** Whether somebody named is the requester; `whole` says whether naming the principal, and no session, is enough. */
  #finds(requester: Requester, whole: boolean): boolean {
    if (this.#people.size === 0) return false
    const fits = ({ account, session }: Named): boolean =>
      account === requester.account &&
      (session === undefined ? whole : session === requester.session)
    // An id is never looked for among names: somebody may be called like another's id.
    const byName = requester.name.startsWith(BY_ID) ? undefined : this.#people.get(requester.name)
    if (byName?.some(fits) === true) return true
    return this.#people.get(BY_ID + requester.id)?.some(fits) === true
  }
}

function asNamed(text: string, where: string): Named {
  const named = readNamed(text)
  if (named === undefined) {
    throw new PolicyError(`"${shown(text)}" is not the ARN of a principal`, where)
  }
  return named
}
