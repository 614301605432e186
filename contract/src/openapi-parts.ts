import { errorCodes, type ErrorCode } from './errors.ts'
import type { Operation } from './operation.ts'

/** What operations have in common in the OpenAPI document: errors, headers, ways to say who asks, and the addresses beside them. */

/** Errors of the way here, before any operation is looked at. */
const TRANSPORT: readonly ErrorCode[] = [
  'invalid_request',
  'request_timeout',
  'payload_too_large',
  'headers_too_large',
  'overloaded',
  'internal',
]

/** Errors of the gate, which every operation passes but those around the seal. */
const GATE: readonly ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'too_many_requests',
  'integrity_failed',
  'not_initialized',
  'sealed',
  'ledger_unavailable',
  'crypto_unavailable',
  'shutting_down',
]

/** What a tenant's rules may ask for, whatever the operation. */
const RULES: readonly ErrorCode[] = ['step_up_required', 'approval_required']

/** Whether an operation is one for which somebody has to be known. */
export function isForKnown(row: Operation): boolean {
  return row.action !== 'none'
}

/** Every error that an operation can answer with: its own, and those of its kind. */
export function errorsOf(row: Operation): readonly ErrorCode[] {
  return [
    ...new Set<ErrorCode>([
      ...row.errors,
      ...TRANSPORT,
      ...(row.route.startsWith('GET ') ? [] : (['unsupported_media_type'] as const)),
      ...(row.effect === 'ceremony' ? [] : GATE),
      ...(isForKnown(row) ? RULES : []),
    ]),
  ]
}

const schemaReference = { $ref: '#/components/schemas/Problem' }
const problemContent = { 'application/problem+json': { schema: schemaReference } }

/** The answers of these errors, by status. */
export function failuresOf(codes: readonly ErrorCode[]): Record<string, unknown> {
  const statuses = [...new Set(codes.map((code) => errorCodes[code].status))].toSorted(
    (a, b) => a - b,
  )
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: codes.filter((code) => errorCodes[code].status === status).join(', '),
        content: problemContent,
      },
    ]),
  )
}

/** RFC 9457, with our members. */
const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'request'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorCodes) },
    detail: { type: 'string', description: 'What failed, and what to do next' },
    request: { type: 'string', description: 'The id of the request' },
    field: { type: 'string', description: 'The field that is wrong, for `invalid_request`' },
    stepUp: {
      type: 'object',
      description: 'What is asked for, for `step_up_required`',
      required: ['factors', 'bound'],
      properties: {
        factors: { type: 'array', items: { type: 'string' } },
        maxAgeSeconds: { type: 'integer' },
        bound: { type: 'boolean', description: 'Whether the proof is made for one operation' },
      },
    },
    approval: {
      type: 'object',
      description: 'What is asked for, for `approval_required`',
      required: ['policy', 'approvals'],
      properties: { policy: { type: 'string' }, approvals: { type: 'integer' } },
    },
  },
}

/** Any JSON: the one schema that refers to itself. */
export const anyJson = { $ref: '#/components/schemas/Json' }
const json = {
  anyOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'null' },
    { type: 'array', items: anyJson },
    { type: 'object', additionalProperties: anyJson },
  ],
}

const id = { type: 'string', maxLength: 36 }

/** Headers that requests may have. */
const parameters = {
  Principal: {
    name: 'Claviger-Principal',
    in: 'header',
    required: false,
    description: 'Who is meant, where an identity token or a certificate may be several',
    schema: id,
  },
  StepUp: {
    name: 'Claviger-Step-Up',
    in: 'header',
    required: false,
    description: 'The proof that `login.stepUp` gave for this very operation',
    schema: id,
  },
  Approval: {
    name: 'Claviger-Approval',
    in: 'header',
    required: false,
    description: 'The approved request under which this is done',
    schema: id,
  },
  Context: {
    name: 'Claviger-Context',
    in: 'header',
    required: false,
    description:
      'With a bare body: the encryption context, as base64 of a JSON object. Other fields stay unset',
    schema: { type: 'string', contentEncoding: 'base64', contentMediaType: 'application/json' },
  },
}

/** The headers of an operation's requests. */
export function headersOf(row: Operation): readonly { readonly $ref: string }[] {
  const names = [
    ...(isForKnown(row) ? ['Principal', 'StepUp', 'Approval'] : []),
    ...(row.octets?.input === undefined ? [] : ['Context']),
  ]
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of ours, or an identity token of an issuer that is trusted',
  },
  certificate: { type: 'mutualTLS', description: "A client certificate that is a principal's" },
  login: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-claviger',
    description: "A browser's login",
  },
  csrf: {
    type: 'apiKey',
    in: 'header',
    name: 'Claviger-Csrf',
    description: 'Beside the cookie, the code that `whoami` tells',
  },
}

/** Ways to say who asks; beside a cookie, whatever does more than read needs the code. */
export const security = [{ token: [] }, { certificate: [] }, { login: [], csrf: [] }]
export const securityToRead = [{ token: [] }, { certificate: [] }, { login: [] }]

export const components = { securitySchemes, parameters, schemas: { Problem: problem, Json: json } }
