/**
 * The layout of envelope format 1, the public format of every ciphertext that symmetric keys make; `docs/envelope.md` specifies it.
 * Pure functions on bytes: what is read comes from outside and is bounded, and what is parsed is views, never copies.
 *
 *   1  format = 0xC1 | 1  suite | 16 key id | 4 version | 16 salt | 32 commitment | 12 nonce | n ciphertext | 16 tag
 */

/** The first byte. */
export const ENVELOPE_FORMAT = 0xc1

/** The second byte, by the name of the algorithm. A number is never given a second meaning. */
export const envelopeSuites = Object.freeze({
  'AES-256-GCM': 1,
  'AES-128-GCM': 2,
  'AES-256-GCM-SIV': 3,
  'ChaCha20-Poly1305': 4,
} as const)

export type EnvelopeSuiteName = keyof typeof envelopeSuites
export type EnvelopeSuite = (typeof envelopeSuites)[EnvelopeSuiteName]

/** Lengths in bytes. */
export const ENVELOPE_KEY_ID_BYTES = 16
export const ENVELOPE_SALT_BYTES = 16
export const ENVELOPE_COMMITMENT_BYTES = 32
export const ENVELOPE_NONCE_BYTES = 12
export const ENVELOPE_TAG_BYTES = 16
/** How much of HKDF's output is the subkey; AES-128-GCM uses the first half of it. */
export const ENVELOPE_SUBKEY_BYTES = 32

const SUITE_AT = 1
const KEY_ID_AT = 2
const VERSION_AT = KEY_ID_AT + ENVELOPE_KEY_ID_BYTES
const SALT_AT = VERSION_AT + 4
const COMMITMENT_AT = SALT_AT + ENVELOPE_SALT_BYTES

/** Everything before the nonce: what the associated data begins with. */
export const ENVELOPE_HEADER_BYTES = COMMITMENT_AT + ENVELOPE_COMMITMENT_BYTES
/** Where the ciphertext begins. */
export const ENVELOPE_CIPHERTEXT_AT = ENVELOPE_HEADER_BYTES + ENVELOPE_NONCE_BYTES
/** How much longer a ciphertext is than its message. */
export const ENVELOPE_OVERHEAD_BYTES = ENVELOPE_CIPHERTEXT_AT + ENVELOPE_TAG_BYTES
/** The format's own limit for a message; a server may set a lower one. */
export const ENVELOPE_MESSAGE_BYTES_MAX = 16_777_216

const LABEL = 'claviger/envelope/1'
const VERSION_MAX = 4_294_967_295
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const suiteNumbers: readonly number[] = Object.values(envelopeSuites)
const encoder = new TextEncoder()

/** Who made a ciphertext: what the subkey is derived for. */
export interface EnvelopeVersion {
  readonly suite: EnvelopeSuite
  /** The key's id, a lower-case UUID. */
  readonly key: string
  /** Counted from 1. */
  readonly version: number
}

/** A ciphertext taken apart. Every byte string is a view of the input. */
export interface EnvelopeParts extends EnvelopeVersion {
  readonly salt: Uint8Array
  readonly commitment: Uint8Array
  readonly nonce: Uint8Array
  /** Everything before the nonce: the first part of the associated data. */
  readonly header: Uint8Array
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array
}

/** Takes a ciphertext apart, or gives undefined for what is not one of this format. Nothing is authenticated yet. */
export function parseEnvelope(bytes: Uint8Array): EnvelopeParts | undefined {
  const made = readEnvelopeVersion(bytes)
  if (made === undefined) return undefined
  return {
    suite: made.suite,
    key: made.key,
    version: made.version,
    salt: bytes.subarray(SALT_AT, COMMITMENT_AT),
    commitment: bytes.subarray(COMMITMENT_AT, ENVELOPE_HEADER_BYTES),
    nonce: bytes.subarray(ENVELOPE_HEADER_BYTES, ENVELOPE_CIPHERTEXT_AT),
    header: bytes.subarray(0, ENVELOPE_HEADER_BYTES),
    sealed: bytes.subarray(ENVELOPE_CIPHERTEXT_AT),
  }
}

/** Who a ciphertext says it is by, or undefined for what {@link parseEnvelope} does not take. Nothing is authenticated. */
export function readEnvelopeVersion(bytes: Uint8Array): EnvelopeVersion | undefined {
  const { length } = bytes
  if (length < ENVELOPE_OVERHEAD_BYTES) return undefined
  if (length > ENVELOPE_OVERHEAD_BYTES + ENVELOPE_MESSAGE_BYTES_MAX) return undefined
  const suite = bytes[SUITE_AT]
  if (bytes[0] !== ENVELOPE_FORMAT || !isSuite(suite)) return undefined
  const version = readUint32(bytes, VERSION_AT)
  if (version === 0) return undefined
  return { suite, key: uuidFromBytes(bytes.subarray(KEY_ID_AT, VERSION_AT)), version }
}

