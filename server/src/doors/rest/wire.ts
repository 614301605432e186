import { MESSAGE_BYTES_MAX, type Operation } from '@claviger/contract'
import type { HttpRequest } from '#http'
import { ClavigerError } from '#model'
import { DECLINED, plainStep, type PlainStep } from './plain-codec.ts'
import { plainText, type PlainText } from './plain-text.ts'

/** From the bytes of a request to an operation's input. Everything here is attacker-chosen. */

const decoder = new TextDecoder('utf-8', { fatal: true })
/** The longest field name that is repeated in an error. */
const FIELD_LENGTH_MAX = 128
/** A bare body is a message, or a ciphertext, which is longer by its header, nonce and tag. */
const CIPHERTEXT_BYTES_MAX = MESSAGE_BYTES_MAX + 1_024

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Issue[])[]
}

/** Names the field that is wrong, and never its value. */
function describeIssue(issue: Issue): { field: string; message: string } {
  const alternatives = issue.errors?.find((issues) => issues.length > 0)?.[0]
  if (issue.code === 'invalid_union' && alternatives !== undefined) {
    const inner = describeIssue(alternatives)
    const path = [...issue.path.map(String), inner.field].filter((part) => part !== '').join('.')
    return { field: clean(path), message: inner.message }
  }
  if (issue.code === 'unrecognized_keys') {
    const field = [...issue.path.map(String), issue.keys?.[0] ?? ''].join('.')
    return { field: clean(field), message: 'is not a field of this operation' }
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return {
    field: clean(issue.path.map(String).join('.')),
    message: missing ? 'is missing' : issue.message,
  }
}

function clean(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, FIELD_LENGTH_MAX)
}

/** The short ways of each row. */
const stepOf = perRow<PlainStep>((row) => plainStep(row.input))
const textOf = perRow<PlainText>((row) => plainText(row.output))

/** What is made of a row when it is first used. */
function perRow<Made>(make: (row: Operation) => Made): (row: Operation) => Made {
  const all = new Map<Operation, Made>()
  return (row) => {
    let made = all.get(row)
    if (made === undefined) {
      made = make(row)
      all.set(row, made)
    }
    return made
  }
}

/** The JSON of an answer. */
export function encodeOutput(row: Operation, output: unknown): string {
  return textOf(row)(output) ?? JSON.stringify(row.output.encode(output))
}

/** Decodes an input from its wire form. @throws ClavigerError invalid_request naming the field */
export function decodeInput(row: Operation, wire: unknown): unknown {
  const plain = stepOf(row)(wire)
  if (plain !== DECLINED) return plain
  const decoded = row.input.safeDecode(wire)
  if (decoded.success) return decoded.data
  const [issue] = decoded.error.issues as unknown as Issue[]
  const { field, message } =
    issue === undefined ? { field: '', message: 'is not valid' } : describeIssue(issue)
  throw new ClavigerError('invalid_request', field === '' ? message : `${field}: ${message}`, {
    field,
  })
}

/** Where a member may be called `__proto__`, spelled plainly or with escapes. */
const MAYBE_PROTO = /__proto__|\\u005f/i

/** Parses JSON from outside. @throws what JSON.parse throws, with the text in its message: it is not to be repeated */
function parseUntrusted(bytes: Uint8Array): unknown {
  const text = decoder.decode(bytes)
  if (!MAYBE_PROTO.test(text)) return JSON.parse(text)
  return JSON.parse(text, (name, value: unknown) => {
    // The schemas' records pass such a member over: a pair of a context would silently not be bound.
    if (name === '__proto__') throw new SyntaxError('a member is called __proto__')
    return value
  })
}

function parseJson(body: Uint8Array): Record<string, unknown> {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = parseUntrusted(body)
  } catch {
    throw new ClavigerError(
      'invalid_request',
      'The body is not JSON, or has a member called __proto__',
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ClavigerError('invalid_request', 'The body must be a JSON object')
  }
  return value as Record<string, unknown>
}

