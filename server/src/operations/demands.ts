import type { OperationName } from '@claviger/contract'
import { isFresh, type CompiledRules, type Target } from '#access'
import {
  ApprovalRequired,
  ClavigerError,
  StepUpRequired,
  type ApprovalPolicy,
  type StepUpRule,
} from '#model'
import type { HeldApproval } from './approvals.ts'
import { digestOf, inputText } from './canonical-input.ts'
import type { Work } from './work.ts'

/** What the rules of a tenant ask for before something that is allowed is done. */
export class Demands {
  readonly #work: Work
  /** What was proved for just this operation; a proof is taken once, though the operation may be authorized several times. */
  #proved: string | undefined
  #hasAsked = false

  constructor(work: Work) {
    this.#work = work
  }

  /**
   * Refuses where a rule about the action on the target is not met.
   *
   * @throws StepUpRequired, ApprovalRequired; ClavigerError forbidden for a program, which has nothing to prove
   */
  assertMet(
    rules: CompiledRules,
    action: string,
    on: Target,
    approval: HeldApproval | undefined,
  ): void {
    for (const rule of rules.stepUps(action, on)) this.#assertProved(rule)
    for (const { policy, revision } of rules.approvals(action, on)) {
      // A policy that changed since the request asks anew.
      if (approval?.value.rows[`approvalPolicy/${policy.id}`] !== revision)
        throw approvalRequired(policy)
    }
  }

  #assertProved(rule: StepUpRule): void {
    const { caller, now } = this.#work
    if (caller.authentications === undefined) {
      throw new ClavigerError(
        'forbidden',
        'A step-up rule asks for a fresh proof of a person, which a program cannot give; let a person do it',
      )
    }
    if (isFresh(rule, caller.authentications, now)) return
    const { factors, maxAgeSeconds } = rule
    if (maxAgeSeconds === undefined) {
      const proved = this.#taken()
      if (proved !== undefined && factors.some((factor) => factor === proved)) return
    }
    throw new StepUpRequired('Prove again who you are, and then repeat the operation', {
      factors: [...factors],
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
      bound: maxAgeSeconds === undefined,
    })
  }

  #taken(): string | undefined {
    const { origin, caller, parts, name, input, now } = this.#work
    if (this.#hasAsked || origin.stepUp === undefined || caller.credential === undefined)
      return this.#proved
    this.#hasAsked = true
    const digest = digestOf(inputText(name as OperationName, input))
    this.#proved = parts.access.proofs.take(origin.stepUp, caller.credential, name, digest, now)
    return this.#proved
  }
}

function approvalRequired({ id, approvals }: ApprovalPolicy): ApprovalRequired {
  return new ApprovalRequired(
    `Others must approve this first (${approvals}); ask with approval.request, then repeat it with the id of the request`,
    { policy: id, approvals },
  )
}
