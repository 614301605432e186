import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { PUBLIC_URL } from './house.ts'

/** A real OpenID Connect provider on loopback, with persons that log in by the words of a test. */

export interface ProviderPerson {
  /** Beside `sub`. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly amr?: readonly string[]
  readonly acr?: string
}

export interface ProviderOptions {
  /** Whether claims stand in the ID token too, and not only at the UserInfo endpoint. */
  readonly claimsInIdToken?: boolean
  /** What browsers call the server that they come back to. */
  readonly publicUrl?: string
  /** Whether it is a program on the person's machine, which browsers come back to at any port (RFC 8252). */
  readonly native?: boolean
  readonly authentication?: 'client_secret_basic' | 'client_secret_post' | 'none'
}

export const CLIENT = 'claviger'
const BODY_BYTES_MAX = 4_096
/** For browsers; what the tests send themselves looks the same. */
const PAGE = `<!doctype html><title>Provider</title><form method="post">
<label>Subject <input name="subject"></label> <button>Go on</button></form>`

function configurationOf(people: Map<string, ProviderPerson>, options: ProviderOptions): object {
  const {
    authentication = 'client_secret_basic',
    claimsInIdToken = false,
    publicUrl = PUBLIC_URL,
  } = options
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secret = authentication === 'none' ? {} : { client_secret: CLIENT_SECRET }
  const client = (id: string) => ({
    client_id: id,
    ...secret,
    application_type: options.native === true ? 'native' : 'web',
    redirect_uris:
      options.native === true
        ? ['http://127.0.0.1/callback']
        : [`${publicUrl}/login`, `${publicUrl}/account`],
    post_logout_redirect_uris: options.native === true ? [] : [`${publicUrl}/login`],
    token_endpoint_auth_method: authentication,
    id_token_signed_response_alg: 'ES256',
  })
  return {
    clients: [client(CLIENT), client('another')],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: {
      openid: ['sub', 'amr', 'acr', 'auth_time'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    acrValues: ['urn:example:gold'],
    scopes: ['openid', 'profile', 'email', 'groups'],
    conformIdTokenClaims: !claimsInIdToken,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: { body: unknown }, form: string) => {
          context.body = `<!doctype html><title>Provider</title>${form}
            <button form="op.logoutForm" name="logout" value="yes">Log out at the provider</button>`
        },
      },
    },
    findAccount: (_context: unknown, subject: string) => ({
      accountId: subject,
      claims: () => ({ sub: subject, ...people.get(subject)?.claims }),
    }),
    ttl: { Session: 3_600, Grant: 3_600, Interaction: 600, AccessToken: 600, IdToken: 600 },
  }
}

export const CLIENT_SECRET = 'a secret of the client: +/=%'

export class TestProvider implements AsyncDisposable {
  readonly issuer: string
  /** By subject. */
  readonly people = new Map<string, ProviderPerson>()
  readonly #server: Server
  readonly #provider: Provider

  private constructor(server: Server, issuer: string, options: ProviderOptions) {
    this.issuer = issuer
    this.#server = server
    this.#provider = new Provider(issuer, configurationOf(this.people, options))
    const callback = this.#provider.callback()
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const answering =
        request.url?.startsWith('/interaction/') === true
          ? this.#interact(request, response)
          : callback(request, response)
      answering.catch((cause: unknown) => {
        response.statusCode = 500
        response.end(String(cause))
      })
    })
  }

  static async start(options: ProviderOptions = {}): Promise<TestProvider> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return new TestProvider(server, `http://127.0.0.1:${port}`, options)
  }

  static #shared: Promise<TestProvider> | undefined

  /** One for all tests of a process that need any; it knows `alice`, with two factors, and keeps no process from ending. */
  static shared(): Promise<TestProvider> {
    return (this.#shared ??= this.start().then((provider) => {
      provider.#server.unref()
      provider.people.set('alice', { amr: ['mfa'], claims: { preferred_username: 'alice' } })
      return provider
    }))
  }

  /** The page where a person would type a name and a password: here the name is enough. Consent is given at once. */
  async #interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session } = await this.#provider.interactionDetails(request, response)
    if (prompt.name === 'consent') {
      const grant = new this.#provider.Grant({
        accountId: session?.accountId ?? '',
        clientId: String(params['client_id']),
      })
      grant.addOIDCScope(String(params['scope']))
      const result = { consent: { grantId: await grant.save() } }
      return this.#provider.interactionFinished(request, response, result)
    }
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(PAGE)
      return
    }
    const form = new URLSearchParams(await read(request))
    const subject = form.get('subject')
    if (subject === null) {
      const result = { error: 'access_denied', error_description: 'gave up' }
      return this.#provider.interactionFinished(request, response, result)
    }
    const { amr, acr } = this.people.get(subject) ?? {}
    const login = { accountId: subject, ...(amr && { amr }), ...(acr && { acr }) }
    return this.#provider.interactionFinished(request, response, { login })
  }

  /**
   * What a browser does that is sent to the provider: a person logs in there (or gives up, without a subject), and the browser is sent
   * back. The query string it comes back with.
   */
  async logIn(url: string, subject?: string): Promise<string> {
    const browser = new Browser(this.issuer)
    const page = await browser.follow(url)
    assert.ok(page.startsWith(`${this.issuer}/interaction/`), `sent to ${page}`)
    const form = new URLSearchParams(subject === undefined ? {} : { subject })
    return new URL(await browser.follow(page, form)).search
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > BODY_BYTES_MAX) throw new Error('a form that is too long')
  }
  return text
}

const HOPS_MAX = 10

/** A browser with cookies that follows redirects until it is sent away, or shown a page. */
class Browser {
  readonly #home: string
  readonly #cookies = new Map<string, string>()

  constructor(home: string) {
    this.#home = home
  }

  /** Where it ends. */
  async follow(start: string, form?: URLSearchParams): Promise<string> {
    let url = start
    let body = form
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const response = await fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body }),
        headers: {
          cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        },
        redirect: 'manual',
      })
      for (const cookie of response.headers.getSetCookie()) this.#keep(cookie)
      const text = await response.text()
      const location = response.headers.get('location')
      if (location === null) {
        assert.equal(response.status, 200, text)
        return url
      }
      url = new URL(location, url).href
      body = undefined
      if (!url.startsWith(this.#home)) return url
    }
    throw new Error('too many redirects')
  }

  #keep(cookie: string): void {
    const [pair = ''] = cookie.split(';')
    const at = pair.indexOf('=')
    this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}
