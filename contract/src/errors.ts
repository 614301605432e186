/**
 * Every error a caller can meet, one row each. A code is stable: it is never renamed or given a second meaning. `status` is what
 * REST answers (RFC 9110), `title` is the fixed summary of RFC 9457 section 3.1.3. No row and no detail ever holds a secret.
 */
export const errorCodes = {
  invalid_request: { status: 400, title: 'The request is not well formed' },
  wrong_usage: { status: 400, title: 'The key is not made for this operation' },
  algorithm_refused: { status: 400, title: 'The algorithm or key length is refused' },
  invalid_ciphertext: {
    status: 400,
    title: 'The ciphertext does not decrypt under this key and context',
  },
  invalid_key_material: { status: 400, title: 'The key material is not acceptable' },
  invalid_share: { status: 400, title: 'The share or passphrase does not open this server' },
  unauthenticated: { status: 401, title: 'The credential is missing, unknown, expired or revoked' },
  forbidden: { status: 403, title: 'The principal may not do this' },
  step_up_required: { status: 403, title: 'A fresh proof of who is asking is needed' },
  approval_required: { status: 403, title: 'Others must approve this first' },
  separation_violated: { status: 409, title: 'These duties are kept apart' },
  policy_violated: { status: 409, title: 'A lifecycle policy does not allow this' },
  not_exportable: { status: 403, title: 'The key was not created exportable' },
  not_found: { status: 404, title: 'There is no such thing' },
  no_route: { status: 404, title: 'There is no such address' },
  method_not_allowed: { status: 405, title: 'The address does not know this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  conflict: { status: 409, title: 'The request contradicts what is there' },
  limit_reached: { status: 409, title: 'The version has been used as often as it may' },
  wrong_state: { status: 409, title: 'The state of the key does not allow this' },
  acknowledgement_required: {
    status: 409,
    title: 'What depends on the key is to be looked at first',
  },
  already_initialized: { status: 409, title: 'The server is initialized' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported here' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  integrity_failed: { status: 500, title: 'Stored data failed its integrity check' },
  internal: { status: 500, title: 'The server failed' },
  not_initialized: { status: 503, title: 'The server is not initialized' },
  sealed: { status: 503, title: 'The server is sealed' },
  overloaded: { status: 503, title: 'The server is busy' },
  ledger_unavailable: { status: 503, title: 'The ledger cannot be written, so nothing was done' },
  crypto_unavailable: {
    status: 503,
    title: 'A cryptographic self-test failed, so all cryptography is refused',
  },
  shutting_down: { status: 503, title: 'The server is stopping' },
} as const

export type ErrorCode = keyof typeof errorCodes

/** RFC 9457 problem details as REST sends them, with the code and the request's id as extension members. */
export interface Problem {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  request: string
  /** The path of the field that is wrong, for `invalid_request`. */
  field?: string
  /** What is asked for, for `step_up_required`. */
  stepUp?: StepUpDemand
  /** What is asked for, for `approval_required`. */
  approval?: ApprovalDemand
}

/** How to prove who is asking once more: one of the factors, no older than `maxAgeSeconds`, or made for this very operation. */
export interface StepUpDemand {
  factors: string[]
  maxAgeSeconds?: number
  bound: boolean
}

/** Which policy asks for how many approvers. */
export interface ApprovalDemand {
  policy: string
  approvals: number
}
