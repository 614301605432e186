import { constants, type KeyObject, publicEncrypt } from 'node:crypto'
import type { RsaPadding } from '@claviger/contract'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { copied } from './open-material.ts'
import { inWorker } from './pool.ts'
import type { OaepHash } from './tasks.ts'

/**
 * RSA-OAEP with one hash for label and mask, and an empty label (RFC 8017 section 7.1; SP 800-56B revision 2 section 7.2.2). SHA-1 is
 * there for parties that know no other: OAEP does not ask that collisions be hard to find. It signs nothing here.
 */

const hashes: Readonly<Record<RsaPadding, { readonly name: OaepHash; readonly bytes: number }>> = {
  'rsa-oaep-sha-256': { name: 'sha256', bytes: 32 },
  'rsa-oaep-sha-1': { name: 'sha1', bytes: 20 },
}

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
 * @throws ClavigerError wrong_usage without an RSA key, payload_too_large for more than the modulus less 66 bytes (with SHA-1: 42).
 */
export function oaepEncrypt(
  publicKey: KeyObject,
  plaintext: Uint8Array,
  padding: RsaPadding = 'rsa-oaep-sha-256',
): Buffer {
  assertOperational()
  const hash = hashes[padding]
  const most = blockBytes(publicKey) - 2 * hash.bytes - 2
  if (plaintext.length > most) {
    throw new ClavigerError(
      'payload_too_large',
      `With ${padding} this key encrypts at most ${most} bytes at once; encrypt a data key with it`,
    )
  }
  return publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash.name },
    plaintext,
  )
}

/**
 * Decrypts one block in the worker; the caller overwrites the plaintext.
 *
 * @throws ClavigerError wrong_usage without an RSA key, overloaded, and invalid_ciphertext, the same for every reason (Manger's attack
 *   asks for the difference).
 */
export async function oaepDecrypt(
  privateKey: KeyObject,
  block: Uint8Array,
  padding: RsaPadding = 'rsa-oaep-sha-256',
): Promise<Buffer> {
  assertOperational()
  const hash = hashes[padding].name
  const plaintext =
    block.length === blockBytes(privateKey)
      ? await inWorker('oaepDecrypt', { privateKey, block: copied(block), hash }, false)
      : undefined
  if (plaintext === undefined) {
    throw new ClavigerError(
      'invalid_ciphertext',
      'The ciphertext does not decrypt under this key and context',
    )
  }
  return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length)
}
