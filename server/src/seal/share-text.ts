import {
  constantTimeEqual,
  decodeBase32,
  encodeBase32,
  packSymbols,
  readSymbols,
  secretBuffer,
  sha256,
} from '#crypto'
import { ClavigerError } from '#model'
import { KEY_BYTES, SEAL_ID_BYTES } from './description.ts'

/**
 * How a share is written, format 1: `clvs1-` and then twenty groups of four characters of Crockford's base32, which hold
 *
 *     10 seal id | 1 threshold | 1 number | 32 payload | 6 checksum
 *
 * The number is the share's coordinate in GF(2^8), 1 to 255. The checksum is the start of the SHA-256 of a label and everything
 * before it; it finds what a hand or a printer got wrong, and proves nothing against somebody who makes up a share.
 */

export interface Share {
  /** As in the seal's description. */
  readonly seal: string
  readonly threshold: number
  readonly number: number
  /** Key material: overwrite it after use. */
  readonly payload: Buffer
}

const PREFIX = 'clvs1'
const prefixSymbols = readSymbols(PREFIX) ?? Buffer.alloc(0)
const LABEL = Buffer.from('claviger/share/1\n')
const CHECKSUM_BYTES = 6
const BODY_BYTES = SEAL_ID_BYTES + 2 + KEY_BYTES
const GROUP = 4
/** Text beyond this is no share, whatever white space is in it. The text itself has 105 characters. */
const TEXT_LENGTH_MAX = 512

/** The share as people keep it. */
export function formatShare(share: Share): string {
  const bytes = secretBuffer(BODY_BYTES + CHECKSUM_BYTES)
  bytes.set(decodeBase32(share.seal) ?? [])
  bytes.set([share.threshold, share.number], SEAL_ID_BYTES)
  bytes.set(share.payload, SEAL_ID_BYTES + 2)
  bytes.set(checksum(bytes.subarray(0, BODY_BYTES)), BODY_BYTES)
  const letters = encodeBase32(bytes)
  const text = secretBuffer(PREFIX.length + (letters.length / GROUP) * (GROUP + 1))
  text.write(PREFIX, 'latin1')
  for (let at = 0, to = PREFIX.length; at < letters.length; at += GROUP, to += GROUP + 1) {
    text[to] = 0x2d
    text.set(letters.subarray(at, at + GROUP), to + 1)
  }
  const written = text.toString('latin1')
  for (const used of [bytes, letters, text]) used.fill(0)
  return written
}

/**
 * Reads a share that somebody typed. The text is attacker-controlled.
 *
 * @throws ClavigerError invalid_share where the form or the checksum is wrong; it does not say where.
 */
export function parseShare(text: string): Share {
  const bytes = text.length <= TEXT_LENGTH_MAX ? readBytes(text) : undefined
  if (bytes === undefined) throw mistyped()
  try {
    const body = bytes.subarray(0, BODY_BYTES)
    if (!constantTimeEqual(checksum(body), bytes.subarray(BODY_BYTES))) throw mistyped()
    const payload = secretBuffer(KEY_BYTES)
    payload.set(body.subarray(SEAL_ID_BYTES + 2))
    const seal = encodeBase32(body.subarray(0, SEAL_ID_BYTES)).toString('latin1')
    return {
      seal,
      threshold: body.readUInt8(SEAL_ID_BYTES),
      number: body.readUInt8(SEAL_ID_BYTES + 1),
      payload,
    }
  } finally {
    bytes.fill(0)
  }
}

/** The bytes behind the prefix, or undefined where the prefix, a character or the length is wrong. */
function readBytes(text: string): Buffer | undefined {
  const symbols = readSymbols(text)
  if (symbols === undefined) return undefined
  try {
    // The prefix is of the same letters as the rest, so it may be typed as freely: `CLVS1`, `clvsl`.
    if (!symbols.subarray(0, PREFIX.length).equals(prefixSymbols)) return undefined
    const bytes = packSymbols(symbols.subarray(PREFIX.length))
    if (bytes === undefined || bytes.length === BODY_BYTES + CHECKSUM_BYTES) return bytes
    bytes.fill(0)
    return undefined
  } finally {
    symbols.fill(0)
  }
}

function checksum(body: Uint8Array): Buffer {
  const labelled = secretBuffer(LABEL.length + body.length)
  labelled.set(LABEL)
  labelled.set(body, LABEL.length)
  const hash = sha256(labelled)
  labelled.fill(0)
  return hash.subarray(0, CHECKSUM_BYTES)
}

function mistyped(): ClavigerError {
  return new ClavigerError(
    'invalid_share',
    'This is not a share, or it was mistyped: compare it with the original and give it again',
  )
}
