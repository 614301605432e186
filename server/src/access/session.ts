import {
  ClavigerError,
  type Authentication,
  type KeyGrant,
  type Principal,
  type Scope,
} from '#model'
import type { Asked } from './asked.ts'
import type { CompiledBindings, Grant, Target } from './decision.ts'
import type { CompiledGrants } from './grants.ts'
import type { PolicyAnswer, Requester } from './policy/index.ts'
import type { CompiledRules } from './rules.ts'

/** Who is asking, once it is believed: the explicit first argument of everything below the gate. */
export interface Caller {
  /** A principal's id, or `system` for jobs. */
  readonly principal: string
  readonly tenant: string
  /** The credential's id; absent for jobs. */
  readonly credential?: string
  /** What kind the credential is; for a temporary session also `session:` and its name. */
  readonly factors: string[]
  /** What a person proved, and when; nothing for machines. */
  readonly authentications?: readonly Authentication[]
  /** Twelve digits: what AWS clients know the tenant by. */
  readonly account: string
  /** The principal's name, unique in its tenant. */
  readonly name: string
  /** The name of a temporary session. */
  readonly session?: string
}

/** Who asks, and what they may do. */
export interface Identity {
  readonly caller: Caller
  /** What must have happened before; absent where the tenant has no such rules, and for the server's own jobs. */
  readonly rules?: CompiledRules | undefined
  /** What allows an action on a target, or undefined: denied. `now` is in milliseconds since 1970. */
  decide(asked: Asked, target: Target, now: number): Grant | undefined
  /** Whether a key policy denies it in so many words, so that nothing can allow it. */
  isDenied(asked: Asked, target: Target): boolean
  /** Whether an action is allowed at any scope. */
  holds(action: string, now: number): boolean
  /** Whether the names of keys are to be looked up before a decision. */
  readonly asksForAliases: boolean
}

/** The server's own jobs: they may do what jobs do, in the tenant they work for. */
export class SystemIdentity implements Identity {
  readonly caller: Caller
  readonly asksForAliases = false

  constructor(tenant: string) {
    this.caller = { principal: 'system', tenant, factors: [], account: '', name: 'system' }
  }

  decide(): Grant {
    return { binding: 'system', until: Number.POSITIVE_INFINITY }
  }

  isDenied(): boolean {
    return false
  }

  holds(): boolean {
    return true
  }
}

/** Nobody in particular, for the operations that begin with proving who one is; they authorize themselves. */
export class AnonymousIdentity implements Identity {
  readonly caller: Caller
  readonly asksForAliases = false

  constructor(tenant: string) {
    this.caller = { principal: 'anonymous', tenant, factors: [], account: '', name: '' }
  }

  decide(): undefined {
    return undefined
  }

  isDenied(): boolean {
    return false
  }

  holds(): boolean {
    return false
  }
}

/** The credential a session was opened with. */
export interface Presented {
  readonly kind:
    | 'token'
    | 'access-key'
    | 'temporary'
    | 'identity-token'
    | 'login'
    | 'certificate'
    | 'secret-id'
    /** The server does what was approved, for who asked. */
    | 'approval'
  readonly id: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** How long temporary credentials made with it may last, in seconds, where that is bounded. */
  readonly secondsMax?: number
}

export interface SessionParts {
  readonly principal: Principal
  readonly account: string
  readonly credential: Presented
  readonly bindings: CompiledBindings
  readonly grants: CompiledGrants
  /** Of temporary credentials. */
  readonly sessionName?: string | undefined
  /** Of a person's login. */
  readonly authentications?: readonly Authentication[] | undefined
  readonly rules?: CompiledRules | undefined
  /** The rows it was made of, as `kind/id`: a change to one of them ends it. */
  readonly rests: ReadonlySet<string>
}

/** The trust that makes an identity token somebody's here. */
function trustsOf({ credential, rests }: SessionParts): string[] {
  if (credential.kind !== 'identity-token') return []
  return [...rests]
    .filter((one) => one.startsWith('trust/'))
    .map((one) => `trust:${one.slice('trust/'.length)}`)
}

/** A judgement with its reason, for people. */
export interface Explanation {
  readonly allowed: boolean
  readonly by?: string
  readonly reason: string
  /** Another time, or asked otherwise, it may be answered otherwise. */
  readonly conditional?: boolean
  /** Each rule that was looked at, in order. */
  readonly steps: { readonly rule: string; readonly says: string }[]
}

const FOREVER = Number.POSITIVE_INFINITY

/**
 * A credential that was checked, with everything decisions need. Held until a change touches what it rests on.
 */
export class Session implements Identity {
  readonly principal: Principal
  readonly credential: Presented
  readonly caller: Caller
  readonly rules: CompiledRules | undefined
  readonly rests: ReadonlySet<string>
  readonly #requester: Requester
  readonly #bindings: CompiledBindings
  readonly #grants: CompiledGrants
  /** By the object that stands for the target at this revision: when the key changes, its object is another one. */
  readonly #decided = new WeakMap<object, Map<string, Grant>>()

