import { ClavigerError, type Principal, type Token } from '#model'
import type { CompiledBindings, Grant, Target } from './decision.ts'

/** Who is asking, once it is believed: the explicit first argument of everything below the gate. */
export interface Caller {
  /** A principal's id, or `system` for jobs. */
  readonly principal: string
  readonly tenant: string
  /** The credential's id; absent for jobs. */
  readonly credential?: string
  readonly factors: string[]
}

/** Who asks, and what they may do. */
export interface Identity {
  readonly caller: Caller
  /** The grant that allows an action on a target, or undefined: denied. `now` is in milliseconds since 1970. */
  decide(action: string, target: Target, now: number): Grant | undefined
  /** Whether an action is allowed at any scope. */
  holds(action: string, now: number): boolean
}

/** The server's own jobs: they may do what jobs do, in the tenant they work for. */
export class SystemIdentity implements Identity {
  readonly caller: Caller

  constructor(tenant: string) {
    this.caller = { principal: 'system', tenant, factors: [] }
  }

  decide(): Grant {
    return { binding: 'system', until: Number.POSITIVE_INFINITY }
  }

  holds(): boolean {
    return true
  }
}

/**
 * A credential that was checked, with everything decisions need. Held until a change touches the token, the principal or its bindings.
 */
export class Session implements Identity {
  readonly principal: Principal
  readonly token: Token
  readonly caller: Caller
  readonly #bindings: CompiledBindings
  /** By the object that stands for the target at this revision: when the key changes, its object is another one. */
  readonly #decided = new WeakMap<object, Map<string, Grant>>()

  constructor(principal: Principal, token: Token, bindings: CompiledBindings) {
    this.principal = principal
    this.token = token
    this.caller = {
      principal: principal.id,
      tenant: principal.tenant,
      credential: token.id,
      factors: ['token'],
    }
    this.#bindings = bindings
  }

  /** @throws ClavigerError unauthenticated when the token has expired. `now` is in milliseconds since 1970. */
  assertValid(now: number): void {
    if (now >= this.token.expiresAt)
      throw new ClavigerError('unauthenticated', 'The token has expired; make a new one')
  }

  /** Whether an action is allowed at any scope. */
  holds(action: string, now: number): boolean {
    return this.#bindings.holds(action, now)
  }

  /** The grant that allows an action on a target, or undefined: denied. */
  decide(action: string, target: Target, now: number): Grant | undefined {
    let decided = this.#decided.get(target)
    const known = decided?.get(action)
    if (known !== undefined && now < known.until) return known
    const grant = this.#bindings.decide(action, target, now)
    if (grant !== undefined) {
      if (decided === undefined) {
        decided = new Map()
        this.#decided.set(target, decided)
      }
      decided.set(action, grant)
    }
    return grant
  }
}
