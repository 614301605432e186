import { parseConditions, type Condition } from './conditions.ts'
import { PolicyError } from './error.ts'
import { elements, string } from './json.ts'
import { Principals } from './principals.ts'
import type { ConditionValues, Requester } from './request.ts'
import { Actions, Resources, type Listed } from './scope.ts'

/** One statement of a policy: whom it speaks of, what they do, to what, and when. */

/** The longest Sid in UTF-16 code units; AWS says none. Each use that the statement decides has it in its record. */
export const SID_LENGTH_MAX = 256

const ELEMENTS = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
] as const

type Elements = Partial<Record<(typeof ELEMENTS)[number], unknown>>

export class Statement {
  /** The Sid, cut to {@link SID_LENGTH_MAX}, or where there is none the place, as `#1`. */
  readonly name: string
  /** Whether the Sid was cut. */
  readonly isNameCut: boolean
  /** Of conditions: patterns for which a value of the request is read to its end. */
  readonly searches: number
  readonly denies: boolean
  /** Whether what it says depends on more than the requester, the action and the resource. */
  readonly isConditional: boolean
  readonly #principals: Principals
  readonly #exceptsPrincipals: boolean
  readonly #actions: Actions
  readonly #resources: Resources
  readonly #conditions: readonly Condition[]

  /** Reads the statement at a place, counted from 1. `variables`: whether the policy's version knows policy variables. */
  static parse(value: unknown, place: number, variables: boolean): Statement {
    const where = `Statement ${place}`
    const found = elements(value, ELEMENTS, where)
    const sid = found.Sid === undefined ? '' : string(found.Sid, `${where}.Sid`)
    if (found.Effect !== 'Allow' && found.Effect !== 'Deny') {
      throw new PolicyError('must be "Allow" or "Deny"', `${where}.Effect`)
    }
    return new Statement(sid === '' ? `#${place}` : sid, found, where, variables)
  }

  private constructor(sid: string, found: Elements, where: string, variables: boolean) {
    const who = oneOf(found, 'Principal', where)
    if (who === undefined) throw new PolicyError('needs Principal or NotPrincipal', where)
    this.isNameCut = sid.length > SID_LENGTH_MAX
    // Well-formed, since strict readers of a record refuse what is not.
    this.name = (this.isNameCut ? `${sid.slice(0, SID_LENGTH_MAX - 1)}…` : sid).toWellFormed()
    this.denies = found.Effect === 'Deny'
    this.#principals = Principals.parse(who.value, who.where)
    this.#exceptsPrincipals = who.excepts
    this.#actions = new Actions(oneOf(found, 'Action', where))
    this.#resources = new Resources(oneOf(found, 'Resource', where), variables)
    let searches = 0
    const searched = () => {
      searches += 1
    }
    this.#conditions =
      found.Condition === undefined
        ? []
        : parseConditions(found.Condition, { variables, where: `${where}.Condition`, searched })
    this.searches = searches
    this.isConditional = this.#conditions.length > 0 || this.#resources.haveVariables
  }

  /**
   * How it speaks of the requester: itself, its account, or not. A whole account can be denied, but allowing it only leaves it to decide.
   * NotPrincipal with Deny spares only who is named exactly; with Allow it leaves out whoever is named in any way.
   */
  addresses(requester: Requester): 'itself' | 'account' | undefined {
    const principals = this.#principals
    if (this.#exceptsPrincipals) {
      const excepted = this.denies
        ? principals.namesExactly(requester)
        : principals.names(requester) || principals.namesAccountOf(requester)
      return excepted ? undefined : 'itself'
    }
    if (principals.names(requester)) return 'itself'
    return principals.namesAccountOf(requester) ? 'account' : undefined
  }

  /** Whether it speaks of an action (lower-cased) and a resource, as far as that can be said without the request's values. */
  mayCover(action: string, resource: string): boolean {
    if (!this.#actions.cover(action)) return false
    return this.#resources.haveVariables || this.#resources.cover(resource, this.denies)
  }

  /** Whether it applies to a request that it may cover. */
  applies(resource: string, values: ConditionValues): boolean {
    if (this.#resources.haveVariables && !this.#resources.cover(resource, this.denies, values)) {
      return false
    }
    return this.#conditions.every((condition) => condition.holds(values, this.denies))
  }
}

/** An element or its opposite, of which a statement has at most one. */
function oneOf(
  found: Elements,
  element: 'Principal' | 'Action' | 'Resource',
  where: string,
): Listed | undefined {
  const opposite = `Not${element}` as const
  if (found[element] !== undefined && found[opposite] !== undefined) {
    throw new PolicyError(`cannot have both ${element} and ${opposite}`, where)
  }
  if (found[element] !== undefined) {
    return { value: found[element], excepts: false, where: `${where}.${element}` }
  }
  if (found[opposite] === undefined) return undefined
  return { value: found[opposite], excepts: true, where: `${where}.${opposite}` }
}
