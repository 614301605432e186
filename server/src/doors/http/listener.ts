import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { HttpDoor, HttpResponse } from './message.ts'

/** The bare listener of node:http: it reads bounded requests, hands them to a door, and writes what the door says. */

/** How long a client may take, in milliseconds: for its headers, for its whole request; and how often that is looked at. */
export interface Patience {
  readonly headersMs: number
  readonly requestMs: number
  readonly lookEveryMs: number
}

export const PATIENCE: Patience = Object.freeze({
  headersMs: 10_000,
  requestMs: 30_000,
  lookEveryMs: 5_000,
})
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const HEADER_BYTES_MAX = 16_384
/** A body of this length is read at any address. */
const COMMON_BYTES_MAX = 65_536
const CONNECTIONS_MAX = 10_000
/** For how long a body that was refused is still read, in milliseconds. */
const LINGER_MS = 1_000
/** A response that a client does not read is given up after this long. */
const IDLE_SOCKET_TIMEOUT_MS = 120_000

export interface ListenerOptions {
  readonly door: HttpDoor
  readonly host: string
  readonly port: number
  /** PEM; plain HTTP without it. */
  readonly tls?: { readonly certificate: Uint8Array; readonly key: Uint8Array }
  /** Starts request ids, so that they are unique over restarts. */
  readonly idPrefix: string
  /** {@link PATIENCE} unless given. */
  readonly patience?: Patience
}

export interface Listener {
  /** The address it listens on. */
  readonly host: string
  readonly port: number
  /** Stops accepting, lets what is under way finish within `graceMs`, then closes what is left. */
  drain(graceMs: number): Promise<void>
}

/** Starts to listen. Resolves when connections are accepted. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { door, patience = PATIENCE } = options
  let draining = false
  let count = 0
  /** Connections whose last answer is on its way: whatever still comes of them is answered by nothing more. */
  const answered = new WeakSet<Duplex>()
  const nextId = () => `${options.idPrefix}-${(count += 1).toString(36)}`

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const id = nextId()
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    const path = mark === -1 ? url : url.slice(0, mark)
    const method = request.method ?? 'GET'
    const announced = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)
    // Finding out what an address takes costs a look-up, which a body within the common limit does not need.
    const limit = announced <= COMMON_BYTES_MAX ? COMMON_BYTES_MAX : door.bodyLimit(method, path)
    if (draining) response.setHeader('connection', 'close')
    if (announced > limit && announced !== Number.POSITIVE_INFINITY) {
      tooLarge(request, response, id)
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    let refused = false
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (refused) return
      if (size > limit) {
        refused = true
        tooLarge(request, response, id)
      } else chunks.push(chunk)
    })
    request.on('end', () => {
      if (refused) return
      const [only] = chunks
      const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
      const message = {
        method,
        path,
        query: mark === -1 ? '' : url.slice(mark + 1),
        headers: request.headers,
        body,
        source: request.socket.remoteAddress ?? 'unknown',
        id,
      }
      // A door answers every error itself; should it fail all the same, the connection is cut rather than left hanging.
      door.respond(message).then(
        (answer) => write(response, answer),
        () => response.destroy(),
      )
    })
    request.on('error', () => response.destroy())
  }

  /**
   * Says no, and closes once what is still coming has come or a moment has passed; it is read and thrown away. To close at once would
   * reset the connection, and the answer would be lost on its way (RFC 9112 section 9.6).
   */
  function tooLarge(request: IncomingMessage, response: ServerResponse, id: string): void {
    response.setHeader('connection', 'close')
    answered.add(request.socket)
    const { body } = writeHead(response, door.refuse('payload_too_large', id))
    response.write(body)
    const close = () => {
      clearTimeout(timer)
      response.end()
    }
    const timer = setTimeout(close, LINGER_MS)
    request.once('end', close)
    request.once('close', close)
    request.resume()
  }

  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: patience.lookEveryMs,
  }
  const server: Server =
    options.tls === undefined
      ? createHttpServer(limits, serve)
      : createTlsServer(
          {
            ...limits,
            cert: Buffer.from(options.tls.certificate),
            key: Buffer.from(options.tls.key),
            minVersion: 'TLSv1.2',
          },
          serve,
        )
  server.maxConnections = CONNECTIONS_MAX
  server.setTimeout(IDLE_SOCKET_TIMEOUT_MS)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (answered.has(socket)) socket.end()
    else if (socket.writable && error.code !== 'ECONNRESET')
      socket.end(rawResponse(door.refuse(refusalOf(error), nextId())))
    else socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new TypeError('The server listens on no port')
  return {
    host: address.address,
    port: address.port,
    async drain(graceMs) {
      draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function write(response: ServerResponse, answer: HttpResponse): void {
  if (response.headersSent || response.destroyed) return
  writeHead(response, answer)
  response.end(answer.body)
}

function writeHead(response: ServerResponse, answer: HttpResponse): HttpResponse {
  const length =
    typeof answer.body === 'string' ? Buffer.byteLength(answer.body) : answer.body.length
  response.writeHead(answer.status, { ...answer.headers, 'content-length': length })
  return answer
}

function refusalOf(error: NodeJS.ErrnoException) {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout'
  return 'invalid_request'
}

/** For a connection whose request could not even be parsed. */
function rawResponse(answer: HttpResponse): string {
  const body = typeof answer.body === 'string' ? answer.body : ''
  const headers = Object.entries({
    ...answer.headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  })
  return `HTTP/1.1 ${answer.status} Refused\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
