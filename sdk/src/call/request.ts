import '../without-code-generation.ts'
import type { Operation } from '@claviger/contract'
import { z } from 'zod'
import { ClavigerInputError } from '../errors.ts'
import type { RowInput } from '../types.ts'

/** One HTTP request, before the address and the credential are known. */
export interface DescribedCall {
  readonly method: string
  /** The address, where one was given, and the path with its query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON, or nothing for a request without a body. */
  readonly body: string | undefined
}

const encodable = new WeakMap<Operation, z.ZodType>()

/**
 * The input of a row as a caller writes it. zod fills in defaults only towards the server, and going the other way it demands the
 * fields, so here a field with a default is one that may be left out; the server fills it in.
 */
function encodableInput(row: Operation): z.ZodType {
  const known = encodable.get(row)
  if (known !== undefined) return known
  const fields: Record<string, z.ZodType> = {}
  for (const [field, schema] of Object.entries((row.input as z.ZodObject).shape)) {
    fields[field] =
      schema instanceof z.ZodDefault
        ? z.optional(schema.unwrap() as z.ZodType)
        : (schema as z.ZodType)
  }
  const schema = z.strictObject(fields)
  encodable.set(row, schema)
  return schema
}

function refuse(error: z.ZodError): never {
  const [issue] = error.issues
  const field = issue?.path.join('.')
  throw new ClavigerInputError(field === '' ? undefined : field, issue?.message ?? 'is not valid')
}

/**
 * zod passes over a member called __proto__: an encryption context would lose it without a word, here and again when decrypting, and bind
 * nothing. The server refuses one too.
 */
function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  if (Array.isArray(value)) return value.some(hasProto)
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto)
}

/**
 * The input of a row as it stands on the wire, fields of the path included: what a proof for just that call names (login.stepUp).
 * Throws ClavigerInputError, which names the field and not the value, where the input does not fit the contract.
 */
export function wireFields<Row extends Operation>(
  row: Row,
  input: RowInput<Row>,
): Record<string, unknown> {
  const [field] = Object.entries(input).find(([, value]) => hasProto(value)) ?? []
  if (field !== undefined)
    throw new ClavigerInputError(field, 'must not have a member called __proto__')
  const encoded = z.safeEncode(encodableInput(row), input)
  if (!encoded.success) return refuse(encoded.error)
  return encoded.data as Record<string, unknown>
}

/** A tile's path is several segments by its standard (C2SP tlog-tiles); everything else is one. */
function pathSegment(route: string, field: string, value: unknown): string {
  const text = String(value)
  if (!route.endsWith('/tile/{path}') || field !== 'path') return encodeURIComponent(text)
  return text.split('/').map(encodeURIComponent).join('/')
}

/**
 * The request of a row with this input, without the credential. `address` is the server's base URL; empty for a relative URL. Throws
 * ClavigerInputError where the input does not fit the contract.
 */
export function describeRequest<Row extends Operation>(
  row: Row,
  input: RowInput<Row>,
  address = '',
): DescribedCall {
  const fields = wireFields(row, input)
  const [method = '', route = ''] = row.route.split(' ')
  const inPath = new Set<string>()
  const path = route.replaceAll(/\{(\w+)\}/g, (_match, field: string) => {
    inPath.add(field)
    return pathSegment(route, field, fields[field])
  })
  const rest = Object.entries(fields).filter(
    ([field, value]) => value !== undefined && !inPath.has(field),
  )
  const answer = row.octets?.output === 'body' ? 'application/octet-stream' : 'application/json'
  const accept = `${answer}, application/problem+json`
  const base = `${address.replace(/\/+$/, '')}${path}`
  if (method === 'GET' || method === 'DELETE') {
    const query = new URLSearchParams(
      rest.map(([field, value]) => [field, String(value)]),
    ).toString()
    const url = query === '' ? base : `${base}?${query}`
    return { method, url, headers: { accept }, body: undefined }
  }
  return {
    method,
    url: base,
    headers: { accept, 'content-type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(rest)),
  }
}
