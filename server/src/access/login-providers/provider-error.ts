/** Why a login with a provider came to nothing, as the ledger says it; the person is told the same words for each. */
export type ProviderFault =
  /** The issuer is not https, nor http on loopback. */
  | 'address'
  /** Nobody answered in time, or said too much. */
  | 'unreachable'
  /** What the issuer says of itself is not metadata, or not enough. */
  | 'metadata'
  /** It says that it is another issuer. */
  | 'issuer'
  | 'pkce'
  /** The provider itself refused: the person gave up, or may not use this client. */
  | 'declined'
  /** The answer belongs to another login (RFC 6749 section 10.12). */
  | 'state'
  /** The answer is another issuer's (RFC 9207). */
  | 'mix-up'
  /** The code was not accepted: used before, or not for this client, or the client's secret is wrong. */
  | 'code'
  /** The answer or the ID token is not well formed, or its signature, key or algorithm is not the issuer's. */
  | 'token'
  /** The ID token is of another issuer, for another client, or of another login. */
  | 'claims'
  /** The ID token is too old, or not yet valid. */
  | 'time'
  | 'userinfo'

export class ProviderError extends Error {
  readonly fault: ProviderFault

  constructor(fault: ProviderFault, cause?: unknown) {
    super(`The login provider: ${fault}`, cause === undefined ? undefined : { cause })
    this.name = 'ProviderError'
    this.fault = fault
  }

  /** What the library threw, by the code it gives its errors; its messages can hold what the provider sent. */
  static of(step: 'metadata' | 'answer' | 'userinfo', thrown: unknown): ProviderError {
    if (thrown instanceof ProviderError) return thrown
    if (causes(thrown).some(({ name }) => name === 'OutboundError'))
      return new ProviderError('unreachable', thrown)
    const code = causes(thrown)
      .map((cause) => faults.get(String(cause.code)))
      .find((fault) => fault !== undefined)
    return new ProviderError(step === 'answer' ? (code ?? 'token') : step, thrown)
  }
}

const faults: ReadonlyMap<string, ProviderFault> = new Map([
  ['OAUTH_AUTHORIZATION_RESPONSE_ERROR', 'declined'],
  ['OAUTH_RESPONSE_BODY_ERROR', 'code'],
  ['OAUTH_WWW_AUTHENTICATE_CHALLENGE', 'code'],
  ['OAUTH_RESPONSE_IS_NOT_CONFORM', 'code'],
  ['OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'claims'],
  ['OAUTH_JWT_TIMESTAMP_CHECK_FAILED', 'time'],
])

/** An error and what caused it, at most so deep. */
const DEPTH_MAX = 8

function causes(thrown: unknown): { readonly name?: unknown; readonly code?: unknown }[] {
  const found: Error[] = []
  for (let error = thrown; error instanceof Error && found.length < DEPTH_MAX; error = error.cause)
    found.push(error)
  return found
}
