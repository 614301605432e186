import { roles } from '@claviger/contract'
import { selects, type Binding, type Key } from '#model'
import type { KeyPolicy } from './policy/index.ts'

/**
 * May a principal do an action on something? Default deny: some binding must say yes. Compiled once per session, so that a decision
 * costs two look-ups.
 */

/** What an action is done to: nothing in particular in the tenant, or a key (with the labels it has, or is about to have). */
export interface Target {
  readonly key?: string
  readonly labels: Readonly<Record<string, string>>
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
}

function covers(binding: Binding, target: Target): boolean {
  switch (binding.scope.kind) {
    case 'tenant':
      return true
    case 'labels':
      return selects(binding.scope.selector, target.labels)
    case 'key':
      return binding.scope.key === target.key
    default:
      return binding.scope satisfies never
  }
}

/** The bindings of one principal, by the actions they allow. */
export class CompiledBindings {
  readonly #byAction = new Map<string, Binding[]>()
  readonly #forAll: Binding[] = []

  constructor(bindings: readonly Binding[]) {
    for (const binding of bindings) {
      for (const action of roles[binding.role].actions) {
        if (action === '*') this.#forAll.push(binding)
        else this.#byAction.getOrInsertComputed(action, () => []).push(binding)
      }
    }
  }

  /** Whether an action is allowed at any scope. */
  holds(action: string, now: number): boolean {
    const candidates = [...this.#forAll, ...(this.#byAction.get(action) ?? [])]
    return candidates.some((binding) => (binding.expiresAt ?? Number.POSITIVE_INFINITY) > now)
  }

  /** The grant that lasts longest, or undefined: denied. `now` is in milliseconds since 1970. */
  decide(action: string, target: Target, now: number): Grant | undefined {
    let best: Grant | undefined
    for (const candidates of [this.#forAll, this.#byAction.get(action) ?? []]) {
      for (const binding of candidates) {
        const until = binding.expiresAt ?? Number.POSITIVE_INFINITY
        if (until <= now || !covers(binding, target)) continue
        if (best === undefined || until > best.until) best = { binding: binding.id, until }
      }
    }
    return best
  }
}
