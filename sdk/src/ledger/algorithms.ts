import { createPublicKey, hash, verify } from 'node:crypto'
import type { Sha256, SignatureAlgorithm, SignatureVerifiers } from '@claviger/contract/ledger'

/** The hash and the signature algorithms of a ledger, by OpenSSL. */

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer')

export const signatureVerifiers: SignatureVerifiers = {
  ed25519: (...parts) => holds('ed25519', ...parts),
  'ml-dsa-44': (...parts) => holds('ml-dsa-44', ...parts),
}

function holds(
  asymmetricKeyType: SignatureAlgorithm,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey),
      format: 'raw-public',
      asymmetricKeyType,
    })
    return verify(null, message, key, signature)
  } catch {
    // A public key that is no point of the curve signs nothing.
    return false
  }
}
