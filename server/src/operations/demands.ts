import type { OperationName } from '@claviger/contract'
import { digestOf, isFresh, type CompiledRules, type Target } from '#access'
import {
  ApprovalRequired,
  ClavigerError,
  StepUpRequired,
  type ApprovalPolicy,
  type StepUpRule,
} from '#model'
import { usableApproval, type HeldApproval } from './approvals.ts'
import { inputText } from './canonical-input.ts'
import type { Work } from './work.ts'

/** What the rules of a tenant ask for before something that is allowed is done. */
export class Demands {
  readonly #work: Work
  /** What was proved for just this operation; a proof is taken once, though the operation may be authorized several times. */
  #proved: string | undefined
  #hasAsked = false
  #approval: HeldApproval | undefined

  constructor(work: Work) {
    this.#work = work
  }

  /**
   * The approval that came with the operation, where one did, once it is found good for it.
   *
   * @throws ClavigerError forbidden
   */
  async useApproval(references: readonly string[]): Promise<HeldApproval | undefined> {
    const { credential, approval } = this.#work.origin
    // What the server presents for somebody is good for what was approved, and for nothing else.
    const id = credential.kind === 'approval' ? credential.approval : approval
    if (id === undefined) return undefined
    await this.#work.locate(references)
    this.#approval = await usableApproval(this.#work, id, references)
    return this.#approval
  }

  /**
   * Refuses where a rule about the action on the target is not met. What an emergency allows does not wait for approvals.
   *
   * @throws StepUpRequired, ApprovalRequired; ClavigerError forbidden for a program, which has nothing to prove
   */
  assertMet(rules: CompiledRules, action: string, on: Target, waivesApprovals = false): void {
    for (const rule of rules.stepUps(action, on)) this.#assertProved(rule)
    if (waivesApprovals) return
    for (const { policy, revision } of rules.approvals(action, on)) {
      // A policy that changed since the request asks anew.
      if (this.#approval?.value.rows[`approvalPolicy/${policy.id}`] !== revision)
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
