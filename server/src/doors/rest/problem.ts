import { errorCodes, type ErrorCode, type Problem } from '@claviger/contract'
import type { HttpResponse } from '#http'

/** RFC 9457 problem details: how every error of this door looks. */

const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }

/** `allow` are the methods that an address knows, for method_not_allowed. */
export function problem(
  code: ErrorCode,
  detail: string,
  request: string,
  field?: string,
  allow?: readonly string[],
  demands: Pick<Problem, 'stepUp' | 'approval'> = {},
): HttpResponse {
  const { status, title } = errorCodes[code]
  const body: Problem = {
    type: `urn:claviger:error:${code}`,
    title,
    status,
    code,
    detail,
    request,
    ...(field === undefined ? {} : { field }),
    ...demands,
  }
  return {
    status,
    headers: {
      ...headers,
      'claviger-request': request,
      // RFC 9110 section 11.6.1: a 401 says how to authenticate.
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="claviger"' } : {}),
      ...(status === 503 || status === 429 ? { 'retry-after': '1' } : {}),
      // RFC 9110 section 15.5.6: a 405 says what is allowed.
      ...(allow === undefined ? {} : { allow: allow.join(', ') }),
    },
    body: JSON.stringify(body),
  }
}
