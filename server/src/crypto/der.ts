/**
 * A strict reader of DER (X.690): just enough to look into the keys that outsiders send before OpenSSL does. Definite, minimal lengths
 * and single-byte tags only, no trailing bytes, nothing recursive.
 */

export interface Element {
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content. */
  readonly encoded: Uint8Array
}

export const TAG_INTEGER = 0x02
export const TAG_BIT_STRING = 0x03
export const TAG_OCTET_STRING = 0x04
export const TAG_SEQUENCE = 0x30

/** A sequence of a key has no more members than a RSAPrivateKey (RFC 8017 appendix A.1.2). */
const MEMBERS_MAX = 10
/** A length of two bytes reaches 65,535: no key is longer. */
const LENGTH_BYTES_MAX = 2

/** Reads one element at the start of the bytes. @throws RangeError for anything but DER. */
function readFirst(bytes: Uint8Array): Element {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) throw new RangeError('truncated')
  if ((tag & 0x1f) === 0x1f) throw new RangeError('long tag')
  let length = first
  let start = 2
  if (first >= 0x80) {
    const lengthBytes = first & 0x7f
    if (lengthBytes === 0 || lengthBytes > LENGTH_BYTES_MAX) throw new RangeError('length form')
    length = 0
    for (const byte of bytes.subarray(2, 2 + lengthBytes)) length = length * 256 + byte
    start += lengthBytes
    if (length < 0x80 || (lengthBytes === 2 && length < 0x100)) throw new RangeError('long length')
  }
  if (start + length > bytes.length) throw new RangeError('truncated')
  return {
    tag,
    content: bytes.subarray(start, start + length),
    encoded: bytes.subarray(0, start + length),
  }
}

/** Reads bytes that are exactly one element. @throws RangeError for anything else. */
export function readElement(bytes: Uint8Array, tag: number): Element {
  const element = readFirst(bytes)
  if (element.tag !== tag) throw new RangeError('another tag')
  if (element.encoded.length !== bytes.length) throw new RangeError('trailing bytes')
  return element
}

/** Reads bytes that are exactly one SEQUENCE and gives its members. @throws RangeError for anything else. */
export function readSequence(bytes: Uint8Array): Element[] {
  let rest = readElement(bytes, TAG_SEQUENCE).content
  const members: Element[] = []
  while (rest.length > 0) {
    if (members.length === MEMBERS_MAX) throw new RangeError('too many members')
    const member = readFirst(rest)
    members.push(member)
    rest = rest.subarray(member.encoded.length)
  }
  return members
}

/** Reads a non-negative INTEGER of at most `width` bytes and writes it big-endian at `offset`. @throws RangeError if not minimal. */
export function readUnsigned(
  element: Element,
  out: Uint8Array,
  offset: number,
  width: number,
): void {
  const { tag, content } = element
  const [first, second = 0x80] = content
  if (tag !== TAG_INTEGER || first === undefined || first >= 0x80)
    throw new RangeError('not unsigned')
  if (first === 0 && content.length > 1 && second < 0x80) throw new RangeError('not minimal')
  const digits = first === 0 ? content.subarray(1) : content
  if (digits.length > width) throw new RangeError('too long')
  out.set(digits, offset + width - digits.length)
}

/** Writes a big-endian number as an INTEGER. */
export function writeUnsigned(digits: Uint8Array): Buffer {
  let start = 0
  while (start < digits.length - 1 && digits[start] === 0) start++
  const minimal = digits.subarray(start)
  const content = (minimal[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), minimal]) : minimal
  return writeElement(TAG_INTEGER, content)
}

/** Writes an element of at most 65,535 bytes. */
export function writeElement(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  if (length > 0xffff) throw new RangeError('too long')
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...lengthBytes), content])
}
