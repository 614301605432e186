import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpDoor, HttpRequest, HttpResponse } from './message.ts'
import { OpenStreams } from './open-streams.ts'
import { certificateOf, isEncrypted } from './peer.ts'
import { Pieces } from './pieces.ts'
import type { ShortRequest } from './short-request.ts'
import { Turn } from './turn.ts'

/** Reads a request whole, within its bounds, hands it to a door, and writes what the door says. */

/** A body of this length is read at any address. */
const COMMON_BYTES_MAX = 65_536
/** What all longer bodies together may hold: they are read before anybody is authenticated. */
const HELD_BYTES_MAX = 268_435_456
/** For how long a body that was refused is still read, in milliseconds. */
const LINGER_MS = 1_000

/** What is known of a connection. */
interface Connection {
  /**
   * The answer to what came last, until it is written. It is not held longer: from an object as old as its connection, answers grow old
   * with all that hangs on them (docs/performance.md).
   */
  last: ServerResponse | undefined
  /** The answer to what came last ends it: nothing that comes behind is begun (RFC 9112 section 9.6). */
  isLast: boolean
  /** Its last answer is made, and ends it by itself: whatever still comes is answered by nothing more. */
  isAnswered: boolean
  /** It cannot be read any more, and ends when what was read of it is answered. */
  isUnreadable: boolean
}

export class Reader {
  readonly #door: HttpDoor
  readonly #idPrefix: string
  #count = 0
  readonly #connections = new WeakMap<Duplex, Connection>()
  /** Bytes of long bodies in memory now. */
  #held = 0
  readonly #streams = new OpenStreams()
  readonly #turn = new Turn()
  #draining = false

  constructor(door: HttpDoor, idPrefix: string) {
    this.#door = door
    this.#idPrefix = idPrefix
  }

  /** From now on the last answer on a connection ends it, and streams end. */
  drain(): void {
    this.#draining = true
    this.#streams.end()
  }

  serve(request: ShortRequest, response: ServerResponse): void {
    const connection = this.#connection(request.socket)
    if (connection.isLast) {
      request.resume()
      return
    }
    const id = this.#nextId()
    connection.last = response
    if (request.endsConnection) {
      connection.isLast = true
      response.setHeader('connection', 'close')
    }
    request.on('error', () => response.destroy())
    // RFC 9112 section 3.2: as node:http would, with nothing said.
    if (request.headers.host === undefined && request.httpVersionMinor === 1) {
      this.#turnAway(request, response, id, 'invalid_request')
      return
    }
    const begin = (body: Uint8Array) => {
      const message = messageOf(request, body, id)
      this.#turn.add(() => void this.#respond(message, response, connection))
    }
    const announced = announcedLength(request.headers)
    if (announced <= COMMON_BYTES_MAX) request.takeBody(begin)
    else this.#readLong(request, response, { announced, id, begin })
  }

  /** Reads a body that is long, or of a length that nobody said: only as much as its address takes, and as there is room for. */
  #readLong(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { announced: number; id: string; begin: (body: Uint8Array) => void },
  ): void {
    const { announced, id, begin } = asked
    const limit = this.#door.bodyLimit(request.method ?? 'GET', splitUrl(request).path)
    if (announced > limit && announced !== Number.POSITIVE_INFINITY) {
      this.#turnAway(request, response, id, 'payload_too_large')
      return
    }
    const pieces = new Pieces()
    let size = 0
    let refused = false
    let held = 0
    /** Whether there is room for more of a long body; it is given back when the answer has left or the connection is gone. */
    const hold = (bytes: number) => {
      if (held === 0) response.once('close', () => void (this.#held -= held))
      held += bytes
      this.#held += bytes
      return this.#held <= HELD_BYTES_MAX
    }
    const turnAway = (code: 'payload_too_large' | 'overloaded') => {
      refused = true
      pieces.take()
      this.#turnAway(request, response, id, code)
    }
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (refused) return
      if (size > limit) turnAway('payload_too_large')
      else if (size > COMMON_BYTES_MAX && !hold(chunk.length)) turnAway('overloaded')
      else pieces.add(chunk)
    })
    request.on('end', () => {
      if (!refused) begin(pieces.take())
    })
  }

  /** A door answers every error itself; should it fail all the same, the connection is cut rather than left hanging. It never throws. */
  async #respond(
    message: HttpRequest,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> {
    try {
      const answer = await this.#door.respond(message)
      // Said when it is answered: of what was asked before the end, too, unless more of its connection is still to be answered.
      if (this.#draining && connection.last === response) {
        connection.isLast = true
        response.setHeader('connection', 'close')
      }
      if (answer.stream === undefined) write(response, answer)
      else {
        connection.isLast = true
        await this.#streams.write(response, answer, answer.stream)
      }
      // Its bytes come before whatever is written to the socket from now on, unless another answer still has the socket.
      if (connection.last === response && response.socket !== null) connection.last = undefined
    } catch {
      response.destroy()
    }
  }

  /**
   * What node:http could not read, or waited for in vain. Where something before it is still being answered, this is not said: it would
   * stand in the midst of that answer, or be taken for it.
   */
  refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = this.#connection(socket)
    if (connection.isUnreadable || connection.isAnswered) return
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else {
      const { last } = connection
      const answered = last && whenAnswered(last)
      if (answered === undefined)
        socket.end(rawResponse(this.#door.refuse(refusalOf(error), this.#nextId())))
      else {
        connection.isUnreadable = true
        last?.once(answered, () => socket.end())
      }
    }
  }

  /**
   * Says no, and closes once what is still coming has come or a moment has passed; it is read and thrown away. To close at once would
   * reset the connection, and the answer would be lost on its way (RFC 9112 section 9.6).
   */
  #turnAway(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    code: 'payload_too_large' | 'overloaded' | 'invalid_request',
  ): void {
    response.setHeader('connection', 'close')
    const connection = this.#connection(request.socket)
    connection.isLast = true
    connection.isAnswered = true
    const { method = 'GET' } = request
    const answer = this.#door.refuse(code, id, { method, path: splitUrl(request).path })
    writeHead(response, answer)
    response.write(answer.body)
    const close = () => {
      clearTimeout(timer)
      response.end()
    }
    const timer = setTimeout(close, LINGER_MS)
    request.once('end', close)
    request.once('close', close)
    request.resume()
  }

  #connection(socket: Duplex): Connection {
    let connection = this.#connections.get(socket)
    if (connection === undefined) {
      connection = { last: undefined, isLast: false, isAnswered: false, isUnreadable: false }
      this.#connections.set(socket, connection)
    }
    return connection
  }

  #nextId(): string {
    this.#count += 1
    return `${this.#idPrefix}-${this.#count.toString(36)}`
  }
}

