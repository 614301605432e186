import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpDoor } from './message.ts'
import { OpenConnections } from './open-connections.ts'
import { Reader } from './reader.ts'
import { ShortRequest } from './short-request.ts'

/** The bare listener of node:http, with its bounds and its end. */

// An import would read everything that node:http exports, and some of it loads a whole HTTP client when it is read: 16 MB.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http')

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
const CONNECTIONS_MAX = 10_000
/** A response that a client does not read is given up after this long. */
const IDLE_SOCKET_TIMEOUT_MS = 120_000

export interface ListenerOptions {
  readonly door: HttpDoor
  readonly host: string
  readonly port: number
  /** PEM; plain HTTP without it. */
  readonly tls?: {
    readonly certificate: Uint8Array
    readonly key: Uint8Array
    /** Who vouches for client certificates, PEM; none are asked for without it. */
    readonly clientAuthorities?: Uint8Array | undefined
  }
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
  const reader = new Reader(door, options.idPrefix)
  const serve = (request: ShortRequest, response: ServerResponse) => reader.serve(request, response)
  const limits = {
    IncomingMessage: ShortRequest,
    // The reader answers it, and begins nothing behind it.
    requireHostHeader: false,
    // Nothing else is spoken here. What came in one piece with such a request is lost: node:http takes it for the other protocol.
    shouldUpgradeCallback(request: ShortRequest) {
      request.endsConnection = true
      return false
    },
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: patience.headersMs,
    requestTimeout: patience.requestMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: patience.lookEveryMs,
  }
  const server: Server<typeof ShortRequest> =
    options.tls === undefined
      ? createHttpServer(limits, serve)
      : // Loaded where it serves: TLS is 7 MB.
        process.getBuiltinModule('node:https').createServer(
          {
            ...limits,
            cert: Buffer.from(options.tls.certificate),
            key: Buffer.from(options.tls.key),
            minVersion: 'TLSv1.2',
            handshakeTimeout: patience.headersMs,
            // Clients without a certificate, or with one of another authority, are served as those who have none.
            ...(options.tls.clientAuthorities === undefined
              ? {}
              : {
                  ca: Buffer.from(options.tls.clientAuthorities),
                  requestCert: true,
                  rejectUnauthorized: false,
                }),
          },
          serve,
        )
  server.maxConnections = CONNECTIONS_MAX
  server.setTimeout(IDLE_SOCKET_TIMEOUT_MS)
  server.on('clientError', (error, socket) => reader.refuse(error, socket))
  // A handshake that fails is a client's error too, and what that is answered with would wait for the handshake for ever.
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
  const connections = new OpenConnections(server)
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
      reader.drain()
      await connections.drain(graceMs)
    },
  }
}
