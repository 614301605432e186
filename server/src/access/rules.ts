import {
  isInScope,
  type ApprovalPolicy,
  type Authentication,
  type Scope,
  type StepUpRule,
} from '#model'
import type { Target } from './decision.ts'

/** What must have happened before something that is allowed is done: a fresh proof, or the approval of others. */

/** An approval policy with the revision that wrote it. */
export interface StandingPolicy {
  readonly policy: ApprovalPolicy
  readonly revision: number
}

/** The rules of a tenant, by the actions they are about. */
export class CompiledRules {
  readonly #stepUps: readonly StepUpRule[]
  readonly #approvals: readonly StandingPolicy[]

  constructor(stepUps: readonly StepUpRule[], approvals: readonly StandingPolicy[]) {
    this.#stepUps = stepUps
    this.#approvals = approvals
  }

  /** The step-up rules about an action on a target. */
  stepUps(action: string, target: Target): readonly StepUpRule[] {
    return this.#stepUps.filter(
      ({ actions, scope }) => actions.includes(action) && covers(scope, target),
    )
  }

  /** The approval policies about an action, wherever. */
  approvalsOf(action: string): readonly StandingPolicy[] {
    return this.#approvals.filter(({ policy }) => policy.actions.includes(action))
  }

  /** The approval policies about an action on a target. */
  approvals(action: string, target: Target): readonly StandingPolicy[] {
    return this.#approvals.filter(
      ({ policy }) => policy.actions.includes(action) && covers(policy.scope, target),
    )
  }
}

/** No rule is made with a scope by alias; one that were there would rather ask too often. */
function covers(scope: Scope, target: Target): boolean {
  return isInScope(scope, target, () => true)
}

/** Whether one of the factors was proved lately enough. `now` is in milliseconds since 1970. */
export function isFresh(
  rule: StepUpRule,
  authentications: readonly Authentication[],
  now: number,
): boolean {
  const { maxAgeSeconds, factors } = rule
  if (maxAgeSeconds === undefined) return false
  return authentications.some(
    ({ factor, at }) => factors.includes(factor) && now - at <= maxAgeSeconds * 1_000,
  )
}
