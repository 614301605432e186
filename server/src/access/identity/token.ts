import { decodeProtectedHeader } from 'jose/decode/protected_header'
import * as errors from 'jose/errors'
import { decodeJwt } from 'jose/jwt/decode'
import { jwtVerify } from 'jose/jwt/verify'
import type { IdentityProvider } from '#model'
import { IdentityError } from './error.ts'
import { openKey, parseKeySet, type VerifyingKey } from './key-set.ts'

/**
 * Identity tokens: JSON Web Tokens (RFC 7519) as OpenID Connect has them, signed by an issuer that the tenant believes. The library
 * verifies the signature and the claims; which key may verify which algorithm is decided here, by the key and never by the token
 * (RFC 8725 section 3.1).
 */

/** AWS STS takes as much, in characters. */
const TOKEN_LENGTH_MAX = 20_000
/** Clocks of issuers and ours differ by at most this, in seconds. */
const LEEWAY_SECONDS = 60
/** Longest issuer and subject that can be known here, in characters. */
const CLAIM_LENGTH_MAX = 512

export interface IdentityClaims {
  readonly subject: string
  /** When it was issued, and when the token is refused, with the leeway, in milliseconds since 1970. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** Everything it says. */
  readonly all: Readonly<Record<string, unknown>>
}

/**
 * The issuer that a token names. Nothing is verified yet; attacker-chosen.
 *
 * @throws IdentityError
 */
export function issuerOf(token: string): string {
  if (token.length > TOKEN_LENGTH_MAX) throw new IdentityError('the token is too long')
  const { iss } = read(() => decodeJwt(token))
  if (typeof iss !== 'string' || iss === '' || iss.length > CLAIM_LENGTH_MAX)
    throw new IdentityError('the token has no issuer')
  return iss
}

/**
 * What a token says, once its signature is an issuer's, it is meant for this server, and it is in force. `now` is in milliseconds since
 * 1970.
 *
 * @throws IdentityError
 */
export async function verifyIdentityToken(
  token: string,
  provider: IdentityProvider,
  now: number,
): Promise<IdentityClaims> {
  const { alg, kid } = read(() => decodeProtectedHeader(token))
  if (typeof alg !== 'string') throw new IdentityError('the token names no algorithm')
  const candidates = parseKeySet(provider.keys).filter(
    (key) =>
      key.algorithms.includes(alg) &&
      (kid === undefined || key.kid === undefined || key.kid === kid),
  )
  for (const key of candidates) {
    const claims = await verifyWith(key, alg, token, provider, now)
    if (claims !== undefined) return claims
  }
  throw new IdentityError('no key of the issuer verifies the token')
}

/** What the token says, or undefined where this key did not sign it. */
async function verifyWith(
  key: VerifyingKey,
  algorithm: string,
  token: string,
  { issuer, audiences }: IdentityProvider,
  now: number,
): Promise<IdentityClaims | undefined> {
  try {
    const { payload } = await jwtVerify(token, await openKey(key, algorithm), {
      algorithms: [algorithm],
      issuer,
      audience: [...audiences],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(now),
      requiredClaims: ['sub', 'exp', 'iat'],
    })
    const { sub, exp = 0, iat = Number.POSITIVE_INFINITY } = payload
    if (iat > now / 1_000 + LEEWAY_SECONDS)
      throw new IdentityError('the token was issued in the future')
    if (typeof sub !== 'string' || sub === '' || sub.length > CLAIM_LENGTH_MAX)
      throw new IdentityError('the token has no subject')
    return {
      subject: sub,
      issuedAt: iat * 1_000,
      expiresAt: (exp + LEEWAY_SECONDS) * 1_000,
      all: payload,
    }
  } catch (thrown) {
    if (thrown instanceof errors.JWSSignatureVerificationFailed) return undefined
    throw identityError(thrown)
  }
}

function read<Value>(decode: () => Value): Value {
  try {
    return decode()
  } catch (thrown) {
    throw identityError(thrown)
  }
}

/** The library's errors carry the claims they complain of; only its codes go further. */
function identityError(thrown: unknown): unknown {
  if (thrown instanceof errors.JWTClaimValidationFailed || thrown instanceof errors.JWTExpired)
    return new IdentityError(`claim ${thrown.claim}: ${thrown.reason}`)
  if (thrown instanceof errors.JOSEError) return new IdentityError(thrown.code)
  if (thrown instanceof TypeError) return new IdentityError('the token is no JSON Web Token')
  return thrown
}
