import { setTimeout as wait } from 'node:timers/promises'
import { operations, type OutputOf } from '@claviger/contract'
import { checkedAddress, readAnswer, type ClientOptions } from './call/index.ts'
import { createClient } from './client.ts'
import { ClavigerApiError, ClavigerConnectionError } from './errors.ts'

/** Notices as they come, over the server's event stream (WHATWG HTML, section 9.2). */

/** How long nothing may come before the connection counts as dead; the server says something every 15 s. In milliseconds. */
const SILENCE_MS_MAX = 45_000
const PAUSE_MS_FIRST = 1_000
const PAUSE_MS_MAX = 30_000
/** Characters of one event. */
const EVENT_LENGTH_MAX = 1_048_576
/** What a later attempt cannot change. */
const FINAL: ReadonlySet<string> = new Set([
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'not_found',
])

export type Notice = OutputOf<'notice.list'>['items'][number]

export interface WatchOptions {
  /** Only notices about this key: its id, or an alias. */
  readonly key?: string | undefined
  /** Only notices about the key of this dependent. */
  readonly dependent?: string | undefined
  /** Only notices after this index of the ledger; from now on unless given. */
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
}

interface Event {
  readonly name: string
  readonly data: string
}

/** The events of a stream's text; comments and what is not whole are passed over. */
export async function* eventsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      text = text.slice(end + 2)
      const data = fields.get('data')
      if (data !== undefined) yield { name: fields.get('event') ?? 'message', data }
    }
    if (text.length > EVENT_LENGTH_MAX) throw new Error('an event is too long')
  }
}

/** The chunks as they come; each puts off the end that silence brings. */
async function* alive(
  body: AsyncIterable<Uint8Array>,
  silence: NodeJS.Timeout,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    silence.refresh()
    yield chunk
  }
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function ended(data: string): ClavigerApiError | undefined {
  const { code } = JSON.parse(data) as { code: ClavigerApiError['code'] }
  if (!FINAL.has(code)) return undefined
  const detail = 'The stream ended: the credential may not read it any more'
  return new ClavigerApiError({ code, status: 403, title: detail, detail, requestId: '' })
}

/**
 * Every notice from now on (or after an index), each once and in order. It connects again by itself, and goes on where it was; it ends
 * when the signal says so.
 *
 * @throws ClavigerApiError where the caller may not, or not any more
 */
export async function* watchNotices(
  options: ClientOptions,
  { key, dependent, after, signal }: WatchOptions = {},
): AsyncGenerator<Notice> {
  const { address } = checkedAddress(options)
  const client = createClient(options)
  const about = {
    ...(key === undefined ? {} : { key }),
    ...(dependent === undefined ? {} : { dependent }),
  }
  // Where it begins is known before the first connection, so that nothing is lost where that breaks.
  let last = after ?? (await client.notice.list({ ...about, limit: 1 }, { signal })).next
  const url = `${address}/v1/events?${new URLSearchParams(about).toString()}`
  const send = options.fetch ?? globalThis.fetch
  for (let pause = PAUSE_MS_FIRST; !isOver(signal);) {
    const silent = new AbortController()
    // From the beginning: a server may take a connection and never answer.
    const silence = setTimeout(() => silent.abort(), SILENCE_MS_MAX)
    try {
      const response = await send(url, {
        headers: {
          accept: 'text/event-stream',
          'last-event-id': String(last),
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        },
        redirect: 'error',
        signal: signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]),
      })
      if (!response.ok) await readAnswer(operations['notice.list'], response, address)
      if (response.body === null) throw new Error('an answer without a body')
      for await (const { name, data } of eventsIn(alive(response.body, silence))) {
        pause = PAUSE_MS_FIRST
        if (name === 'end') {
          const error = ended(data)
          if (error !== undefined) throw error
          break
        }
        const notice = JSON.parse(data) as Notice
        if (notice.data.notice <= last) continue
        last = notice.data.notice
        yield notice
      }
    } catch (error) {
      if (isOver(signal)) return
      if (error instanceof ClavigerApiError && FINAL.has(error.code)) throw error
      if (error instanceof ClavigerConnectionError && error.failure === 'not-claviger') throw error
    } finally {
      clearTimeout(silence)
      silent.abort()
    }
    await wait(pause, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
    pause = Math.min(pause * 2, PAUSE_MS_MAX)
  }
}