  constructor(parts: SessionParts) {
    const { principal, credential, account, sessionName, authentications } = parts
    this.principal = principal
    this.credential = credential
    this.rests = parts.rests
    this.rules = parts.rules
    this.caller = {
      principal: principal.id,
      tenant: principal.tenant,
      credential: credential.id,
      factors: [
        credential.kind,
        ...trustsOf(parts),
        ...(sessionName === undefined ? [] : [`session:${sessionName}`]),
        ...(authentications ?? []).map(({ factor }) => factor),
      ],
      ...(authentications === undefined ? {} : { authentications }),
      account,
      name: principal.name,
      ...(sessionName === undefined ? {} : { session: sessionName }),
    }
    this.#requester = {
      account,
      name: principal.name,
      id: principal.id,
      ...(sessionName === undefined ? {} : { session: sessionName }),
    }
    this.#bindings = parts.bindings
    this.#grants = parts.grants
  }

  /** Whether a binding is among what it may do. */
  rightsInclude(binding: string): boolean {
    return this.#bindings.include(binding)
  }

  /** Whether a grant on a key is among what it may do. */
  grantsInclude(key: string, grant: string): boolean {
    return this.#grants.on(key).some(({ id }) => id === grant)
  }

  get asksForAliases(): boolean {
    return this.#bindings.asksForAliases
  }

  /** Whether an action is allowed by bindings on everything in a scope, unconditionally and for as long. */
  holdsAt(action: string, scope: Scope, until: number): boolean {
    return this.#bindings.holdsAt(action, scope, until)
  }

  /** @throws ClavigerError unauthenticated when the credential has expired. `now` is in milliseconds since 1970. */
  assertValid(now: number): void {
    if (now >= this.credential.expiresAt)
      throw new ClavigerError('unauthenticated', 'The credential has expired; make a new one')
  }

  /** Whether an action is allowed at any scope. */
  holds(action: string, now: number): boolean {
    return this.#bindings.holds(action, now)
  }

  /**
   * What allows an action on a target, or undefined: denied. An explicit deny of the key policy wins; then the policy allows by itself,
   * or leaves it to bindings; then grants.
   */
  decide(asked: Asked, target: Target, now: number): Grant | undefined {
    const question =
      target.policy === undefined ? asked.action : `${asked.action} ${asked.operation}`
    const decided = this.#decided.get(target)
    const known = decided?.get(question)
    if (known !== undefined && now < known.until) return known
    const { grant } = this.#judge(asked, target, now)
    if (grant === undefined || grant.conditional === true) return grant
    if (decided === undefined) this.#decided.set(target, new Map([[question, grant]]))
    else decided.set(question, grant)
    return grant
  }

  /** The same decision, in words. */
  explain(asked: Asked, target: Target, now: number): Explanation {
    const { grant, reason } = this.#judge(asked, target, now)
    const steps = this.#steps(asked, target, now)
    if (grant === undefined) return { allowed: false, reason, steps }
    const { binding: by, conditional = false } = grant
    return { allowed: true, by, reason, conditional, steps }
  }

  /** The same rules in the same order as {@link #judge} asks them, up to the one that decides. */
  #steps(asked: Asked, target: Target, now: number): Explanation['steps'] {
    const steps: Explanation['steps'] = []
    const answer = this.#answer(asked, target)
    if (answer !== undefined) {
      const says = policyWords[answer.kind]
      const statement = 'statement' in answer ? ` in statement ${answer.statement}` : ''
      steps.push({ rule: 'key policy', says: `${says}${statement}` })
    }
    if (answer?.kind === 'deny' || answer?.kind === 'allow') return steps
    if (answer === undefined || answer.kind === 'delegate') {
      const grant = this.#bindings.decide(asked, target, now)
      const why = this.holds(asked.action, now)
        ? `none allows ${asked.action} on this, or its conditions do not hold`
        : `none allows ${asked.action}`
      steps.push({
        rule: 'role bindings',
        says: grant === undefined ? why : `${grant.binding} allows it`,
      })
      if (grant !== undefined) return steps
    }
    if (target.key === undefined) return steps
    const granted = this.#grants.decide(target.key, asked)
    steps.push({
      rule: 'grants',
      says: granted === undefined ? 'none allows it' : `${granted.id} allows it`,
    })
    return steps
  }

  isDenied(asked: Asked, target: Target): boolean {
    return this.#answer(asked, target)?.kind === 'deny'
  }

  #answer(asked: Asked, target: Target): PolicyAnswer | undefined {
    return target.policy?.answer(
      `kms:${asked.operation}`,
      target.arn?.() ?? '',
      this.#requester,
      asked.values(target),
    )
  }

  /** The grants on a key that the principal holds. */
  grantsOn(key: string): readonly KeyGrant[] {
    return this.#grants.on(key)
  }

  /** What may be answered otherwise another time is marked so: it is not to be remembered. */
  #judge(
    asked: Asked,
    target: Target,
    now: number,
  ): { readonly grant?: Grant; readonly reason: string } {
    const answer = this.#answer(asked, target)
    if (answer?.kind === 'deny')
      return { reason: `the key policy denies it in statement ${answer.statement}` }
    const conditional = answer?.conditional === true ? { conditional: true as const } : {}
    if (answer?.kind === 'allow') {
      return {
        grant: { binding: `policy:${answer.statement}`, until: FOREVER, ...conditional },
        reason: `the key policy allows it in statement ${answer.statement}`,
      }
    }
    if (answer === undefined || answer.kind === 'delegate') {
      const grant = this.#bindings.decide(asked, target, now)
      if (grant !== undefined)
        return { grant: { ...grant, ...conditional }, reason: 'a role binding allows it' }
    }
    const granted = target.key === undefined ? undefined : this.#grants.decide(target.key, asked)
    if (granted !== undefined) {
      return {
        grant: { binding: `grant:${granted.id}`, until: FOREVER, conditional: true },
        reason: 'a grant on the key allows it',
      }
    }
    return {
      reason:
        answer === undefined || answer.kind === 'delegate'
          ? 'no role binding and no grant allows it'
          : 'the key policy does not leave it to role bindings, and no grant allows it',
    }
  }
}

const policyWords: Readonly<Record<PolicyAnswer['kind'], string>> = {
  deny: 'denies it',
  allow: 'allows it',
  delegate: 'leaves it to role bindings and grants',
  silent: 'says nothing of it, and leaves it to grants alone',
}
