import type { InputOf, OutputOf } from '@claviger/contract'
import type { HttpRequest } from '#http'
import { ClavigerError, toClavigerError } from '#model'

/**
 * The event stream (WHATWG HTML, section 9.2, server-sent events): each event is one notice, and its id the notice's index in the
 * ledger, so that a stream goes on where the one before broke off. Each look at the ledger passes the gate with the credential of the
 * request: who may not any more is told so, and the stream ends.
 */

/** How often it is seen whether something changed, and how long there is silence at most, in milliseconds. */
const LOOK_MS = 100
const HEARTBEAT_MS = 15_000
/** Streams open at once: in all, of one tenant, and of one principal. */
const STREAMS_MAX = 256
const STREAMS_PER_TENANT_MAX = 64
const STREAMS_PER_PRINCIPAL_MAX = 16
const ITEMS_PER_LOOK = 100

export type NoticePage = OutputOf<'notice.list'>
export type ListNotices = (input: InputOf<'notice.list'>) => Promise<NoticePage>

/** Where a stream begins and what it is about; attacker-chosen. @throws ClavigerError invalid_request */
export function askedFor(request: HttpRequest): InputOf<'notice.list'> {
  const query = new URLSearchParams(request.query)
  for (const name of query.keys())
    if (!['key', 'dependent', 'after'].includes(name))
      throw new ClavigerError('invalid_request', 'Give key, dependent or after', { field: 'query' })
  const key = query.get('key') ?? undefined
  const dependent = query.get('dependent') ?? undefined
  const last = request.headers['last-event-id'] ?? query.get('after') ?? undefined
  if (last !== undefined && (typeof last !== 'string' || !/^\d{1,15}$/.test(last)))
    throw new ClavigerError('invalid_request', 'after: must be the id of an event', {
      field: 'after',
    })
  if ((key?.length ?? 1) > 320 || (dependent?.length ?? 1) > 36 || key === '')
    throw new ClavigerError('invalid_request', 'key: is no key', { field: 'key' })
  return {
    ...(key === undefined ? {} : { key }),
    ...(dependent === undefined ? {} : { dependent }),
    ...(last === undefined ? {} : { after: Number(last) }),
    limit: ITEMS_PER_LOOK,
  }
}

export interface StreamOwner {
  readonly tenant: string
  readonly principal: string
}

/** Counts streams, so that nobody holds all of them. */
export class Streams {
  /** By what each is counted for. */
  readonly #open = new Map<string, number>()

  /** Takes a place, and gives what gives it back. @throws ClavigerError too_many_requests */
  take({ tenant, principal }: StreamOwner): () => void {
    const places = [
      ['all', STREAMS_MAX],
      [`tenant ${tenant}`, STREAMS_PER_TENANT_MAX],
      [`principal ${tenant} ${principal}`, STREAMS_PER_PRINCIPAL_MAX],
    ] as const
    if (places.some(([name, most]) => (this.#open.get(name) ?? 0) >= most))
      throw new ClavigerError('too_many_requests', 'Too many event streams are open; close some')
    for (const [name] of places) this.#open.set(name, (this.#open.get(name) ?? 0) + 1)
    return () => {
      for (const [name] of places) {
        const left = (this.#open.get(name) ?? 1) - 1
        if (left === 0) this.#open.delete(name)
        else this.#open.set(name, left)
      }
    }
  }
}

export interface Watching {
  readonly input: InputOf<'notice.list'>
  /** What was there when the stream began. */
  readonly first: NoticePage
  readonly list: ListNotices
  /** The ledger's revision, which every notice raises. */
  readonly revision: () => number
  readonly heartbeatMs?: number
}

function frames({ items }: NoticePage): string {
  return items
    .map(
      (item) => `id: ${item.data.notice}\nevent: ${item.type}\ndata: ${JSON.stringify(item)}\n\n`,
    )
    .join('')
}

/** Until the ledger has moved on, or it is time to say something; false where the reader is gone. */
async function waitFor(watching: Watching, seen: number, signal: AbortSignal): Promise<boolean> {
  const { heartbeatMs = HEARTBEAT_MS } = watching
  for (let waited = 0; waited < heartbeatMs && !signal.aborted; waited += LOOK_MS) {
    if (watching.revision() !== seen) return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return !signal.aborted
}

/** The text of the stream, until the reader is gone or may not read any more. */
export async function* stream(watching: Watching, signal: AbortSignal): AsyncGenerator<string> {
  let page = watching.first
  yield `retry: 1000\n\n${frames(page)}`
  for (let seen = -1; ;) {
    const isMore = page.items.length === ITEMS_PER_LOOK
    if (!isMore && !(await waitFor(watching, seen, signal))) return
    seen = watching.revision()
    try {
      page = await watching.list({ ...watching.input, after: page.next })
    } catch (thrown) {
      yield `event: end\ndata: ${JSON.stringify({ code: toClavigerError(thrown).code })}\n\n`
      return
    }
    yield page.items.length === 0 ? ': nothing\n\n' : frames(page)
  }
}