/**
 * What the answer to what came last says once everything is answered that its connection asked whole; undefined where nothing is being
 * answered. Nobody answers what did not come whole, but it gets the connection when those before it have their answers.
 */
function whenAnswered(last: ServerResponse): 'close' | 'socket' | undefined {
  if (last.writableFinished) return undefined
  if (last.req.complete) return 'close'
  return last.socket === null ? 'socket' : undefined
}

function write(response: ServerResponse, answer: HttpResponse): void {
  if (response.headersSent || response.destroyed) return
  const length = writeHead(response, answer)
  // What is all ASCII is written without looking for what is not, by the other encoding.
  if (typeof answer.body === 'string' && length === answer.body.length)
    response.end(answer.body, 'latin1')
  else response.end(answer.body)
}

/** Gives the length of the body in bytes. */
function writeHead(response: ServerResponse, answer: HttpResponse): number {
  const length =
    typeof answer.body === 'string' ? Buffer.byteLength(answer.body) : answer.body.length
  // As a list, which node:http writes as it stands. A 304 would say the length of what it does not send (RFC 9110 section 8.6).
  const headers: (string | number)[] = answer.status === 304 ? [] : ['content-length', length]
  for (const name of Object.keys(answer.headers)) headers.push(name, answer.headers[name] ?? '')
  response.writeHead(answer.status, headers)
  return length
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

/** How long a body will be, in bytes; infinite where that is not said, and comes in pieces (RFC 9112 section 6.3). */
function announcedLength(headers: IncomingHttpHeaders): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY
  return Number(headers['content-length'] ?? 0)
}

/** A request that has come whole, as a value. */
function messageOf(request: IncomingMessage, body: Uint8Array, id: string): HttpRequest {
  const { socket } = request
  const { path, query } = splitUrl(request)
  const secure = isEncrypted(socket)
  return {
    method: request.method ?? 'GET',
    path,
    query,
    headers: request.headers,
    distinctHeaders: () => distinct(request),
    body,
    // Asked now: a connection that is gone by the end of the turn has no address any more.
    source: socket.remoteAddress ?? 'unknown',
    secure,
    certificate: secure ? certificateOf(socket) : undefined,
    id,
  }
}

function splitUrl(request: IncomingMessage): { path: string; query: string } {
  const url = originForm(request.url ?? '/')
  const mark = url.indexOf('?')
  return mark === -1
    ? { path: url, query: '' }
    : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}

/** The scheme and the host of a whole address, which every server is to take (RFC 9112 section 3.2.2). */
const WHOLE = /^https?:\/\/[^/?]*/i

function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const host = WHOLE.exec(url)
  if (host === null) return url
  const rest = url.slice(host[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Names and values stand in turn in what was sent; where no name comes twice, nothing was joined and nothing left out. */
function distinct(request: IncomingMessage) {
  const { headers } = request
  let names = 0
  for (const _ in headers) names += 1
  return request.rawHeaders.length === 2 * names ? headers : request.headersDistinct
}
