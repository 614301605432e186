import { SignatureError } from './errors.ts'

/** Longest path, query and value of a header, in characters. */
export const TEXT_MAX = 8_192
/** Longest id of a call that is remembered; clients send a UUID. */
const INVOCATION_MAX = 128
/** In `attempt=2; max=3`, where some clients say a time to live before it. */
const ATTEMPT = /(?:^|; )attempt=(\d{1,3})(?:;|$)/

const METHOD = /^[A-Z-]{1,32}$/
/** What RFC 3986 lets stand in a request's target, and a little more; no space, no control character, nothing beyond ASCII. */
const TARGET = /^[!-~]*$/
/** RFC 9110 section 5.5, with bytes beyond ASCII as the characters of ISO 8859-1. No line break can get into what is signed. */
const FIELD_VALUE = /^[\t -~\u0080-\u00FF]*$/

/**
 * What a door read of a signed request; all of it attacker-chosen and bounded. Each character of a header stands for one byte, as
 * node:http reads them.
 */
export interface SignedRequest {
  readonly method: string
  /** As received, percent-encoded. */
  readonly path: string
  /** As received, without the question mark; empty if there is none. */
  readonly query: string
  /**
   * By lower-case name. A header that came several times must be here several times (`headersDistinct` of node:http, not `headers`,
   * which joins with another separator than SigV4 and hides the second `host`).
   */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

/**
 * Checks what is signed of the request line: length, and that nothing in it could be read as the end of a line.
 *
 * @throws SignatureError incomplete.
 */
export function assertRequestLine({ method, path, query }: SignedRequest): void {
  if (path === '/' && query === '' && METHOD.test(method)) return
  const plain =
    METHOD.test(method) &&
    path.length <= TEXT_MAX &&
    query.length <= TEXT_MAX &&
    TARGET.test(path) &&
    TARGET.test(query)
  if (!plain) {
    throw new SignatureError(
      'incomplete',
      'The request line is too long or holds characters that must be percent-encoded.',
    )
  }
}

/** The values of a header, none if it did not come. */
export function valuesOf(request: SignedRequest, name: string): readonly string[] {
  // A signed header may be called `constructor`.
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : value
}

/**
 * The value of a header that has a meaning here, or undefined if it did not come. Such a header comes once: of two, the verifier and
 * whoever reads the request later could each take another.
 *
 * @throws SignatureError incomplete, if it came several times or is no text of a bounded length.
 */
export function soleValue(request: SignedRequest, name: string): string | undefined {
  const values = valuesOf(request, name)
  const [value] = values
  if (value === undefined) return undefined
  if (values.length > 1) {
    throw new SignatureError('incomplete', `Header '${name}' must not come more than once.`)
  }
  return fieldValue(name, value)
}

/**
 * A header's values as SigV4 signs them: each without outer blanks and with single inner ones, joined with commas. Undefined if the
 * header did not come.
 *
 * @throws SignatureError incomplete, if it is no text of a bounded length.
 */
export function canonicalValue(request: SignedRequest, name: string): string | undefined {
  const values = valuesOf(request, name)
  const [first] = values
  if (first === undefined) return undefined
  if (values.length === 1) {
    return first.length <= TEXT_MAX && AS_SIGNED.test(first)
      ? first
      : trimAll(fieldValue(name, first))
  }
  return values.map((value) => trimAll(fieldValue(name, value))).join(',')
}

/**
 * What tells a call from others with the same signature, or undefined: the id that its client gives it and all its retries and, from the
 * second try on, which try it is. A client that lost an answer tries again within the second, and boto3 and the SDK for Rust add both after
 * signing. What a client signed of it is in the signature; then the rest, which anybody could change, tells nothing.
 */
export function invocationOf(
  request: SignedRequest,
  signedHeaders: readonly string[],
): string | undefined {
  const [id = '', ...others] = valuesOf(request, 'amz-sdk-invocation-id')
  if (id === '' || id.length > INVOCATION_MAX || others.length > 0) return undefined
  if (signedHeaders.includes('amz-sdk-invocation-id')) return id
  const [attempts = '', ...more] = valuesOf(request, 'amz-sdk-request')
  const attempt = more.length > 0 ? undefined : ATTEMPT.exec(attempts)?.[1]
  return attempt === undefined || attempt === '1' ? id : `${id} ${attempt}`
}

function fieldValue(name: string, value: string): string {
  if (value.length > TEXT_MAX || !FIELD_VALUE.test(value)) {
    throw new SignatureError(
      'incomplete',
      `Header '${name}' is longer than ${TEXT_MAX} characters or holds characters that no header may hold.`,
    )
  }
  return value
}

/** Values that are signed as they are, which is nearly all: visible ASCII, with single blanks between. */
const AS_SIGNED = /^[!-~]+(?: [!-~]+)*$/
const BLANKS_TO_TRIM = /^[ \t]|[ \t]$|\t|  /

/** `Trimall` of the specification; tabs count as spaces, as they do for the signers of botocore and the JavaScript SDK. */
function trimAll(value: string): string {
  if (!BLANKS_TO_TRIM.test(value)) return value
  const single = value.replaceAll(/[ \t]+/g, ' ')
  const start = single.startsWith(' ') ? 1 : 0
  return single.endsWith(' ') ? single.slice(start, -1) : single.slice(start)
}