/** The encryption context of a bare body travels as base64 of a JSON object. */
function contextHeader(request: HttpRequest): unknown {
  const header = request.headers['claviger-context']
  if (header === undefined) return undefined
  try {
    return parseUntrusted(Uint8Array.fromBase64(String(header)))
  } catch {
    throw new ClavigerError(
      'invalid_request',
      'The header Claviger-Context must be base64 of a JSON object',
      { field: 'context' },
    )
  }
}

/** The fields of a query: each once, and none that stands in the address. */
function parseQuery(
  query: string,
  parameters: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  if (query === '') return fields
  for (const pair of query.split('&')) {
    const mark = pair.indexOf('=')
    const name = decodeComponent(mark === -1 ? pair : pair.slice(0, mark))
    const twice = Object.hasOwn(fields, name) || name in parameters
    if (twice || name === '__proto__') {
      throw new ClavigerError(
        'invalid_request',
        `${clean(name)}: is given twice, or cannot be given`,
        { field: clean(name) },
      )
    }
    fields[name] = decodeComponent(mark === -1 ? '' : pair.slice(mark + 1))
  }
  return fields
}

function decodeComponent(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '))
  } catch {
    throw new ClavigerError('invalid_request', 'The query is not valid percent-encoding', {
      field: 'query',
    })
  }
}

function contentType(request: HttpRequest): string {
  const header = request.headers['content-type']
  if (header === 'application/json') return header
  return (
    String(header ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase() ?? ''
  )
}

/**
 * The input of an operation, from path, query, body and headers.
 *
 * @throws ClavigerError invalid_request, unsupported_media_type, payload_too_large
 */
export function readInput(
  row: Operation,
  request: HttpRequest,
  parameters: Readonly<Record<string, string>>,
): unknown {
  if (row.route.startsWith('GET')) {
    if (request.body.length > 0)
      throw new ClavigerError('invalid_request', 'This operation takes no body')
    return decodeInput(row, Object.assign(parseQuery(request.query, parameters), parameters))
  }
  if (request.query !== '')
    throw new ClavigerError(
      'invalid_request',
      'This operation takes no query; fields go into the body',
      { field: 'query' },
    )
  const type = contentType(request)
  if (type === 'application/octet-stream' && row.octets?.input !== undefined) {
    return readOctets(row, request, parameters, row.octets.input)
  }
  if (type !== 'application/json' && type !== '' && request.body.length > 0) {
    throw new ClavigerError(
      'unsupported_media_type',
      `Send application/json${row.octets?.input === undefined ? '' : ' or application/octet-stream'}`,
    )
  }
  if (request.headers['claviger-context'] !== undefined) {
    throw new ClavigerError(
      'invalid_request',
      'The header Claviger-Context goes with a bare body; in JSON the context is a field',
      { field: 'context' },
    )
  }
  const fields = parseJson(request.body)
  for (const name of Object.keys(parameters)) {
    if (name in fields)
      throw new ClavigerError('invalid_request', `${name}: stands in the address already`, {
        field: name,
      })
  }
  return decodeInput(row, Object.assign(fields, parameters))
}

/**
 * A bare body is the bytes themselves: they become neither base64 nor a string, which JavaScript could not overwrite. The other fields
 * are checked with a placeholder in their place.
 */
function readOctets(
  row: Operation,
  request: HttpRequest,
  parameters: Readonly<Record<string, string>>,
  field: string,
): unknown {
  const most = field === 'ciphertext' ? CIPHERTEXT_BYTES_MAX : MESSAGE_BYTES_MAX
  if (request.body.length > most)
    throw new ClavigerError(
      'payload_too_large',
      'A message is at most 64 KiB; use a data key for more',
    )
  const context = contextHeader(request)
  const input = decodeInput(row, {
    ...parameters,
    [field]: 'AA==',
    ...(context === undefined ? {} : { context }),
  })
  return { ...(input as object), [field]: request.body }
}
