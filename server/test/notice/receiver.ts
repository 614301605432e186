import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A receiver of webhooks on loopback, and what it was told. */

export interface Told {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer = (response: ServerResponse, told: Told) => void

export function taking(response: ServerResponse): void {
  response.writeHead(204).end()
}

/** An answer with a status, and what else the receiver says. */
export function saying(status: number, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(status, headers).end()
}

export class Receiver implements AsyncDisposable {
  readonly told: Told[] = []
  answer: Answer = taking
  /** Connections begun, whatever became of them. */
  connections = 0
  readonly #tls: boolean
  readonly #server

  private constructor(tls: ServerOptions | undefined) {
    const hear = (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('error', () => undefined)
      request.on('end', () => {
        const told = { headers: request.headers, body: Buffer.concat(chunks).toString() }
        this.told.push(told)
        this.answer(response, told)
      })
    }
    this.#tls = tls !== undefined
    this.#server = tls === undefined ? createServer(hear) : createTlsServer(tls, hear)
    this.#server.on('connection', () => (this.connections += 1))
    this.#server.on('tlsClientError', () => undefined)
  }

  /** Over TLS where it is given what for, and on any port unless one is given. */
  static async open(tls?: ServerOptions, port = 0): Promise<Receiver> {
    const receiver = new Receiver(tls)
    await new Promise<void>((resolve) => receiver.#server.listen(port, '127.0.0.1', resolve))
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.port}/hook`
  }

  /** The ids of the messages, in the order they came. */
  get ids(): string[] {
    return this.told.map(({ headers }) => String(headers['webhook-id']))
  }

  /** The types of the notices, in the order they came. */
  get types(): string[] {
    return this.told.map(({ body }) => (JSON.parse(body) as { type: string }).type)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
