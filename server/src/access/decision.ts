import { roles, roleNames } from '@claviger/contract'
import { isInScope, type Authentication, type Binding, type Key, type Scope } from '#model'
import type { Asked } from './asked.ts'
import { compileConditions, type Compiled } from './conditions.ts'
import { starPattern, type KeyPolicy, type Pattern } from './policy/index.ts'
import { Shelves } from './shelves.ts'

/**
 * May a principal do an action on something? Default deny: some binding must say yes. Compiled once per session, so that a decision
 * costs two look-ups.
 */

/** What an action is done to: nothing in particular in the tenant, or a key (with the labels it has, or is about to have). */
export interface Target {
  readonly key?: string
  readonly labels: Readonly<Record<string, string>>
  /** The labels are those that the key is to get, not those it has. */
  readonly relabelled?: true
  /** What the key is made for, where it is known. */
  readonly algorithm?: string
  /** The key policy, where the key has one of its own. */
  readonly policy?: KeyPolicy | undefined
  /** The key's ARN, which policies name it by; asked only where there is a policy. */
  readonly arn?: () => string
  /** The key itself, where conditions of its policy may ask for it. */
  readonly about?: Key
}

export const tenantTarget: Target = Object.freeze({ labels: Object.freeze({}) })

/** What allows something, and until when (milliseconds since 1970). */
export interface Grant {
  /** A binding's id, `policy:` and a statement, or `grant:` and an id. */
  readonly binding: string
  readonly until: number
  /** The same action on the same target may be answered otherwise where something else is asked, such as another encryption context. */
  readonly conditional?: true
  /** It was given in an emergency: what approval policies ask for is not waited for. */
  readonly waivesApprovals?: true
}

/** The actions of the tenant's own roles, by their names. */
export type RoleActions = ReadonlyMap<string, readonly string[]>

const builtIn: ReadonlySet<string> = new Set(roleNames)

/** Whether a role is not one of the tenant's own. */
export function isBuiltIn(role: string): role is keyof typeof roles {
  return builtIn.has(role)
}

/** What a role allows; one that is not there allows nothing. */
export function actionsOf(role: string, own: RoleActions): readonly string[] {
  return isBuiltIn(role) ? roles[role].actions : (own.get(role) ?? [])
}

/** A binding, ready to be asked. */
interface Held {
  readonly id: string
  readonly scope: Scope
  /** Of a scope by alias; none where its pattern is none. */
  readonly names: Pattern | undefined
  readonly until: number
  /** Undefined: always. */
  readonly holds: Compiled | undefined
  /** Something else than the target decides, so it is not to be remembered. */
  readonly isConditional: boolean
  readonly waivesApprovals: boolean
}

/** The names of a key are the situation's to know. */
function covers({ scope, names: pattern }: Held, target: Target, asked: Asked): boolean {
  return isInScope(scope, target, () => {
    const names = target.key === undefined ? undefined : asked.aliasesOf(target.key)
    return pattern !== undefined && names?.some((name) => pattern.matches(name)) === true
  })
}

/** Whether one scope is the other, or the whole tenant. */
function isAsWide(wide: Scope, scope: Scope): boolean {
  if (wide.kind === 'tenant') return true
  return (
    (wide.kind === 'key' && scope.kind === 'key' && wide.key === scope.key) ||
    (wide.kind === 'labels' && scope.kind === 'labels' && wide.selector === scope.selector) ||
    (wide.kind === 'alias' && scope.kind === 'alias' && wide.pattern === scope.pattern)
  )
}

/** What bindings rest on beside themselves. */
export interface Standing {
  readonly roles?: RoleActions
  readonly authentications?: readonly Authentication[]
}

/** The bindings of one principal and of its groups, by the actions they allow. */
export class CompiledBindings {
  readonly #byAction = new Map<string, Shelves<Held>>()
  readonly #forAll = new Shelves<Held>()
  /** When the last binding that allows an action ends, by action. */
  readonly #ends = new Map<string, number>()
  readonly #ids: ReadonlySet<string>
  /** Whether some binding asks for the names of keys. */
  readonly asksForAliases: boolean

  constructor(
    bindings: readonly Binding[],
    { roles: own = new Map(), authentications = [] }: Standing = {},
  ) {
    for (const { id, role, scope, conditions, expiresAt, waivesApprovals = false } of bindings) {
      const holds = conditions && compileConditions(conditions, authentications)
      this.#add(actionsOf(role, own), {
        id,
        scope,
        names: scope.kind === 'alias' ? starPattern(scope.pattern) : undefined,
        until: expiresAt ?? Number.POSITIVE_INFINITY,
        holds,
        isConditional: holds !== undefined || scope.kind === 'alias',
        waivesApprovals,
      })
    }
    this.#ids = new Set(bindings.map(({ id }) => id))
    this.asksForAliases = bindings.some(({ scope }) => scope.kind === 'alias')
  }

  /** Whether a binding is one of these, by its id. */
  include(binding: string): boolean {
    return this.#ids.has(binding)
  }

  #add(actions: readonly string[], held: Held): void {
    for (const action of new Set(actions)) {
      this.#ends.set(action, Math.max(this.#ends.get(action) ?? -Infinity, held.until))
      const shelves =
        action === '*'
          ? this.#forAll
          : this.#byAction.getOrInsertComputed(action, () => new Shelves<Held>())
      shelves.add(held)
    }
  }

  /** Whether an action is allowed at any scope, where the conditions for it hold. */
  holds(action: string, now: number): boolean {
    return (this.#ends.get('*') ?? -Infinity) > now || (this.#ends.get(action) ?? -Infinity) > now
  }

  /** Whether an action is allowed on everything in a scope, unconditionally and for as long. */
  holdsAt(action: string, scope: Scope, until: number): boolean {
    const covers = (held: Held) =>
      held.holds === undefined && held.until >= until && isAsWide(held.scope, scope)
    return (
      this.#forAll.all().some(covers) || this.#byAction.get(action)?.all().some(covers) === true
    )
  }

  /**
   * The grant of an emergency before others, then one without conditions, then the one that lasts longest; undefined: denied. `now` is in
   * milliseconds since 1970.
   */
  decide(asked: Asked, target: Target, now: number): Grant | undefined {
    let best: Held | undefined
    const consider = (held: Held): void => {
      if (held.until <= now || (best !== undefined && !isBetter(held, best))) return
      if (!covers(held, target, asked)) return
      if (held.holds?.(asked, target.algorithm, now) === false) return
      best = held
    }
    this.#forAll.near(target, consider)
    this.#byAction.get(asked.action)?.near(target, consider)
    return best && grantOf(best)
  }
}

function grantOf({ id, until, isConditional, waivesApprovals }: Held): Grant {
  return {
    binding: id,
    until,
    ...(isConditional ? { conditional: true } : {}),
    ...(waivesApprovals ? { waivesApprovals } : {}),
  }
}

/** What is done in an emergency is told by its binding, also where another would allow it. */
function isBetter(held: Held, best: Held): boolean {
  if (held.waivesApprovals !== best.waivesApprovals) return held.waivesApprovals
  if (held.isConditional !== best.isConditional) return best.isConditional
  return held.until > best.until
}