/**
 * Writes everything before the nonce into the first bytes of `out`.
 *
 * @throws RangeError for a key id, version or length that the format cannot say: mistakes of the caller.
 */
export function writeEnvelopeHeader(
  out: Uint8Array,
  version: EnvelopeVersion,
  salt: Uint8Array,
  commitment: Uint8Array,
): void {
  if (salt.length !== ENVELOPE_SALT_BYTES) throw new RangeError('a salt is 16 bytes')
  if (commitment.length !== ENVELOPE_COMMITMENT_BYTES) {
    throw new RangeError('a commitment is 32 bytes')
  }
  out[0] = ENVELOPE_FORMAT
  writeVersion(out, SUITE_AT, version)
  out.set(salt, SALT_AT)
  out.set(commitment, COMMITMENT_AT)
}

/**
 * HKDF's info (RFC 5869 section 2.3): the label, the suite, the key id and the version, each of fixed length.
 *
 * @throws RangeError as {@link writeEnvelopeHeader}.
 */
export function envelopeInfo(version: EnvelopeVersion): Uint8Array {
  const info = new Uint8Array(LABEL.length + SALT_AT - SUITE_AT)
  encoder.encodeInto(LABEL, info)
  writeVersion(info, LABEL.length, version)
  return info
}

/**
 * Encodes an encryption context so that two contexts never share an encoding: the number of pairs, then the pairs in the order of
 * their keys' UTF-8 bytes, each key and value preceded by its length in bytes. Numbers are 32 bits, big-endian.
 *
 * @throws RangeError for a lone surrogate, which UTF-8 cannot say: encoders would replace it, and two contexts would become one.
 */
export function encodeContext(context: Readonly<Record<string, string>>): Uint8Array {
  const keys = Object.keys(context)
  if (keys.length > 1) keys.sort(compareAsUtf8)
  let longest = 4
  for (const key of keys) longest += 8 + UTF8_BYTES_MAX * (key.length + (context[key] ?? '').length)
  const encoding = new Uint8Array(longest)
  writeUint32(encoding, 0, keys.length)
  let offset = 4
  for (const key of keys) {
    offset = writeText(encoding, offset, key)
    offset = writeText(encoding, offset, context[key] ?? '')
  }
  return encoding.subarray(0, offset)
}

/** Bytes of UTF-8 for one UTF-16 code unit, at most (RFC 3629 section 3). */
const UTF8_BYTES_MAX = 3

/** Writes the length of a text and the text; gives where it ends. */
function writeText(out: Uint8Array, offset: number, text: string): number {
  if (!text.isWellFormed()) throw new RangeError('text must not hold a lone surrogate')
  const start = offset + 4
  let end = start
  // ASCII, which most contexts are, without a call out of JavaScript.
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) {
      end += encoder.encodeInto(text.slice(at), out.subarray(end)).written
      break
    }
    out[end] = code
    end += 1
  }
  writeUint32(out, offset, end - start)
  return end
}

/**
 * The order of the UTF-8 bytes, which is the order of the code points; UTF-16 differs from it only in that surrogates, which stand
 * for the highest code points, come before U+E000 to U+FFFF.
 */
function compareAsUtf8(left: string, right: string): number {
  const shared = Math.min(left.length, right.length)
  for (let at = 0; at < shared; at += 1) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (a !== b) return rank(a) - rank(b)
  }
  return left.length - right.length
}

function rank(codeUnit: number): number {
  const isSurrogate = codeUnit >= 0xd800 && codeUnit <= 0xdfff
  return isSurrogate ? codeUnit + 0x1_0000 : codeUnit
}

function isSuite(value: number | undefined): value is EnvelopeSuite {
  return value !== undefined && suiteNumbers.includes(value)
}

/** Suite, key id and version stand beside each other, in the header and in HKDF's info. */
function writeVersion(out: Uint8Array, offset: number, version: EnvelopeVersion): void {
  if (!isSuite(version.suite)) throw new RangeError('there is no such suite')
  if (!UUID.test(version.key)) throw new RangeError('a key id is a lower-case UUID')
  if (!Number.isInteger(version.version) || version.version < 1 || version.version > VERSION_MAX) {
    throw new RangeError('a version is 1 to 4294967295')
  }
  out[offset] = version.suite
  out.set(Uint8Array.fromHex(version.key.replaceAll('-', '')), offset + 1)
  writeUint32(out, offset + 1 + ENVELOPE_KEY_ID_BYTES, version.version)
}

/** The text of an id: 16 bytes as a lower-case UUID (RFC 9562 section 4). */
export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = bytes.toHex()
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset) * 65_536 + readUint16(bytes, offset + 2)
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}
