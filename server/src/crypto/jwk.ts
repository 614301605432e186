import { createPublicKey, hash, type webcrypto } from 'node:crypto'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { publicKeyOf, type OpenMaterial } from './open-material.ts'

/** Public keys as JSON Web Keys (RFC 7517). */

/** The members that a thumbprint is made of, in its order (RFC 7638 section 3.2, RFC 8037 section 2, RFC 9964 section 6). */
const members = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  AKP: ['alg', 'kty', 'pub'],
} as const

/** The one JWS algorithm of a curve (RFC 7518 section 3.4, RFC 8812 section 3.2). RSA keys and Ed25519 go by several names. */
const algorithmOfCurve: Readonly<Record<string, string>> = Object.freeze({
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  secp256k1: 'ES256K',
})

export interface PublicJwk {
  readonly kty: keyof typeof members
  readonly kid: string
  readonly use: 'sig'
  readonly alg?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
  readonly pub?: string
}

/** The families whose signature keys have a JWK form; of SLH-DSA there is none yet. */
const families: ReadonlySet<string> = new Set(['rsa', 'ec', 'edwards', 'ml-dsa'])

/**
 * The public key of a signature key. Its `kid` is its thumbprint, so the same key has the same name wherever it comes from.
 *
 * @throws ClavigerError wrong_usage for what has no JWK form
 */
export function publicJwk(material: OpenMaterial): PublicJwk {
  assertOperational()
  const { name, family } = material.algorithm
  if (!families.has(family))
    throw new ClavigerError('wrong_usage', `${name} has no form as a JSON Web Key; use key public`)
  const jwk = publicKeyOf(material).export({ format: 'jwk' }) as Record<string, string>
  const kty = jwk['kty'] as PublicJwk['kty']
  const required = members[kty].map((member) => [member, jwk[member] ?? ''] as const)
  const alg = jwk['alg'] ?? algorithmOfCurve[jwk['crv'] ?? '']
  return {
    ...Object.fromEntries(required),
    kty,
    // The text of RFC 7638 section 3.3: no white space, and the members in order.
    kid: hash('sha256', JSON.stringify(Object.fromEntries(required)), 'base64url'),
    use: 'sig',
    ...(alg === undefined ? {} : { alg }),
  }
}

/** The SubjectPublicKeyInfo in DER (RFC 5280) of a public JSON Web Key (RFC 7517). Undefined for what is none; attacker-chosen. */
export function spkiOfJwk(jwk: webcrypto.JsonWebKey): Buffer | undefined {
  assertOperational()
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
  } catch {
    return undefined
  }
}
