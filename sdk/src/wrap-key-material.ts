import {
  constants,
  createCipheriv,
  createPublicKey,
  publicEncrypt,
  randomFillSync,
} from 'node:crypto'

/** The initial value of AES key wrap with padding, RFC 5649 section 3. */
const ALTERNATIVE_INITIAL_VALUE = Buffer.from('a65959a6', 'hex')
const WRAPPING_KEY_BYTES = 32

/**
 * Wraps key material for `key.import`: a one-time AES-256 key under RSA-OAEP with SHA-256, then the material under that key with
 * AES-KWP (PKCS#11 CKM_RSA_AES_KEY_WRAP). `publicKey` is the DER that `key.importParameters` gave. Throws where it is not an RSA key.
 */
export function wrapKeyMaterial(publicKey: Uint8Array, material: Uint8Array): Uint8Array {
  // A slab, because V8 keeps stale copies of small typed arrays.
  const wrappingKey = Buffer.alloc(4_096).subarray(0, WRAPPING_KEY_BYTES)
  try {
    randomFillSync(wrappingKey)
    const recipient = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    const wrappedKey = publicEncrypt(
      { key: recipient, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      wrappingKey,
    )
    const cipher = createCipheriv('id-aes256-wrap-pad', wrappingKey, ALTERNATIVE_INITIAL_VALUE)
    return Buffer.concat([wrappedKey, cipher.update(material), cipher.final()])
  } finally {
    wrappingKey.fill(0)
  }
}
