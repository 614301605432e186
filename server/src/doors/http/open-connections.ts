import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ShortRequest } from './short-request.ts'

/** The connections of a listener, and their end. */

const { Server: NetServer } = process.getBuiltinModule('node:net')

/** How often it is looked for connections whose last answer has left, in milliseconds. */
const IDLE_LOOK_MS = 50

export class OpenConnections {
  readonly #server: Server<typeof ShortRequest>
  /** Where TLS is spoken, each encrypted connection and the one under it, which is there before: node:http knows those that ask. */
  readonly #open = new Set<Socket>()

  constructor(server: Server<typeof ShortRequest>) {
    this.#server = server
    const add = (socket: Socket) => {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
    }
    server.on('connection', add)
    server.on('secureConnection', add)
  }

  /** Stops accepting, lets what is under way finish within `graceMs`, then closes what is left. */
  async drain(graceMs: number): Promise<void> {
    // The close of node:http would at once cut off what it takes for idle, and reset connections under requests that are on their way.
    const closed = new Promise<void>((resolve) =>
      NetServer.prototype.close.call(this.#server, () => resolve()),
    )
    // Who asks before it could know is answered, and told that this was the last; what has come by then is read before a look closes what
    // asks nothing.
    const look = setInterval(() => setImmediate(() => this.#closeIdle()), IDLE_LOOK_MS)
    const timer = setTimeout(() => {
      for (const socket of this.#open) socket.destroy()
    }, graceMs)
    await closed
    clearInterval(look)
    clearTimeout(timer)
  }

  /**
   * Closes what has said nothing, and what asks nothing. An answer that was given is done for node:http, and its reader may be far behind:
   * nobody of those who asked is hurried while one is.
   */
  #closeIdle(): void {
    for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy()
    for (const { writableLength } of this.#open) if (writableLength > 0) return
    this.#server.closeIdleConnections()
  }
}
