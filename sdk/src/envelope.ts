import { type CipherGCMTypes, createDecipheriv, hkdfSync, timingSafeEqual } from 'node:crypto'
import {
  encodeContext,
  ENVELOPE_COMMITMENT_BYTES,
  ENVELOPE_SUBKEY_BYTES,
  ENVELOPE_TAG_BYTES,
  envelopeInfo,
  type EnvelopeParts,
  type EnvelopeSuite,
  parseEnvelope,
} from '@claviger/contract/envelope'
import { ClavigerCiphertextError } from './ciphertext-error.ts'

/**
 * Decrypts an envelope without a server, with an exported key: the way out. It shares the layout with the server and nothing else, so
 * that each checks the other (`docs/envelope.md`).
 */

interface Suite {
  readonly cipher: string
  readonly keyBytes: number
}

const suites: Readonly<Record<EnvelopeSuite, Suite>> = {
  1: { cipher: 'aes-256-gcm', keyBytes: 32 },
  2: { cipher: 'aes-128-gcm', keyBytes: 16 },
  3: { cipher: 'aes-256-gcm-siv', keyBytes: 32 },
  4: { cipher: 'chacha20-poly1305', keyBytes: 32 },
}

export interface OfflineEnvelope {
  readonly ciphertext: Uint8Array
  /** As it was given when encrypting; none unless given. */
  readonly context?: Readonly<Record<string, string>>
  /** The exported material of the version that the ciphertext names, which stays the caller's to overwrite. */
  readonly keyMaterial: Uint8Array
}

/**
 * Gives the message, which the caller overwrites when done.
 *
 * @throws ClavigerCiphertextError
 */
export function openEnvelopeOffline(envelope: OfflineEnvelope): Buffer {
  const parts = parseEnvelope(envelope.ciphertext)
  if (parts === undefined) {
    throw new ClavigerCiphertextError('not-claviger', 'The input is not a Claviger ciphertext')
  }
  const context = encodeContext(envelope.context ?? {})
  const derived = derive(envelope.keyMaterial, parts)
  try {
    const commitment = derived.subarray(ENVELOPE_SUBKEY_BYTES)
    if (!timingSafeEqual(commitment, parts.commitment)) throw notAuthentic()
    return decrypt(parts, derived, context)
  } finally {
    derived.fill(0)
  }
}

/** Subkey and commitment, one after another. */
function derive(keyMaterial: Uint8Array, parts: EnvelopeParts): Buffer {
  const { keyBytes } = suites[parts.suite]
  if (keyMaterial.length !== keyBytes) throw notAuthentic()
  const length = ENVELOPE_SUBKEY_BYTES + ENVELOPE_COMMITMENT_BYTES
  return Buffer.from(hkdfSync('sha512', keyMaterial, parts.salt, envelopeInfo(parts), length))
}

function decrypt(parts: EnvelopeParts, subkey: Buffer, context: Uint8Array): Buffer {
  const { cipher, keyBytes } = suites[parts.suite]
  const { sealed } = parts
  const length = sealed.length - ENVELOPE_TAG_BYTES
  // Node types the calls for associated data on GCM's names only; the others have them too.
  const decipher = createDecipheriv(
    cipher as CipherGCMTypes,
    subkey.subarray(0, keyBytes),
    parts.nonce,
    { authTagLength: ENVELOPE_TAG_BYTES },
  )
  decipher.setAAD(Buffer.concat([parts.header, context]))
  decipher.setAuthTag(sealed.subarray(length))
  let plaintext: Buffer | undefined
  try {
    plaintext = decipher.update(sealed.subarray(0, length))
    decipher.final()
    return plaintext
  } catch {
    plaintext?.fill(0)
    throw notAuthentic()
  }
}

function notAuthentic(): ClavigerCiphertextError {
  return new ClavigerCiphertextError(
    'not-authentic',
    'The ciphertext does not decrypt under this key and context',
  )
}
