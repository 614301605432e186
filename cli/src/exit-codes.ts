import type { ErrorCode } from '@claviger/contract'

/** What the command's exit code says. Scripts depend on these: a number is never given a second meaning. */
export const exitCodes = Object.freeze({
  ok: 0,
  general: 1,
  usage: 2,
  unauthenticated: 3,
  forbidden: 4,
  notFound: 5,
  conflict: 6,
  unavailable: 7,
  integrity: 8,
  busy: 9,
})

/** The exit code of every error of the contract. */
export const exitCodeOfError = Object.freeze({
  invalid_request: exitCodes.usage,
  wrong_usage: exitCodes.usage,
  algorithm_refused: exitCodes.usage,
  invalid_ciphertext: exitCodes.integrity,
  invalid_key_material: exitCodes.usage,
  invalid_share: exitCodes.unauthenticated,
  unauthenticated: exitCodes.unauthenticated,
  forbidden: exitCodes.forbidden,
  step_up_required: exitCodes.unauthenticated,
  approval_required: exitCodes.forbidden,
  separation_violated: exitCodes.conflict,
  policy_violated: exitCodes.conflict,
  not_exportable: exitCodes.forbidden,
  not_found: exitCodes.notFound,
  no_route: exitCodes.general,
  method_not_allowed: exitCodes.general,
  request_timeout: exitCodes.unavailable,
  conflict: exitCodes.conflict,
  limit_reached: exitCodes.conflict,
  wrong_state: exitCodes.conflict,
  acknowledgement_required: exitCodes.conflict,
  already_initialized: exitCodes.conflict,
  payload_too_large: exitCodes.usage,
  unsupported_media_type: exitCodes.general,
  too_many_requests: exitCodes.busy,
  headers_too_large: exitCodes.usage,
  internal: exitCodes.general,
  integrity_failed: exitCodes.integrity,
  not_initialized: exitCodes.unavailable,
  sealed: exitCodes.unavailable,
  overloaded: exitCodes.busy,
  ledger_unavailable: exitCodes.unavailable,
  crypto_unavailable: exitCodes.unavailable,
  shutting_down: exitCodes.unavailable,
} satisfies Record<ErrorCode, number>)

/** What to try after an error of the contract: a sentence for the terminal. */
export const adviceForError = Object.freeze({
  invalid_request: "See the command's --help for what each field takes.",
  wrong_usage: "'claviger key get KEY' shows what the key is for.",
  algorithm_refused: 'Choose another algorithm; the default is AES-256-GCM.',
  invalid_ciphertext:
    'Check that the input is whole and that --context is the one given when encrypting.',
  invalid_key_material:
    'Give PKCS#8 or SubjectPublicKeyInfo DER, or the raw bytes of a symmetric key.',
  invalid_share: 'Check the share or passphrase and give it again.',
  unauthenticated:
    "Log in with 'claviger login', set CLAVIGER_TOKEN, or store a token with: claviger profile add NAME",
  forbidden: "'claviger whoami' shows who you are; an owner can add a binding.",
  step_up_required: 'Prove once more who you are: repeat it in a terminal, or log in again.',
  approval_required:
    "Ask for it with 'claviger approval request OPERATION --input JSON --comment TEXT', then repeat the command with --approval ID.",
  separation_violated:
    "'claviger separation list' shows which duties are kept apart; give this one to somebody else.",
  policy_violated:
    "'claviger lifecycle-policy list' shows what is asked of keys; 'claviger policy check' which keys break it.",
  not_exportable: 'Only keys created with --exportable may leave, and that is fixed for life.',
  not_found: "Look at what there is with the list of its kind, such as 'claviger key list'.",
  no_route: 'Client and server may be of different versions: compare claviger version and status.',
  method_not_allowed:
    'Client and server may be of different versions: compare claviger version and status.',
  request_timeout: 'Try again; look at the network if it happens again.',
  conflict: 'Look at what is there, then decide.',
  limit_reached:
    "Rotate it with 'claviger key rotate KEY'; 'claviger key versions KEY' shows the counts.",
  wrong_state: "'claviger key get KEY' and 'claviger key versions KEY' show the states.",
  acknowledgement_required:
    "See 'claviger key dependents KEY', then repeat it with --acknowledge and the digest of that.",
  already_initialized: 'The server has its root key; unseal it with: claviger unseal',
  payload_too_large: "Encrypt large data as a file: 'claviger encrypt -k KEY < file > file.enc'.",
  unsupported_media_type:
    'Client and server may be of different versions: compare claviger version and status.',
  too_many_requests: 'Wait a moment and try again.',
  headers_too_large: 'Check the token: it should be one short line.',
  integrity_failed: "What is stored was changed from outside: run 'claviger doctor'.",
  internal: "The server's log has more under the request id.",
  not_initialized: 'Make the root key first: claviger init',
  sealed: 'Unseal the server: claviger unseal',
  overloaded: 'Try again in a moment.',
  ledger_unavailable: "Look at the server's disk and log; nothing was done.",
  crypto_unavailable: "A self-test failed: look at 'claviger status' and restart the server.",
  shutting_down: 'Try again when the server is back.',
} satisfies Record<ErrorCode, string>)
