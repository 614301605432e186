import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An issuer that answers every code with the ID token that a test makes, and every other question as it is told. */

type Json = Readonly<Record<string, unknown>>

/** A token that says this, with a signature where there is a key. */
export function tokenOf(header: Json, claims: Json, key?: KeyObject): string {
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature =
    key === undefined
      ? ''
      : sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString(
          'base64url',
        )
  return `${signed}.${signature}`
}

export const ES256 = { alg: 'ES256', kid: 'one' }

export class LyingIssuer implements AsyncDisposable {
  readonly issuer: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** What it answers the next code with. */
  idToken = ''
  /** What its metadata say otherwise. */
  metadata: Json = {}
  /** Where a path is redirected to. */
  readonly redirects = new Map<string, string>()
  /** The paths that were asked for. */
  readonly asked: string[] = []
  readonly #server: Server

  private constructor(server: Server) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.privateKey = privateKey
    this.publicKey = publicKey
    this.#server = server
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      request.resume()
      const path = request.url ?? ''
      this.asked.push(path)
      const elsewhere = this.redirects.get(path)
      if (elsewhere !== undefined) {
        response.writeHead(302, { location: elsewhere }).end()
        return
      }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(this.#answer(path)))
    })
  }

  static async start(): Promise<LyingIssuer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new LyingIssuer(server)
  }

  #answer(path: string): object {
    switch (path) {
      case '/.well-known/openid-configuration':
        return {
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
          ...this.metadata,
        }
      case '/keys':
        return {
          keys: [{ ...this.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }],
        }
      case '/token':
        return { access_token: 'a', token_type: 'Bearer', id_token: this.idToken }
      default:
        return {}
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
