import { bytesFromBase64, concatBytes, textFromUtf8 } from './bytes.ts'
import { LedgerFormatError } from './format-error.ts'

/** Signed notes (C2SP signed-note, Format): text, an empty line, and signature lines. */

/** Sixteen signatures of the longest kind fit several times (signed-note asks for at least 16 to be accepted). */
export const NOTE_BYTES_MAX = 262_144
export const NOTE_SIGNATURES_MAX = 64
const KEY_ID_BYTES = 4

export interface NoteSignature {
  readonly name: string
  /** 32 bits; with the name it says which key and algorithm signed. */
  readonly keyId: number
  /** What follows the key id; its form is the algorithm's own. */
  readonly signature: Uint8Array
}

export interface SignedNote {
  /** Ends in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Names are not empty and hold no white space, no plus and no control character, so that lines and verifier keys split one way. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name)
}

/**
 * Takes a note apart; it says nothing about whether the signatures hold.
 *
 * @throws LedgerFormatError
 */
export function parseNote(note: Uint8Array | string): SignedNote {
  if (note.length > NOTE_BYTES_MAX) throw malformed('it is too long')
  const whole = typeof note === 'string' ? note : textFromUtf8(note)
  if (whole === undefined || !whole.isWellFormed()) throw malformed('it is not UTF-8')
  // Those below U+0020 could show a reader on a terminal something else than what is signed.
  if (/[^\P{Cc}\n\u{7f}-\u{9f}]/u.test(whole)) throw malformed('it holds control characters')
  // The text may hold empty lines itself: the last one ends it.
  const split = whole.lastIndexOf('\n\n')
  if (split < 0 || !whole.endsWith('\n') || split + 2 === whole.length)
    throw malformed('it has no signatures')
  const lines = whole.slice(split + 2, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed('it has too many signatures')
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignatureLine) }
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name = '', base64 = '', ...rest] = line.split(' ')
  const bytes = bytesFromBase64(base64)
  if (
    dash !== '\u2014' ||
    !isKeyName(name) ||
    rest.length > 0 ||
    bytes === undefined ||
    bytes.length <= KEY_ID_BYTES
  ) {
    throw malformed('a signature line is not an em dash, a key name and a signature in base64')
  }
  return {
    name,
    keyId: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0),
    signature: bytes.subarray(KEY_ID_BYTES),
  }
}

/**
 * Puts a note together; what {@link parseNote} took apart comes out as it was.
 *
 * @throws LedgerFormatError where no note can say it.
 */
export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(
    ({ name, keyId, signature }) =>
      `\u2014 ${name} ${concatBytes(uint32(keyId), signature).toBase64()}\n`,
  )
  const note = `${text}\n${lines.join('')}`
  if (parseNote(note).text !== text) throw malformed('its text does not end in a newline')
  return note
}

/** 32 bits, big-endian. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(KEY_ID_BYTES)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function malformed(why: string): LedgerFormatError {
  return new LedgerFormatError('note', why)
}
