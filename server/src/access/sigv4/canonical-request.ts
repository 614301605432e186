import { SignatureError } from './errors.ts'
import { assertRequestLine, canonicalValue, type SignedRequest } from './request.ts'

/** The canonical request of SigV4: the one text that stands for a request, whatever way it travelled. */

/** RFC 3986 section 2.3. */
const RESERVED = /[^A-Za-z0-9\-._~]/g
const RESERVED_IN_PATH = /[^A-Za-z0-9\-._~/]/g
const ESCAPE_OR_RESERVED = /%(?<hex>[0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~]/g

/**
 * The canonical request. `bodyHash` is SHA-256 of the body in hex, always of the body that came.
 *
 * @throws SignatureError incomplete or mismatch, where the request is nothing that a client can have signed.
 */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  bodyHash: string,
): string {
  assertRequestLine(request)
  let headers = ''
  for (const name of signedHeaders) {
    const value = canonicalValue(request, name)
    if (value === undefined) throw new SignatureError('mismatch')
    headers += `${name}:${value}\n`
  }
  const { method, path, query } = request
  const beginning = `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}`
  return `${beginning}\n${headers}\n${signedHeaders.join(';')}\n${bodyHash}`
}

/**
 * The path as it came, percent-encoded once more, which SigV4 wants of every service but S3. Signers resolve `.`, `..` and `//` first;
 * here such a path stays what it is and so never verifies, and no two paths have the same signature.
 */
function canonicalPath(path: string): string {
  if (path === '/') return path
  return path.replaceAll(RESERVED_IN_PATH, percentEncoded)
}

/** The parameters in order of name, then value. */
function canonicalQuery(query: string): string {
  if (query === '') return ''
  return queryPairs(query)
    .toSorted(([name, value], [otherName, otherValue]) =>
      name === otherName ? order(value, otherValue) : order(name, otherName),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** Names and values of a query, each with exactly those characters percent-encoded that must be; a plus is a plus. */
export function queryPairs(query: string): [name: string, value: string][] {
  if (query === '') return []
  return query.split('&').map((pair) => {
    const equals = pair.indexOf('=')
    if (equals === -1) return [normalized(pair), '']
    return [normalized(pair.slice(0, equals)), normalized(pair.slice(equals + 1))]
  })
}

function normalized(text: string): string {
  return text.replaceAll(ESCAPE_OR_RESERVED, (found, hex: string | undefined) =>
    hex === undefined
      ? percentEncoded(found)
      : String.fromCodePoint(Number.parseInt(hex, 16)).replace(RESERVED, percentEncoded),
  )
}

/** One character below 256, which stands for one byte. */
function percentEncoded(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return `%${hex.toUpperCase().padStart(2, '0')}`
}

/** The order of bytes, which localeCompare is not. */
function order(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
