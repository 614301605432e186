import { constants, hash, type KeyObject, sign, type SignKeyObjectInput, verify } from 'node:crypto'
import { ClavigerError } from '#model'
import { derToP1363, p1363ToDer } from './ecdsa-format.ts'
import { type DigestScheme, signDigest, signMu, verifyDigest, verifyMu } from './evp.ts'
import type { Scheme } from './schemes.ts'

/** Signatures made and checked right here, on whatever thread calls; `signing.ts` decides which. */

/** How ECDSA signatures are written; other signatures have one form. */
export type SignatureFormat = 'der' | 'p1363'

/** What is signed: the message, its digest by the hash of the scheme, or what ML-DSA makes of it and of the public key (FIPS 204). */
export type SignedData =
  | { readonly message: Uint8Array }
  | { readonly digest: Uint8Array }
  | { readonly mu: Uint8Array }

/** What Node's sign and verify take for a scheme. PSS salts are as long as the digest, in both directions. */
export function keyInput(
  key: KeyObject,
  scheme: Scheme,
  format: SignatureFormat,
): SignKeyObjectInput {
  if (scheme.padding === 'pss') {
    return {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }
  }
  if (scheme.padding === 'pkcs1') return { key, padding: constants.RSA_PKCS1_PADDING }
  return { key, dsaEncoding: format === 'p1363' ? 'ieee-p1363' : 'der' }
}

/** Signs; `coordinateBytes` is the row's, for ECDSA. */
export function signHere(
  privateKey: KeyObject,
  scheme: Scheme,
  data: SignedData,
  format: SignatureFormat,
  coordinateBytes: number | undefined,
): Buffer {
  if ('mu' in data) return signMu(privateKey, data.mu)
  if ('message' in data && scheme.prehash === undefined)
    return sign(scheme.hash ?? null, data.message, keyInput(privateKey, scheme, format))
  const signature = signDigest(privateKey, hashed(scheme), digestOf(scheme, data))
  if (coordinateBytes === undefined || format === 'der') return signature
  return derToP1363(signature, coordinateBytes)
}

/** Whether a signature, which comes from outside, is valid; false too for what cannot be parsed. */
export function verifyHere(
  publicKey: KeyObject,
  scheme: Scheme,
  data: SignedData,
  signature: Uint8Array,
  format: SignatureFormat,
  coordinateBytes: number | undefined,
): boolean {
  try {
    if ('mu' in data) return verifyMu(publicKey, data.mu, signature)
    if ('message' in data && scheme.prehash === undefined) {
      return verify(
        scheme.hash ?? null,
        data.message,
        keyInput(publicKey, scheme, format),
        signature,
      )
    }
    const der =
      coordinateBytes === undefined || format === 'der'
        ? signature
        : p1363ToDer(signature, coordinateBytes)
    return verifyDigest(publicKey, hashed(scheme), digestOf(scheme, data), der)
  } catch {
    return false
  }
}

function digestOf(scheme: Scheme, data: Exclude<SignedData, { readonly mu: Uint8Array }>) {
  return 'digest' in data ? data.digest : hash(hashed(scheme).hash, data.message, 'buffer')
}

/** @throws ClavigerError wrong_usage where the algorithm hashes by itself. */
export function hashed(scheme: Scheme): DigestScheme {
  if (scheme.hash === undefined) {
    throw new ClavigerError(
      'wrong_usage',
      `${scheme.name} signs messages, not digests: send the message itself`,
    )
  }
  return { ...scheme, hash: scheme.hash }
}
