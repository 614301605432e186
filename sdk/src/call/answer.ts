import '../without-code-generation.ts'
import type { Operation } from '@claviger/contract'
import { errorCodes, type ErrorCode, type StepUpDemand } from '@claviger/contract/errors'
import { z } from 'zod'
import { ClavigerApiError, ClavigerConnectionError } from '../errors.ts'
import { parseRetryAfter } from './try-again.ts'

/** What is read of an answer to `fetch`. */
export interface Answer {
  /** Whether the status is one of success (2xx). */
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** In pieces, as they come. An error of the network is thrown while they are read. */
  readonly body: AsyncIterable<Uint8Array> | null
}

/** An answer is at most this many bytes: a full batch in base64, or a tile, with room. */
export const ANSWER_BYTES_MAX = 67_108_864
/** Words of the far side are cut at this many characters before they are shown. */
const DETAIL_LENGTH_MAX = 4_096

/** A newer server may demand more than this client can read; then it is an error without the demand, and no strange answer. */
const stepUp = z
  .object({
    factors: z.array(z.string().max(64)).max(64),
    maxAgeSeconds: z.int().min(0).optional(),
    bound: z.boolean(),
  })
  .optional()
  .catch(undefined)
const approval = z
  .object({ policy: z.string().max(256), approvals: z.int().min(0) })
  .optional()
  .catch(undefined)

const problem = z.object({
  title: z.string().optional(),
  code: z.string(),
  detail: z.string().default(''),
  request: z.string().max(256).default(''),
  field: z.string().max(1_024).optional(),
  stepUp,
  approval,
})

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code)
}

function strange(address: string, why: string): ClavigerConnectionError {
  return new ClavigerConnectionError(
    'not-claviger',
    address,
    `${address} answered, but not as a Claviger server would (${why}). Check the address, its port, and any proxy between.`,
  )
}

/** Reads a body and stops at the limit, whatever the headers promised. */
async function readBody(response: Answer, address: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (response.body === null) return new Uint8Array()
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > ANSWER_BYTES_MAX) throw strange(address, 'the answer is too long')
    chunks.push(chunk)
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length)
}

function parseJson(body: Uint8Array, response: Answer, address: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw strange(address, `status ${response.status}, and no JSON`)
  }
}

function problemError(body: Uint8Array, response: Answer, address: string): Error {
  const parsed = problem.safeParse(parseJson(body, response, address))
  if (!parsed.success) return strange(address, `status ${response.status}, and no problem details`)
  const { code, detail, request, field, stepUp: proof, approval: approvers } = parsed.data
  // A newer server may have codes that this client does not know; the status still tells their kind.
  if (!isErrorCode(code))
    return strange(address, `an unknown error code, status ${response.status}`)
  return new ClavigerApiError({
    code,
    status: response.status,
    title: errorCodes[code].title,
    detail: detail.slice(0, DETAIL_LENGTH_MAX),
    requestId: request,
    field,
    stepUp: code === 'step_up_required' ? proof && stated(proof) : undefined,
    approval: code === 'approval_required' ? approvers : undefined,
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after')),
  })
}

/** The demand without fields that are not there. */
function stated({ maxAgeSeconds, ...rest }: NonNullable<z.infer<typeof stepUp>>): StepUpDemand {
  return maxAgeSeconds === undefined ? rest : { ...rest, maxAgeSeconds }
}

/** Takes away the fields that zod did not know; true if there was one. A newer server may say more than this client knows. */
function dropUnknown(value: unknown, issues: readonly z.core.$ZodIssue[]): boolean {
  let dropped = false
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') return false
    let place = value as Record<PropertyKey, unknown>
    for (const step of issue.path) place = place[step] as Record<PropertyKey, unknown>
    for (const key of issue.keys) dropped = delete place[key] || dropped
  }
  return dropped
}

/** Turns the answer to an operation into its output, or into the error that it is. */
export async function readAnswer(
  row: Operation,
  response: Answer,
  address: string,
): Promise<unknown> {
  const body = await readBody(response, address)
  if (!response.ok) throw problemError(body, response, address)
  if (row.octets?.output === 'body') return { body }
  const wire = parseJson(body, response, address)
  let decoded = row.output.safeParse(wire)
  if (!decoded.success && dropUnknown(wire, decoded.error.issues))
    decoded = row.output.safeParse(wire)
  if (decoded.success) return decoded.data
  const where = decoded.error.issues[0]?.path.join('.') ?? ''
  throw strange(address, `the field '${where}' of ${row.name} is not as agreed`)
}
