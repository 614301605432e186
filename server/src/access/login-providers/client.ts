import * as openid from 'openid-client'
import { askOutside, isLoopback, mayReach } from '../outbound.ts'
import { identityOf, isWanting, type ProviderIdentity } from './claims.ts'
import type { AwaitedAnswer } from './flows.ts'
import { ProviderError } from './provider-error.ts'

/**
 * One OpenID Connect provider, as its metadata describes it: where to send a browser, and what its answer proves. Authorization code,
 * PKCE with S256, state and nonce (RFC 9700 section 2.1); an `iss` in the answer must be the issuer's (RFC 9207); the ID token must
 * carry a good signature of the issuer's keys although it comes over TLS, be for this client, and in time.
 */

/** The longest ago that a person may have proved it to the provider, in seconds. */
const AGE_SECONDS_MAX = 86_400
/** Clocks of providers and ours differ by at most this, in seconds. */
const LEEWAY_SECONDS = 60

/** Where the provider sends the browser back to, and whether the person is to prove it anew. */
export interface Asking {
  readonly redirect: string
  readonly again: boolean
}

export interface ProviderSettings {
  readonly issuer: string
  readonly client: string
  readonly scopes: readonly string[]
  readonly groupsClaim?: string | undefined
  readonly linkClaim?: string | undefined
  readonly strong: readonly string[]
  /** Opens the client secret for one request; absent where the client has none. The bytes are overwritten here. */
  readonly openSecret?: (() => Buffer) | undefined
}

export class ProviderClient {
  readonly #settings: ProviderSettings
  readonly #configuration: openid.Configuration

  private constructor(settings: ProviderSettings, configuration: openid.Configuration) {
    this.#settings = settings
    this.#configuration = configuration
  }

  /**
   * Asks the issuer for its metadata, and checks that they are its own and enough.
   *
   * @throws ProviderError
   */
  static async discover(settings: ProviderSettings): Promise<ProviderClient> {
    const { issuer, client } = settings
    const loopback = isLoopback(issuer)
    if (!mayReach(issuer, true)) throw new ProviderError('address')
    const configuration = await ask('metadata', () =>
      openid.discovery(new URL(issuer), client, undefined, authentication(settings), {
        // Deprecated only to stand out: `askOutside` lets plain http go to loopback, and nowhere else.
        execute: [
          ...(loopback ? [openid.allowInsecureRequests] : []),
          openid.enableNonRepudiationChecks,
        ],
        [openid.customFetch]: (address, { method, headers, body }) =>
          askOutside(address, { method, headers, body: bodyOf(body), loopback }),
      }),
    )
    assertEnough(configuration.serverMetadata(), issuer, loopback)
    return new ProviderClient(settings, configuration)
  }

  /** Where the browser goes, and what is to be remembered until it comes back. `now` is in milliseconds since 1970. */
  async start(
    { redirect, again }: Asking,
    now: number,
  ): Promise<{ readonly url: string; readonly awaited: AwaitedAnswer }> {
    const verifier = openid.randomPKCECodeVerifier()
    const state = openid.randomState()
    const nonce = openid.randomNonce()
    const url = openid.buildAuthorizationUrl(this.#configuration, {
      redirect_uri: redirect,
      scope: ['openid', ...this.#settings.scopes].join(' '),
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      // With it the ID token has to say when the person proved it (OpenID Connect Core 1.0 section 3.1.2.1).
      max_age: String(again ? 0 : AGE_SECONDS_MAX),
      ...(again ? { prompt: 'login' } : {}),
    })
    const since = now - ((again ? 0 : AGE_SECONDS_MAX) + LEEWAY_SECONDS) * 1_000
    return { url: url.href, awaited: { kind: 'answer', state, nonce, verifier, redirect, since } }
  }

