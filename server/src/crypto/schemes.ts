import type { SignatureScheme } from '@claviger/contract'
import { ClavigerError } from '#model'
import type { Algorithm, HashName } from './algorithms.ts'

/** What each signature scheme of the contract means for OpenSSL. */
export interface Scheme {
  readonly name: SignatureScheme
  /** The hash of the message; absent where the algorithm takes the message whole. */
  readonly hash?: HashName
  readonly padding?: 'pss' | 'pkcs1'
}

/** Lengths of digests in bytes (FIPS 180-4). */
export const digestBytes: Readonly<Record<HashName, number>> = Object.freeze({
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
