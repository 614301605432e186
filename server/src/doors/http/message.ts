import type { PeerCertificate } from '#model'

/**
 * A request and a response as values, so that a door is a function between them and a test needs no socket. Everything in a request is
 * attacker-chosen and already bounded by the server that read it.
 */
export interface HttpRequest {
  readonly method: string
  /** Without the query; still percent-encoded. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The same with every value of a header that came several times, for whoever must know exactly what was sent. */
  distinctHeaders(): Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
  /** The peer's address. */
  readonly source: string
  /** Whether it came encrypted, as far as this server: a proxy may have taken TLS away. */
  readonly secure?: boolean
  /** The peer's certificate, where an authority that the listener was given vouches for it. */
  readonly certificate?: PeerCertificate | undefined
  /** The id of this request, made here. */
  readonly id: string
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** A body without an end, in place of the other: text as it comes, until the reader is gone, which the signal says. */
  readonly stream?: (gone: AbortSignal) => AsyncIterable<string>
}

/** What serves one protocol over HTTP. */
export interface HttpDoor {
  /** The most bytes a body may have at this address; at least 64 KiB, which the listener reads without asking. */
  bodyLimit(method: string, path: string): number
  respond(request: HttpRequest): Promise<HttpResponse>
  /** What a request that could not be read is answered with; what it was sent to, where that much was read. */
  refuse(
    code:
      | 'invalid_request'
      | 'payload_too_large'
      | 'request_timeout'
      | 'headers_too_large'
      | 'overloaded',
    id: string,
    sentTo?: { readonly method: string; readonly path: string },
  ): HttpResponse
}
