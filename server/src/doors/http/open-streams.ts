import type { ServerResponse } from 'node:http'
import type { HttpResponse } from './message.ts'

/** Answers that go on: written as fast as their readers read, and ended when a reader is too slow or the server stops. */

/** How long a reader may leave what was written unread, in milliseconds. Nothing more is made meanwhile, so memory is bounded. */
const UNREAD_MS_MAX = 10_000

export class OpenStreams {
  readonly #open = new Set<AbortController>()
  #ended = false
  readonly #unreadMs: number

  constructor(unreadMs = UNREAD_MS_MAX) {
    this.#unreadMs = unreadMs
  }

  /** Writes what comes until it ends, the reader is gone, or it does not read. It never throws. */
  async write(
    response: ServerResponse,
    answer: HttpResponse,
    stream: NonNullable<HttpResponse['stream']>,
  ): Promise<void> {
    const gone = new AbortController()
    this.#open.add(gone)
    // A reader that left before there was an answer says so no more.
    if (this.#ended || response.destroyed) gone.abort()
    response.once('close', () => gone.abort())
    // The wait for a silent connection is for readers of answers that end.
    response.socket?.setTimeout(0)
    try {
      // The connection ends with the stream: a server that stops waits for none.
      response.writeHead(answer.status, { ...answer.headers, connection: 'close' })
      for await (const text of stream(gone.signal)) {
        if (gone.signal.aborted) break
        if (!response.write(text) && !(await isRead(response, gone.signal, this.#unreadMs))) {
          response.destroy()
          return
        }
      }
      response.end()
    } catch {
      response.destroy()
    } finally {
      this.#open.delete(gone)
    }
  }

  /** Ends all of them: their readers come again, elsewhere or later. */
  end(): void {
    this.#ended = true
    for (const gone of this.#open) gone.abort()
  }
}

/** Whether the reader takes what was written, in time. */
function isRead(response: ServerResponse, gone: AbortSignal, unreadMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (read: boolean) => {
      clearTimeout(timer)
      // A stream may wait here any number of times: it leaves nothing behind.
      response.off('drain', drained)
      gone.removeEventListener('abort', left)
      resolve(read)
    }
    const drained = () => settle(true)
    const left = () => settle(false)
    const timer = setTimeout(left, unreadMs)
    response.once('drain', drained)
    gone.addEventListener('abort', left)
    if (gone.aborted) left()
  })
}
