import type { SignatureScheme } from '@claviger/contract'
import { ClavigerError } from '#model'
import type { Algorithm } from './algorithms.ts'

/** The hashes that signature schemes have. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512'

/** What each signature scheme of the contract means for OpenSSL. */
export interface Scheme {
  readonly name: SignatureScheme
  /** The hash of the message; absent where the algorithm takes the message whole. */
  readonly hash?: SignatureHash
  readonly padding?: 'pss' | 'pkcs1'
  /** OpenSSL's name of what signs the digest, where a key of its kind can do several things; Node knows only the other. */
  readonly prehash?: 'ED25519ph'
}

/** Lengths of digests in bytes (FIPS 180-4). */
export const digestBytes: Readonly<Record<SignatureHash, number>> = Object.freeze({
  sha256: 32,
  sha384: 48,
  sha512: 64,
})

const schemes: Readonly<Record<SignatureScheme, Omit<Scheme, 'name'>>> = {
  'ecdsa-sha-256': { hash: 'sha256' },
  'ecdsa-sha-384': { hash: 'sha384' },
  'ecdsa-sha-512': { hash: 'sha512' },
  'rsa-pss-sha-256': { hash: 'sha256', padding: 'pss' },
  'rsa-pss-sha-384': { hash: 'sha384', padding: 'pss' },
  'rsa-pss-sha-512': { hash: 'sha512', padding: 'pss' },
  'rsa-pkcs1-sha-256': { hash: 'sha256', padding: 'pkcs1' },
  'rsa-pkcs1-sha-384': { hash: 'sha384', padding: 'pkcs1' },
  'rsa-pkcs1-sha-512': { hash: 'sha512', padding: 'pkcs1' },
  ed25519: {},
  // RFC 8032 section 5.1 with the context empty and PH(x) = SHA-512(x).
  ed25519ph: { hash: 'sha512', prehash: 'ED25519ph' },
  'ml-dsa': {},
  'slh-dsa': {},
}

/**
 * The scheme an algorithm signs with: the one asked for, or its first.
 *
 * @throws ClavigerError wrong_usage when the algorithm does not sign, or not with that scheme.
 */
export function findScheme(algorithm: Algorithm, asked: SignatureScheme | undefined): Scheme {
  const [first] = algorithm.schemes
  if (first === undefined) throw new ClavigerError('wrong_usage', `${algorithm.name} does not sign`)
  const name = asked ?? first
  if (!algorithm.schemes.includes(name)) {
    const can = algorithm.schemes.join(', ')
    throw new ClavigerError(
      'wrong_usage',
      `${algorithm.name} does not sign with ${name}; it signs with: ${can}`,
    )
  }
  return { name, ...schemes[name] }
}
