import type { HttpDoor, HttpRequest, HttpResponse } from '#http'
import { addresses, readFiles, type Served } from './files.ts'
import { strictHeaders } from './headers.ts'

/** A door that also says which requests are its own. */
export interface ConsoleDoor extends HttpDoor {
  readonly takes: (path: string, method: string) => boolean
}

/** No page takes a body; this is what the listener reads without asking. */
const BODY_BYTES_MAX = 65_536

/** Kept by the browser, but asked about each time: what is shown is what this server has. */
const CACHING = 'no-cache'

/** Where somebody goes who opens the server's address; whoever is not logged in goes on to the login. */
const HOME = '/account'

const refused: ReadonlyMap<string, number> = new Map([
  ['payload_too_large', 413],
  ['overloaded', 503],
])

/** The door of the pages. Nothing is read before somebody asks for a page. */
export function createConsoleDoor(): ConsoleDoor {
  let files: ReadonlyMap<string, Served> | undefined

  function answer(request: HttpRequest): HttpResponse {
    if (!isReading(request.method)) return words(405, 'Pages are only read', { allow: 'GET, HEAD' })
    if (request.path === '/') return words(303, `The pages begin at ${HOME}`, { location: HOME })
    files ??= readFiles()
    const file = files.get(request.path)
    if (file === undefined) return words(404, 'There is no such page')
    const headers = { ...strictHeaders, 'cache-control': CACHING, etag: file.etag }
    if (isKnown(request.headers['if-none-match'], file.etag))
      return { status: 304, headers, body: '' }
    return { status: 200, headers: { ...headers, 'content-type': file.type }, body: file.body }
  }

  return {
    // Most requests are for the other doors, which have everything under /v1; and clients of AWS, which only POST, call at /.
    takes: (path, method) =>
      !path.startsWith('/v1/') && (addresses.has(path) || (path === '/' && isReading(method))),
    bodyLimit: () => BODY_BYTES_MAX,
    respond: async (request) => answer(request),
    refuse: (code) => words(refused.get(code) ?? 400, 'The request cannot be read'),
  }
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** RFC 9110 section 13.1.2; the weak comparison. */
function isKnown(condition: string | readonly string[] | undefined, etag: string): boolean {
  if (typeof condition !== 'string') return false
  return condition
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === '*' || tag === etag || tag === `W/${etag}`)
}

function words(status: number, text: string, more: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers: {
      ...strictHeaders,
      ...more,
      'cache-control': 'no-store',
      'content-type': 'text/plain; charset=utf-8',
    },
    body: `${text}\n`,
  }
}
