import type { ApprovalDemand, ErrorCode, StepUpDemand } from '@claviger/contract/errors'

export { ClavigerCiphertextError } from './ciphertext-error.ts'

/** The server answered, and the answer is an error of the contract. `code` is stable; decide by it, never by the words. */
export class ClavigerApiError extends Error {
  override readonly name = 'ClavigerApiError'
  readonly code: ErrorCode
  /** The HTTP status. */
  readonly status: number
  /** What is wrong with this request, in words. */
  readonly detail: string
  /** The request's id, which the server's log and ledger know. */
  readonly requestId: string
  /** The path of the field that is wrong, for `invalid_request`. */
  readonly field: string | undefined
  /** How to prove once more who is asking, for `step_up_required`. */
  readonly stepUp: StepUpDemand | undefined
  /** Which policy asks for how many approvers, for `approval_required`. */
  readonly approval: ApprovalDemand | undefined
  /** After how many milliseconds it may be tried again, where the server says so. */
  readonly retryAfterMs: number | undefined

  constructor(problem: {
    code: ErrorCode
    status: number
    title: string
    detail: string
    requestId: string
    field?: string | undefined
    stepUp?: StepUpDemand | undefined
    approval?: ApprovalDemand | undefined
    retryAfterMs?: number | undefined
  }) {
    super(problem.detail === '' ? problem.title : problem.detail)
    this.code = problem.code
    this.status = problem.status
    this.detail = problem.detail
    this.requestId = problem.requestId
    this.field = problem.field
    this.stepUp = problem.stepUp
    this.approval = problem.approval
    this.retryAfterMs = problem.retryAfterMs
  }
}

/** Why no answer of the contract came: nothing answered, it took too long, or something else answered. */
export type ConnectionFailure = 'unreachable' | 'timeout' | 'cancelled' | 'not-claviger'

/** No answer of the contract came. The message names the address and what to try; it never holds the token or the request. */
export class ClavigerConnectionError extends Error {
  override readonly name = 'ClavigerConnectionError'
  readonly failure: ConnectionFailure
  readonly address: string

  constructor(failure: ConnectionFailure, address: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.failure = failure
    this.address = address
  }
}

/** The caller's input does not fit the contract, so nothing was sent. The message never repeats a value. */
export class ClavigerInputError extends Error {
  override readonly name = 'ClavigerInputError'
  readonly field: string | undefined

  constructor(field: string | undefined, message: string) {
    super(field === undefined ? message : `${field}: ${message}`)
    this.field = field
  }
}
