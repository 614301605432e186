import type { HttpRequest, HttpResponse } from '#http'
import { ClavigerError } from '#model'
import type { Credential } from '#operations'

/**
 * A browser's login. No script reads the cookie, no other host and no unencrypted page sets it (RFC 6265bis section 4.1.3), and no other
 * site's page has it sent along. What changes something needs a code beside it all the same, and comes from a page of this server.
 */

const NAME = '__Host-claviger'
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict'
const TEXT_MAX = 256

/** What the cookie presents; undefined where there is none, or more than one. */
export function cookieCredential(request: HttpRequest): Credential | undefined {
  const header = request.headers['cookie']
  if (typeof header !== 'string') return undefined
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`))
  const [pair] = found
  if (pair === undefined || found.length > 1 || pair.length > TEXT_MAX) return undefined
  const csrf = request.headers['claviger-csrf']
  return {
    kind: 'cookie',
    token: pair.slice(NAME.length + 1),
    reads: request.method === 'GET',
    csrf: typeof csrf === 'string' ? csrf : undefined,
  }
}

/**
 * Browsers say where a request comes from (RFC 6454 section 7). Only the host is compared: a proxy that takes TLS away changes the scheme.
 *
 * @throws ClavigerError forbidden for a page of another host
 */
export function assertOwnOrigin(request: HttpRequest): void {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  const isForeign =
    (origin !== undefined && URL.parse(String(origin))?.host !== host) ||
    site === 'cross-site' ||
    site === 'same-site'
  if (isForeign && request.method !== 'GET')
    throw new ClavigerError('forbidden', 'The request comes from a page of another site')
}

/** Puts a new login's token into the cookie instead of the answer, or takes the cookie away. */
export function withCookie(
  how: { readonly carried: boolean; readonly ends: boolean },
  output: unknown,
  answer: (output: unknown) => HttpResponse,
): HttpResponse {
  if (how.ends) return setting(answer(output), `${NAME}=; Max-Age=0; ${ATTRIBUTES}`)
  if (!how.carried || typeof output !== 'object' || output === null || !('token' in output))
    return answer(output)
  const { token, ...told } = output
  return setting(answer(told), `${NAME}=${String(token)}; ${ATTRIBUTES}`)
}

function setting(response: HttpResponse, cookie: string): HttpResponse {
  return { ...response, headers: { ...response.headers, 'set-cookie': cookie } }
}
