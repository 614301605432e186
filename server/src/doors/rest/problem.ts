import { errorCodes, type ErrorCode, type Problem } from '@claviger/contract'
import type { HttpResponse } from '#http'

/** RFC 9457 problem details: how every error of this door looks. */

const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }

export function problem(code: ErrorCode, detail: string, request: string, field?: string): HttpResponse {
  const { status, title } = errorCodes[code]
  const body: Problem = {
    type: `urn:claviger:error:${code}`,
    title,
    status,
    code,
    detail,
    request,
    ...(field === undefined ? {} : { field }),
  }
  return {
    status,
    headers: {
      ...headers,
      'claviger-request': request,
      // RFC 9110 section 11.6.1: a 401 says how to authenticate.
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="claviger"' } : {}),
      ...(status === 503 || status === 429 ? { 'retry-after': '1' } : {}),
    },
    body: JSON.stringify(body),
  }
}
