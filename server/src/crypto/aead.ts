import {
  type CipherGCM,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto'
import { ClavigerError } from '#model'
import type { Algorithm } from './algorithms.ts'
import { assertOperational } from './condition.ts'

/**
 * Authenticated encryption with associated data, for the envelope and for wrapping at rest. Nonces are 96 bits and tags 128 bits,
 * always (SP 800-38D sections 5.2.1.1 and 5.2.1.2; RFC 8439; RFC 8452). The caller answers for never repeating a nonce under a key.
 */

export const NONCE_BYTES = 12
export const TAG_BYTES = 16

/** One sentence for every failure, so that an answer says nothing of the reason (SP 800-38D section 7.2). */
const UNDECRYPTABLE = 'The ciphertext does not decrypt under this key and context'

const options = { authTagLength: TAG_BYTES }

/** Node types the calls for associated data on GCM's names only; the other ciphers of the table have them too. */
function cipherOf(algorithm: Algorithm): CipherGCMTypes {
  if (algorithm.cipher === undefined) {
    throw new ClavigerError(
      'wrong_usage',
      `${algorithm.name} does not encrypt with associated data`,
    )
  }
  return algorithm.cipher as CipherGCMTypes
}

/**
 * Empty parts are left out: OpenSSL's AES-GCM-SIV takes an empty one as a command to forget the associated data before it, which would
 * leave it unauthenticated.
 */
function addAad(cipher: CipherGCM | DecipherGCM, aadParts: readonly Uint8Array[]): void {
  for (const part of aadParts) if (part.length > 0) cipher.setAAD(part)
}

/**
 * Writes ciphertext and tag (the length of the plaintext plus 16 bytes) into `out` from `outOffset` on. The associated data is the
 * parts one after another; an injective encoding is the caller's.
 *
 * @throws RangeError when the nonce is not 12 bytes or `out` is too short: mistakes of the caller.
 */
export function aeadEncrypt(
  algorithm: Algorithm,
  subkey: KeyObject,
  nonce: Uint8Array,
  aadParts: readonly Uint8Array[],
  plaintext: Uint8Array,
  out: Uint8Array,
  outOffset: number,
): void {
  assertOperational()
  if (nonce.length !== NONCE_BYTES) throw new RangeError('a nonce is 12 bytes')
  if (outOffset + plaintext.length + TAG_BYTES > out.length)
    throw new RangeError('out is too short')
  const cipher = createCipheriv(cipherOf(algorithm), subkey, nonce, options)
  addAad(cipher, aadParts)
  // One update for the whole message, also an empty one: GCM-SIV works in a single pass (RFC 8452 section 4).
  out.set(cipher.update(plaintext), outOffset)
  cipher.final()
  out.set(cipher.getAuthTag(), outOffset + plaintext.length)
}

/**
 * Gives the plaintext of ciphertext and tag; the caller overwrites it when done. Everything but the key may come from outside.
 *
 * @throws ClavigerError invalid_ciphertext, the same for every reason.
 */
export function aeadDecrypt(
  algorithm: Algorithm,
  subkey: KeyObject,
  nonce: Uint8Array,
  aadParts: readonly Uint8Array[],
  ciphertextAndTag: Uint8Array,
): Buffer {
  assertOperational()
  const name = cipherOf(algorithm)
  const length = ciphertextAndTag.length - TAG_BYTES
  if (length < 0 || nonce.length !== NONCE_BYTES)
    throw new ClavigerError('invalid_ciphertext', UNDECRYPTABLE)
  let plaintext: Buffer | undefined
  try {
    const decipher = createDecipheriv(name, subkey, nonce, options)
    addAad(decipher, aadParts)
    decipher.setAuthTag(ciphertextAndTag.subarray(length))
    plaintext = decipher.update(ciphertextAndTag.subarray(0, length))
    decipher.final()
    return plaintext
  } catch {
    // What was decrypted before the tag was found wrong is never shown (SP 800-38D section 7.2 step 9).
    plaintext?.fill(0)
    throw new ClavigerError('invalid_ciphertext', UNDECRYPTABLE)
  }
}
