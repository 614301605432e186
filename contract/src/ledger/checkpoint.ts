import { bytesFromBase64, concatBytes, integerFromDecimal, utf8 } from './bytes.ts'
import { LedgerFormatError } from './format-error.ts'
import { HASH_BYTES } from './merkle.ts'

/** Checkpoints (C2SP tlog-checkpoint) and what cosignatures over them sign (C2SP tlog-cosignature). */

export interface Checkpoint {
  /** Which log it is. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  /** Lines that mean nothing to us; ML-DSA-44 does not sign them. */
  readonly extensions: readonly string[]
}

/**
 * Reads the text of a checkpoint's note.
 *
 * @throws LedgerFormatError
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw malformed('it does not end in a newline')
  const [origin = '', decimal = '', base64 = '', ...extensions] = lines
  const size = integerFromDecimal(decimal)
  const root = bytesFromBase64(base64)
  if (origin === '' || extensions.includes('')) throw malformed('a line is empty')
  if (size === undefined) throw malformed('its size is not a decimal from 0 to 2^53 - 1')
  if (root?.length !== HASH_BYTES) throw malformed('its root is not 32 bytes in base64')
  return { origin, size, root, extensions }
}

/**
 * The text of a checkpoint's note: origin, size, root, extension lines.
 *
 * @throws LedgerFormatError where no text can say it.
 */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const text = [origin, String(size), root.toBase64(), ...extensions]
    .map((line) => `${line}\n`)
    .join('')
  const again = parseCheckpoint(text)
  if (again.origin !== origin || again.extensions.length !== extensions.length)
    throw malformed('a line holds a newline')
  return text
}

export interface Cosigned {
  /** The name of the key that signs. */
  readonly cosigner: string
  /** Seconds since 1970; 0 where no time is stated. */
  readonly time: number
  readonly origin: string
  /** The first leaf, and the one after the last; 0 and the size for a checkpoint. */
  readonly start: number
  readonly end: number
  readonly hash: Uint8Array
}

/**
 * What an ML-DSA-44 cosignature (type 0x06) signs: the structure `cosigned_message` of tlog-cosignature, labelled `subtree/v1`.
 *
 * @throws LedgerFormatError where a name is longer than 255 bytes, or a part of a tree states a time.
 */
export function subtreeMessage({ cosigner, time, origin, start, end, hash }: Cosigned): Uint8Array {
  if (start !== 0 && time !== 0) throw malformed('a part of a tree is signed without a time')
  return concatBytes(
    utf8('subtree/v1\n\0'),
    shortVector(cosigner),
    uint64(time),
    shortVector(origin),
    uint64(start),
    uint64(end),
    hash,
  )
}

/** What a witness's Ed25519 cosignature (type 0x04) signs: the note's text under a header and a time. */
export function cosignatureMessage(text: string, time: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`)
}

/** The bytes of a timestamped signature in a note: the time in seconds as 64 bits, big-endian, then the signature. */
export function timestampedSignature(time: number, signature: Uint8Array): Uint8Array {
  return concatBytes(uint64(time), signature)
}

function shortVector(text: string): Uint8Array {
  const bytes = utf8(text)
  if (bytes.length < 1 || bytes.length > 255) throw malformed('a name is not 1 to 255 bytes long')
  return concatBytes(Uint8Array.of(bytes.length), bytes)
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

function malformed(why: string): LedgerFormatError {
  return new LedgerFormatError('checkpoint', why)
}
