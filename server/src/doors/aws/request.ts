import type { HttpRequest } from '#http'
import { AwsException } from './exceptions.ts'
import { parseForm, type Form } from './form.ts'
import { isAwsOperation, type AwsOperation } from './members.ts'

/**
 * What a request wants, by its method, path and headers. That an unknown target is an UnknownOperationException is AWS's; all texts are
 * ours, since AWS gives that type without any.
 */

export type AwsRequest =
  /** AWS JSON 1.1 of the key management service. */
  | { readonly kind: 'kms'; readonly operation: AwsOperation }
  /** The query protocol of the security token service. */
  | { readonly kind: 'sts'; readonly form: Form }

const TARGET_PREFIX = 'TrentService.'
const JSON_TYPE = 'application/x-amz-json-1.1'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** In which protocol the answer is to be, whatever becomes of the request. */
export function dialectOf(request: HttpRequest): 'json' | 'query' {
  return mediaType(request) === FORM_TYPE ? 'query' : 'json'
}

/** Whether a path is the door's: the prefix with or without a slash at its end, since clients differ. */
export function isAwsPath(path: string, prefix = '/'): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  return path === `${bare}/` || (path === bare && bare !== '')
}

/** @throws AwsException UnknownOperationException, MalformedQueryString */
export function readRequest(request: HttpRequest, prefix = '/'): AwsRequest {
  if (request.method !== 'POST' || !isAwsPath(request.path, prefix))
    throw unknown('Operations are sent by POST to the address of this service')
  // A presigned request has its input here; nothing in a query would be looked at.
  if (request.query !== '') throw unknown('This service takes no query; sign with headers')
  const type = mediaType(request)
  if (type === FORM_TYPE) return { kind: 'sts', form: parseForm(request.body) }
  if (type !== JSON_TYPE) throw unknown(`Send ${JSON_TYPE}`)
  return { kind: 'kms', operation: operationOf(request) }
}

function operationOf(request: HttpRequest): AwsOperation {
  const target = request.headers['x-amz-target']
  if (typeof target !== 'string' || !target.startsWith(TARGET_PREFIX))
    throw unknown(`X-Amz-Target must be ${TARGET_PREFIX} and the name of an operation`)
  const operation = target.slice(TARGET_PREFIX.length)
  if (!isAwsOperation(operation)) throw unknown('There is no such operation')
  return operation
}

/** Without its parameters, such as a charset. */
function mediaType(request: HttpRequest): string {
  const header = request.headers['content-type']
  if (header === JSON_TYPE) return JSON_TYPE
  if (typeof header !== 'string') return ''
  const end = header.indexOf(';')
  return (end === -1 ? header : header.slice(0, end)).trim().toLowerCase()
}

function unknown(message: string): AwsException {
  return new AwsException('UnknownOperationException', message)
}

const HEAD = /^[0-9a-f]{8}-/

/**
 * The id of a request as AWS's clients want it, a UUID (version 8, RFC 9562 section 5.8) from which ours can be read: `1a2b3c4d-z` is
 * `1a2b3c4d-0000-8000-8000-000000000023`, with the count in hexadecimal at its end.
 */
export function requestUuid(id: string): string {
  const dash = id.indexOf('-')
  const head = dash === 8 && HEAD.test(id) ? id.slice(0, dash) : '00000000'
  const number = Number.parseInt(id.slice(dash + 1), 36)
  const tail = Number.isSafeInteger(number) && number > 0 ? number % 2 ** 48 : 0
  return `${head}-0000-8000-8000-${tail.toString(16).padStart(12, '0')}`
}