  /**
   * Exchanges the provider's answer for what it says of the person. `query` is the query string the browser came back with:
   * attacker-chosen.
   *
   * @throws ProviderError
   */
  async finish(awaited: AwaitedAnswer, query: string): Promise<ProviderIdentity> {
    const { issuer } = this.#settings
    const address = new URL(awaited.redirect)
    address.search = query
    // The library checks both again; here they get names of their own in the ledger.
    const answer = address.searchParams
    if (answer.get('state') !== awaited.state) throw new ProviderError('state')
    if ((answer.get('iss') ?? issuer) !== issuer) throw new ProviderError('mix-up')
    const tokens = await ask('answer', () =>
      openid.authorizationCodeGrant(this.#configuration, address, {
        expectedState: awaited.state,
        expectedNonce: awaited.nonce,
        pkceCodeVerifier: awaited.verifier,
        idTokenExpected: true,
      }),
    )
    const claims = tokens.claims()
    if (claims === undefined) throw new ProviderError('token')
    const userInfo = isWanting(claims, this.#settings)
      ? await this.#userInfo(tokens.access_token, claims.sub)
      : {}
    const identity = identityOf(claims, userInfo, this.#settings)
    if ((identity.authenticatedAt ?? awaited.since) < awaited.since) throw new ProviderError('time')
    return identity
  }

  /**
   * Where a browser logs out at the provider, and comes back from to `redirect`, with a state (OpenID Connect RP-Initiated Logout 1.0
   * section 2); undefined where the metadata name no such place, or one that nobody should be sent to. The client is named with
   * `client_id`, and no `id_token_hint` is sent: an ID token would have to be kept for as long as the login, and would stand, with
   * what it says of the person, in addresses. So the provider asks the person whether they mean it.
   */
  endSession(redirect: string): string | undefined {
    const { end_session_endpoint: address } = this.#configuration.serverMetadata()
    if (address === undefined || !mayReach(address, isLoopback(this.#settings.issuer)))
      return undefined
    return openid.buildEndSessionUrl(this.#configuration, {
      post_logout_redirect_uri: redirect,
      state: openid.randomState(),
    }).href
  }

  /** What the UserInfo endpoint says of the same subject (OpenID Connect Core 1.0 section 5.3.2 wants that checked). */
  async #userInfo(accessToken: string, subject: string): Promise<Record<string, unknown>> {
    if (this.#configuration.serverMetadata().userinfo_endpoint === undefined) return {}
    return ask('userinfo', () => openid.fetchUserInfo(this.#configuration, accessToken, subject))
  }
}

/** The secret is opened for each request and not kept. Basic is what OpenID Connect Core 1.0 section 9 takes for granted. */
function authentication({ openSecret }: ProviderSettings): openid.ClientAuth {
  if (openSecret === undefined) return openid.None()
  return (server, client, body, headers) => {
    const secret = openSecret()
    try {
      const methods = server.token_endpoint_auth_methods_supported
      const make =
        methods === undefined || methods.includes('client_secret_basic')
          ? openid.ClientSecretBasic
          : openid.ClientSecretPost
      make(secret.toString())(server, client, body, headers)
    } finally {
      secret.fill(0)
    }
  }
}

/** Only what the library sends: forms. */
function bodyOf(body: openid.FetchBody) {
  return typeof body === 'string' || body instanceof URLSearchParams ? body : null
}

/**
 * The library takes an issuer that differs by a slash, and the templates of providers that speak for many tenants. Subjects are unique
 * in one issuer only, so exactly that one is taken.
 */
function assertEnough(metadata: openid.ServerMetadata, issuer: string, loopback: boolean): void {
  if (metadata.issuer !== issuer) throw new ProviderError('issuer')
  const { authorization_endpoint: authorization, token_endpoint: token, jwks_uri: keys } = metadata
  for (const address of [authorization, token, keys]) {
    if (address === undefined || !mayReach(address, loopback)) throw new ProviderError('metadata')
  }
  const methods = metadata.code_challenge_methods_supported
  // RFC 8414 section 2: where it is left out, PKCE is not supported; but providers that do support it leave it out.
  if (methods !== undefined && !methods.includes('S256')) throw new ProviderError('pkce')
}

/** Does one step with the provider; what goes wrong is said by its name, and the cause kept for the log. */
async function ask<Value>(
  step: 'metadata' | 'answer' | 'userinfo',
  doing: () => Promise<Value>,
): Promise<Value> {
  try {
    return await doing()
  } catch (thrown) {
    throw ProviderError.of(step, thrown)
  }
}
