import {
  errorCodes,
  type ApprovalDemand,
  type ErrorCode,
  type StepUpDemand,
} from '@claviger/contract/errors'
import type { Key } from './key.ts'
import type { Hindrance } from './state.ts'

/**
 * The one error class. `code` is a row of the contract; `message` says what failed, why, and what to do next, and never holds a
 * secret, a plaintext, a token or the bytes of a request. Each door maps codes with a table that covers all of them.
 */
export class ClavigerError extends Error {
  readonly code: ErrorCode
  /** The path of the wrong field, for `invalid_request`. */
  readonly field: string | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; field?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ClavigerError'
    this.code = code
    this.field = options.field
  }

  get status(): number {
    return errorCodes[this.code].status
  }
}

/** Somebody is not believed. They are told the same words for every reason, which is for the ledger, in words of fixed sets and ids. */
export class LoginRefused extends ClavigerError {
  readonly detail: Readonly<Record<string, string | number>>

  constructor(message: string, detail: Readonly<Record<string, string | number>>, cause?: unknown) {
    super('unauthenticated', message, { cause })
    this.detail = detail
  }
}

/** What was asked for breaks a lifecycle policy. Which policy, which of its rules, and of which key, is for the ledger too. */
export class PolicyViolated extends ClavigerError {
  readonly key: string | undefined
  readonly detail: Readonly<Record<string, string | number>>

  constructor(
    message: string,
    about: { readonly key?: string | undefined; readonly policy: string; readonly rule: string },
  ) {
    super('policy_violated', message)
    this.key = about.key
    this.detail = { policy: about.policy, rule: about.rule }
  }
}

/** There is no room for one more. The message names the limit, and what to do. */
export class QuotaReached extends ClavigerError {
  constructor(message: string) {
    super('conflict', message)
  }
}

/** A rotation is due, and the next public key was not shown for long enough: it is for the job, and nobody else is told. */
export class RotationWaits extends ClavigerError {
  constructor() {
    super('wrong_state', 'The next public key is to be shown for longer before it signs')
  }
}

/** The operation is allowed, but only once the caller has proved again who it is. */
export class StepUpRequired extends ClavigerError {
  readonly demand: StepUpDemand

  constructor(message: string, demand: StepUpDemand) {
    super('step_up_required', message)
    this.demand = demand
  }
}

/** The operation is allowed, but only once others have approved it. */
export class ApprovalRequired extends ClavigerError {
  readonly demand: ApprovalDemand

  constructor(message: string, demand: ApprovalDemand) {
    super('approval_required', message)
    this.demand = demand
  }
}

/** Turns anything thrown into the one error; what nobody expected becomes `internal`, without its message. */
export function toClavigerError(thrown: unknown): ClavigerError {
  if (thrown instanceof ClavigerError) return thrown
  return new ClavigerError(
    'internal',
    'The server failed; its log has the cause under the request id',
    { cause: thrown },
  )
}

/** An error about a key that the caller was already allowed to reach: a door may say which, and what of it stands in the way. */
export class KeyError extends ClavigerError {
  readonly key: Key
  readonly version: number | undefined
  readonly hindrance: Hindrance | undefined

  constructor(
    code: ErrorCode,
    message: string,
    about: {
      readonly key: Key
      readonly version?: number | undefined
      readonly hindrance?: Hindrance | undefined
    },
  ) {
    super(code, message)
    this.key = about.key
    this.version = about.version
    this.hindrance = about.hindrance
  }
}
