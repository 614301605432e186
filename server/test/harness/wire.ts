import { connect, type Socket } from 'node:net'
import type { Answer } from './server-process.ts'

/**
 * One connection that is kept, and one request on it at a time: the cheapest client there is, so that the load is the server's. It
 * reads answers with a content-length, which are all the server's.
 */
export class Wire {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<Answer> | undefined
  #sentAt = 0

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', (error) => this.#waiting?.reject(error))
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')))
  }

  request(path: string, body: string, token: string): Promise<Answer> {
    this.#waiting = Promise.withResolvers()
    const { promise } = this.#waiting
    this.#sentAt = performance.now()
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    return promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = this.#received.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
    if (this.#received.length < end + 4 + length) return
    const answer = {
      status: Number(head.slice(9, 12)),
      body: Buffer.from(this.#received.subarray(end + 4)),
      sentAt: this.#sentAt,
      answeredAt: performance.now(),
    }
    this.#received = Buffer.alloc(0)
    this.#waiting?.resolve(answer)
  }
}
