import assert from 'node:assert/strict'
import { errorCodes, type ErrorCode, type Problem } from '@claviger/contract'

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

const MEMBERS = new Set(['type', 'title', 'status', 'code', 'detail', 'request', 'field'])
/** Members of one code only. */
const DEMANDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  step_up_required: 'stepUp',
  approval_required: 'approval',
}

/** Frames of a stack, paths of files, names of modules: nothing of the inside of the server. */
const INSIDE =
  /\n\s*at |node:[a-z]|\.ts\b|\.js\b|\/src\/|Error:|ZodError|TypeError|undefined|\[object/

/** Reads an answer as JSON. */
export function json(answer: Answer): unknown {
  assert.equal(answer.headers['content-type'], 'application/json', answer.body.toString())
  return JSON.parse(answer.body.toString('utf8')) as unknown
}

/** Whether the answer is the problem of a code, whole and in form (RFC 9457), and nothing else. */
export function assertProblem(answer: Answer, code?: ErrorCode): Problem {
  const text = answer.body.toString('utf8')
  assert.equal(answer.headers['content-type'], 'application/problem+json', text)
  const problem = JSON.parse(text) as Problem
  if (code !== undefined) assert.equal(problem.code, code, text)
  const { status, title } = errorCodes[problem.code]
  assert.equal(answer.status, status, text)
  assert.equal(problem.status, status)
  assert.equal(problem.title, title)
  assert.equal(problem.type, `urn:claviger:error:${problem.code}`)
  assert.deepEqual(
    Object.keys(problem).filter(
      (member) => !MEMBERS.has(member) && member !== DEMANDS[problem.code],
    ),
    [],
  )
  assert.ok(problem.detail.length > 0)
  assert.ok(problem.detail.length < 1_000, text)
  assert.doesNotMatch(text, INSIDE)
  assert.match(problem.request, /^[0-9a-f]{8}-[0-9a-z]+$/)
  assert.equal(answer.headers['claviger-request'], problem.request)
  assert.equal(answer.headers['cache-control'], 'no-store')
  // RFC 9110 section 11.6.1 and 15.6.4.
  assert.equal('www-authenticate' in answer.headers, status === 401)
  assert.equal('retry-after' in answer.headers, status === 503 || status === 429)
  // RFC 9110 section 15.5.6.
  assert.equal('allow' in answer.headers, status === 405)
  return problem
}
