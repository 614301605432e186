import { bytesFromBase64, concatBytes, utf8 } from './bytes.ts'
import { LedgerFormatError } from './format-error.ts'
import type { Sha256 } from './merkle.ts'
import { isKeyName } from './note.ts'

/** Verifier keys (C2SP signed-note, vkeys): who signs, under which algorithm, with which public key; on one line. */

/**
 * The signature types we know. `message` says what is signed: the note's text, the text under a time (cosignature/v1), or the tree
 * head with the cosigner's name (subtree/v1).
 */
export const signatureTypes = [
  { type: 0x01, algorithm: 'ed25519', message: 'text', publicKeyBytes: 32, signatureBytes: 64 },
  {
    type: 0x04,
    algorithm: 'ed25519',
    message: 'cosignature',
    publicKeyBytes: 32,
    signatureBytes: 64,
  },
  {
    type: 0x06,
    algorithm: 'ml-dsa-44',
    message: 'subtree',
    publicKeyBytes: 1_312,
    signatureBytes: 2_420,
  },
] as const

export type SignatureType = (typeof signatureTypes)[number]
export type SignatureAlgorithm = SignatureType['algorithm']

export interface VerifierKey {
  readonly name: string
  readonly keyId: number
  /** The signature type identifier byte. */
  readonly type: SignatureType['type']
  readonly publicKey: Uint8Array
}

/** The row of a signature type; undefined for one we do not know. */
export function signatureType(type: number): SignatureType | undefined {
  return signatureTypes.find((row) => row.type === type)
}

/** The first four bytes of SHA-256(name || 0x0A || type || public key). */
export function keyIdOf(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): number {
  const digest = sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey))
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0)
}

/**
 * Makes a verifier key from its parts.
 *
 * @throws LedgerFormatError for a bad name or a public key of the wrong length.
 */
export function verifierKey(
  sha256: Sha256,
  name: string,
  type: SignatureType['type'],
  publicKey: Uint8Array,
): VerifierKey {
  if (!isKeyName(name)) throw malformed('its name is empty or holds white space or a plus')
  if (publicKey.length !== signatureType(type)?.publicKeyBytes)
    throw malformed('its public key has the wrong length')
  return { name, keyId: keyIdOf(sha256, name, type, publicKey), type, publicKey }
}

/** `<name>+<key id in 8 hex digits>+<base64 of type || public key>`. */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyIdText(keyId)}+${concatBytes(Uint8Array.of(type), publicKey).toBase64()}`
}

/** A key id as verifier keys write it: 8 lower-case hex digits. */
export function keyIdText(keyId: number): string {
  return keyId.toString(16).padStart(8, '0')
}

/**
 * Reads a verifier key and checks that its key id is that of its key.
 *
 * @throws LedgerFormatError
 */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey {
  if (text.length > VERIFIER_KEY_LENGTH_MAX) throw malformed('it is too long')
  const [name = '', id = '', ...rest] = text.split('+')
  // Base64 has a plus of its own.
  const bytes = bytesFromBase64(rest.join('+'))
  const row = signatureType(bytes?.[0] ?? -1)
  if (bytes === undefined || row === undefined)
    throw malformed('it is not <name>+<key id>+<key> of a known signature type')
  const key = verifierKey(sha256, name, row.type, bytes.subarray(1))
  if (keyIdText(key.keyId) !== id) throw malformed('its key id is not that of its key')
  return key
}

/** An ML-DSA-44 key in base64, and room for a long name. */
const VERIFIER_KEY_LENGTH_MAX = 4_096

function malformed(why: string): LedgerFormatError {
  return new LedgerFormatError('verifier key', why)
}
