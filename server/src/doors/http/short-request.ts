/**
 * A request whose body can be had as it is parsed, past the stream that node:http makes of it. Nearly all bodies are short and come with
 * their headers; the stream's turns and events cost such a request more than all else that is done to read it (docs/performance.md).
 */

import { Pieces } from './pieces.ts'

// As in listener.ts: an import would load more than it says.
const { IncomingMessage } = process.getBuiltinModule('node:http')

export class ShortRequest extends IncomingMessage {
  /** Its connection cannot be read beyond it. */
  endsConnection = false
  #take: ((body: Buffer) => void) | undefined
  readonly #pieces = new Pieces()
  #isTaken = false

  /**
   * Calls `take` with the whole body once it has come; never, where the connection ends before, which the request then says as an error.
   * All of it is held in memory, so the caller has made sure that it is short. To be called before anything of the body has come.
   */
  takeBody(take: (body: Buffer) => void): void {
    this.#take = take
    // Nothing comes of it, but a request that nobody reads is read and thrown away.
    this.read(0)
  }

  /** What the parser calls with each part of the body, and with null at its end. */
  override push(chunk: Buffer | null): boolean {
    const take = this.#take
    if (take === undefined) return super.push(chunk)
    if (chunk !== null) {
      this.#pieces.add(chunk)
      return true
    }
    this.#isTaken = true
    take(this.#pieces.take())
    return true
  }

  static {
    // The stream never begins, so it would never say that it has ended, which node:http asks. TypeScript knows a plain property here.
    Object.defineProperty(this.prototype, 'readableEnded', {
      get(this: ShortRequest): unknown {
        return this.#isTaken || Reflect.get(IncomingMessage.prototype, 'readableEnded', this)
      },
    })
  }
}
