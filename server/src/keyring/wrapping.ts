import {
  aeadDecrypt,
  aeadEncrypt,
  findAlgorithm,
  hkdfSha512,
  randomBytes,
  secretKey,
  type KeyObject,
} from '#crypto'
import { ClavigerError, canonicalJson } from '#model'

/**
 * How one key is wrapped by another at rest: AES-256-GCM under a key derived for this one wrap, so that neither the invocation limit
 * of SP 800-38D section 8.3 nor a repeated nonce is ever a question. What the key is and whose it is are bound as associated data.
 *
 *   1  format = 0xC2 | 16 salt | 12 nonce | n ciphertext | 16 tag
 */

const FORMAT = 0xc2
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + SALT_BYTES + NONCE_BYTES

/** What a wrapped key is; all of it must be given again to unwrap. */
export type WrapBinding = Readonly<Record<string, string | number>>

const suite = findAlgorithm('AES-256-GCM')

function wrapKey(wrappingKey: KeyObject, salt: Uint8Array): KeyObject {
  const derived = hkdfSha512(wrappingKey, salt, 'claviger/wrap/1', 32)
  try {
    return secretKey(derived)
  } finally {
    derived.fill(0)
  }
}

/** Wraps key material under a 256-bit key. The material stays the caller's to overwrite. */
export function wrap(wrappingKey: KeyObject, binding: WrapBinding, material: Uint8Array): Buffer {
  const blob = Buffer.alloc(HEADER_BYTES + material.length + TAG_BYTES)
  blob[0] = FORMAT
  blob.set(randomBytes(SALT_BYTES + NONCE_BYTES), 1)
  const salt = blob.subarray(1, 1 + SALT_BYTES)
  const nonce = blob.subarray(1 + SALT_BYTES, HEADER_BYTES)
  aeadEncrypt(
    suite,
    wrapKey(wrappingKey, salt),
    nonce,
    [Buffer.from(canonicalJson(binding))],
    material,
    blob,
    HEADER_BYTES,
  )
  return blob
}

/**
 * Unwraps what {@link wrap} made. The result is the caller's to overwrite.
 *
 * @throws ClavigerError integrity_failed when the blob was changed, or belongs to another key, version or tenant.
 */
export function unwrap(wrappingKey: KeyObject, binding: WrapBinding, blob: Uint8Array): Buffer {
  try {
    if (blob.length < HEADER_BYTES + TAG_BYTES || blob[0] !== FORMAT)
      throw new TypeError('not a wrapped key')
    const salt = blob.subarray(1, 1 + SALT_BYTES)
    const nonce = blob.subarray(1 + SALT_BYTES, HEADER_BYTES)
    const aad = [Buffer.from(canonicalJson(binding))]
    return aeadDecrypt(suite, wrapKey(wrappingKey, salt), nonce, aad, blob.subarray(HEADER_BYTES))
  } catch (cause) {
    throw new ClavigerError(
      'integrity_failed',
      "Wrapped key material does not fit the key it stands with; run 'claviger doctor'",
      { cause },
    )
  }
}
