import { secretBuffer } from './random.ts'

/**
 * Crockford's base32: thirty-two letters and digits that are hard to confuse. Decoding takes both cases, reads O as 0 and I and L as
 * 1, and skips white space and every kind of dash, because people copy shares and recovery codes by hand and word processors change
 * hyphens. Nothing here makes a second string of a secret, for strings cannot be overwritten.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

const SKIP = 32
const REFUSE = 33

const symbols = symbolTable()

function symbolTable(): Buffer {
  const table = Buffer.alloc(128, REFUSE)
  for (const [value, letter] of [...ALPHABET].entries()) {
    table[letter.charCodeAt(0)] = value
    table[letter.toUpperCase().charCodeAt(0)] = value
  }
  for (const [letter, value] of [
    ['oO', 0],
    ['iIlL', 1],
  ] as const) {
    for (const alias of letter) table[alias.charCodeAt(0)] = value
  }
  for (const skipped of '- \t\r\n') table[skipped.charCodeAt(0)] = SKIP
  return table
}

/** The value of a UTF-16 code unit, SKIP, or REFUSE. */
function symbol(code: number): number {
  if (code < 128) return symbols[code] ?? REFUSE
  // No-break spaces, the hyphens and dashes of U+2010 to U+2015, the minus sign, and the byte order mark.
  const skipped =
    code === 0xa0 ||
    code === 0x202f ||
    (code >= 0x2010 && code <= 0x2015) ||
    code === 0x2212 ||
    code === 0xfeff
  return skipped ? SKIP : REFUSE
}

/** Lower-case base32 as ASCII; spare bits of the last character are zero. */
export function encodeBase32(bytes: Uint8Array): Buffer {
  const text = secretBuffer(Math.ceil((bytes.length * 8) / 5))
  let bits = 0
  let held = 0
  let at = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5)
      text[at++] = ALPHABET.charCodeAt((held >> (bits - 5)) & 31)
    held &= 31
  }
  if (bits > 0) text[at] = ALPHABET.charCodeAt((held << (5 - bits)) & 31)
  return text
}

/** The values of the characters, 0 to 31, or undefined where one is foreign. The caller bounds the text. */
export function readSymbols(text: string): Buffer | undefined {
  const values = secretBuffer(text.length)
  let at = 0
  for (let index = 0; index < text.length; index += 1) {
    const value = symbol(text.charCodeAt(index))
    if (value === REFUSE) {
      values.fill(0)
      return undefined
    }
    if (value !== SKIP) values[at++] = value
  }
  return values.subarray(0, at)
}

/** The bytes that such values spell, or undefined for an impossible number of them, or spare bits that are not zero. */
export function packSymbols(values: Uint8Array): Buffer | undefined {
  const bytes = secretBuffer(Math.floor((values.length * 5) / 8))
  let bits = 0
  let held = 0
  let at = 0
  for (const value of values) {
    held = (held << 5) | value
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >> bits
    held &= (1 << bits) - 1
  }
  if (bits < 5 && held === 0) return bytes
  bytes.fill(0)
  return undefined
}

/** The bytes of a text; undefined where it is not base32, or where {@link packSymbols} refuses it. */
export function decodeBase32(text: string): Buffer | undefined {
  const values = readSymbols(text)
  return values && packSymbols(values)
}
