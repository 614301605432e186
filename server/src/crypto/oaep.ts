import { constants, type KeyObject, publicEncrypt } from 'node:crypto'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { copied } from './open-material.ts'
import { inWorker } from './pool.ts'

/** RSA-OAEP with SHA-256 for hash and mask and an empty label (RFC 8017 section 7.1; SP 800-56B revision 2 section 7.2.2). */

const HASH_BYTES = 32

/** Bytes of a block under an RSA key: those of its modulus. */
export function blockBytes(key: KeyObject): number {
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (key.asymmetricKeyType !== 'rsa' || bits === undefined) {
    throw new ClavigerError('wrong_usage', 'RSA-OAEP needs an RSA key')
  }
  return Math.ceil(bits / 8)
}

/**
 * Encrypts a short message into one block.
 *
 * @throws ClavigerError wrong_usage without an RSA key, payload_too_large for more than the modulus less 66 bytes.
 */
export function oaepEncrypt(publicKey: KeyObject, plaintext: Uint8Array): Buffer {
  assertOperational()
  const most = blockBytes(publicKey) - 2 * HASH_BYTES - 2
  if (plaintext.length > most) {
    throw new ClavigerError(
      'payload_too_large',
      `This key encrypts at most ${most} bytes at once; encrypt a data key with it`,
    )
  }
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, plaintext)
}

/**
 * Decrypts one block in the worker; the caller overwrites the plaintext.
 *
 * @throws ClavigerError wrong_usage without an RSA key, overloaded, and invalid_ciphertext, the same for every reason (Manger's attack
 *   asks for the difference).
 */
export async function oaepDecrypt(privateKey: KeyObject, block: Uint8Array): Promise<Buffer> {
  assertOperational()
  const plaintext =
    block.length === blockBytes(privateKey)
      ? await inWorker('oaepDecrypt', { privateKey, block: copied(block) }, false)
      : undefined
  if (plaintext === undefined) {
    throw new ClavigerError(
      'invalid_ciphertext',
      'The ciphertext does not decrypt under this key and context',
    )
  }
  return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length)
}
