import { utf8 } from './bytes.ts'
import { cosignatureMessage, parseCheckpoint, subtreeMessage } from './checkpoint.ts'
import { LedgerFormatError } from './format-error.ts'
import type { NoteSignature, SignedNote } from './note.ts'
import {
  signatureType,
  type SignatureAlgorithm,
  type SignatureType,
  type VerifierKey,
} from './verifier-key.ts'

/** Says whether a signature over a message holds; false, never an error, for a key or signature that is no such thing. */
export type VerifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>

export type SignatureVerifiers = Readonly<Record<SignatureAlgorithm, VerifySignature>>

/**
 * valid and invalid: a key we know signed, or seems to have. unknown: nobody we know, which says nothing (signed-note: unknown
 * signatures must be ignored). absent: a key we know did not sign.
 */
export type SignatureVerdict = 'valid' | 'invalid' | 'unknown' | 'absent'

export interface CheckedSignature {
  readonly name: string
  readonly keyId: number
  readonly verdict: SignatureVerdict
  /** Where the key is known. */
  readonly algorithm?: SignatureAlgorithm
  /** Seconds since 1970, where the signature states a time and is valid. */
  readonly time?: number
}

const TIME_BYTES = 8

/**
 * Checks every signature of a note that claims to be by one of the keys, and names the keys that did not sign. A note must be rejected
 * when one is invalid or none is valid (signed-note, Signatures).
 */
export async function checkSignatures(
  note: SignedNote,
  keys: readonly VerifierKey[],
  verifiers: SignatureVerifiers,
): Promise<CheckedSignature[]> {
  const checked: CheckedSignature[] = []
  for (const signature of note.signatures) {
    const { name, keyId } = signature
    const key = keys.find((candidate) => candidate.name === name && candidate.keyId === keyId)
    checked.push(
      key === undefined
        ? { name, keyId, verdict: 'unknown' }
        : await checkSignature(note.text, signature, key, verifiers),
    )
  }
  for (const { name, keyId, type } of keys) {
    if (note.signatures.some((signature) => signature.name === name && signature.keyId === keyId))
      continue
    checked.push({ name, keyId, verdict: 'absent', ...algorithmOf(type) })
  }
  return checked
}

async function checkSignature(
  text: string,
  { name, keyId, signature }: NoteSignature,
  key: VerifierKey,
  verifiers: SignatureVerifiers,
): Promise<CheckedSignature> {
  const row = signatureType(key.type)
  const signed = row === undefined ? undefined : signedBytes(text, name, signature, row)
  if (row === undefined || signed === undefined) return { name, keyId, verdict: 'invalid' }
  const { algorithm } = row
  if (!(await verifiers[algorithm](key.publicKey, signed.message, signed.signature)))
    return { name, keyId, verdict: 'invalid', algorithm }
  return {
    name,
    keyId,
    verdict: 'valid',
    algorithm,
    ...(signed.time === undefined ? {} : { time: signed.time }),
  }
}

/** What was signed and the bare signature over it; undefined where the bytes are no signature of this type. */
function signedBytes(
  text: string,
  name: string,
  bytes: Uint8Array,
  { message, signatureBytes }: SignatureType,
) {
  if (message === 'text')
    return bytes.length === signatureBytes
      ? { message: utf8(text), signature: bytes, time: undefined }
      : undefined
  if (bytes.length !== TIME_BYTES + signatureBytes) return undefined
  const time = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
  if (!Number.isSafeInteger(time)) return undefined
  const signature = bytes.subarray(TIME_BYTES)
  if (message === 'cosignature') return { message: cosignatureMessage(text, time), signature, time }
  try {
    const { origin, size, root } = parseCheckpoint(text)
    return {
      message: subtreeMessage({ cosigner: name, time, origin, start: 0, end: size, hash: root }),
      signature,
      time,
    }
  } catch (error) {
    // A note that is no checkpoint has no message of this type.
    if (error instanceof LedgerFormatError) return undefined
    throw error
  }
}

function algorithmOf(type: number): { algorithm?: SignatureAlgorithm } {
  const row = signatureType(type)
  return row === undefined ? {} : { algorithm: row.algorithm }
}
