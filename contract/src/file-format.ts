/**
 * The layout of file format 1, what `claviger encrypt` makes of a file of any size; `docs/file-format.md` specifies it. Pure
 * functions on bytes: what is read comes from outside and is bounded, and what is parsed is views, never copies.
 *
 *   8  magic = "CLAVIGER" | 1  format = 1 | 1  suite | 1  chunk bits | 4 wrapped length | n wrapped data key | 32 salt | 32 commitment
 *
 * Then chunks of 2^(chunk bits) bytes, the last one shorter or as long, each followed by its tag of 16 bytes.
 */

const MAGIC = new TextEncoder().encode('CLAVIGER')
const FORMAT_AT = 8
const SUITE_AT = 9
const CHUNK_BITS_AT = 10
const WRAPPED_LENGTH_AT = 11

/** How much must be read to know how long the header is. */
export const FILE_PREFIX_BYTES = 15
export const FILE_FORMAT = 1
/** AES-256-GCM, the only suite so far. */
export const FILE_SUITE = 1

/** Chunks hold 4 KiB to 16 MiB, which bounds what a reader must hold; 1 MiB unless asked otherwise. */
export const FILE_CHUNK_BITS_MIN = 12
export const FILE_CHUNK_BITS_MAX = 24
export const FILE_CHUNK_BITS_DEFAULT = 20

/** An envelope around at most 1,024 bytes of data key, and room for the formats to come. */
export const FILE_WRAPPED_BYTES_MAX = 4_096

/** Lengths in bytes. */
export const FILE_SALT_BYTES = 32
export const FILE_COMMITMENT_BYTES = 32
export const FILE_DATA_KEY_BYTES = 32
export const FILE_KEY_BYTES = 32
export const FILE_HASH_BYTES = 32
export const FILE_NONCE_BYTES = 12
export const FILE_TAG_BYTES = 16

/**
 * At most this many chunks in a file: 4 PiB in chunks of 1 MiB. SP 800-38D section 8.3 sets it for random nonces only; it is kept
 * here as well, where nonces count.
 */
export const FILE_CHUNKS_MAX = 4_294_967_296

const LABEL = 'claviger/file/1'
const encoder = new TextEncoder()

/** What the fixed part of a header says. */
export interface FilePrefix {
  /** Plaintext bytes in every chunk but the last. */
  readonly chunkBytes: number
  /** Length of the wrapped data key. */
  readonly wrappedBytes: number
  /** Length of the whole header, the commitment included. */
  readonly headerBytes: number
}

/** A header taken apart. Every byte string is a view of the input. */
export interface FileHeader extends FilePrefix {
  readonly wrapped: Uint8Array
  readonly salt: Uint8Array
  readonly commitment: Uint8Array
  /** Everything before the commitment: what is hashed. */
  readonly hashed: Uint8Array
}

/** Reads the first {@link FILE_PREFIX_BYTES} bytes of a file, or gives undefined for what is not of this format. */
export function parseFilePrefix(bytes: Uint8Array): FilePrefix | undefined {
  if (bytes.length < FILE_PREFIX_BYTES) return undefined
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return undefined
  if (bytes[FORMAT_AT] !== FILE_FORMAT || bytes[SUITE_AT] !== FILE_SUITE) return undefined
  const chunkBits = bytes[CHUNK_BITS_AT] ?? 0
  if (chunkBits < FILE_CHUNK_BITS_MIN || chunkBits > FILE_CHUNK_BITS_MAX) return undefined
  const wrappedBytes = view(bytes).getUint32(WRAPPED_LENGTH_AT)
  if (wrappedBytes < 1 || wrappedBytes > FILE_WRAPPED_BYTES_MAX) return undefined
  const headerBytes = FILE_PREFIX_BYTES + wrappedBytes + FILE_SALT_BYTES + FILE_COMMITMENT_BYTES
  return { chunkBytes: 2 ** chunkBits, wrappedBytes, headerBytes }
}

/** Takes a header apart, or gives undefined for what is not one, to the byte. Nothing is authenticated yet. */
export function parseFileHeader(bytes: Uint8Array): FileHeader | undefined {
  const prefix = parseFilePrefix(bytes)
  if (prefix === undefined || bytes.length !== prefix.headerBytes) return undefined
  const saltAt = FILE_PREFIX_BYTES + prefix.wrappedBytes
  const commitmentAt = saltAt + FILE_SALT_BYTES
  return {
    ...prefix,
    wrapped: bytes.subarray(FILE_PREFIX_BYTES, saltAt),
    salt: bytes.subarray(saltAt, commitmentAt),
    commitment: bytes.subarray(commitmentAt),
    hashed: bytes.subarray(0, commitmentAt),
  }
}

/**
 * Makes a header with an empty commitment, which the caller writes into the last {@link FILE_COMMITMENT_BYTES} bytes once it knows it:
 * the commitment depends on the hash of all that stands before it.
 *
 * @throws RangeError for what the format cannot say: mistakes of the caller.
 */
export function makeFileHeader(
  chunkBits: number,
  wrapped: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  if (
    !Number.isInteger(chunkBits) ||
    chunkBits < FILE_CHUNK_BITS_MIN ||
    chunkBits > FILE_CHUNK_BITS_MAX
  ) {
    throw new RangeError('a chunk is 2^12 to 2^24 bytes')
  }
  if (wrapped.length < 1 || wrapped.length > FILE_WRAPPED_BYTES_MAX) {
    throw new RangeError('a wrapped data key is 1 to 4096 bytes')
  }
  if (salt.length !== FILE_SALT_BYTES) throw new RangeError('a salt is 32 bytes')
  const saltAt = FILE_PREFIX_BYTES + wrapped.length
  const header = new Uint8Array(saltAt + FILE_SALT_BYTES + FILE_COMMITMENT_BYTES)
  header.set(MAGIC)
  header[FORMAT_AT] = FILE_FORMAT
  header[SUITE_AT] = FILE_SUITE
  header[CHUNK_BITS_AT] = chunkBits
  view(header).setUint32(WRAPPED_LENGTH_AT, wrapped.length)
  header.set(wrapped, FILE_PREFIX_BYTES)
  header.set(salt, saltAt)
  return header
}

/** HKDF's info (RFC 5869 section 2.3): the label and the SHA-256 of everything before the commitment. */
export function fileInfo(headerHash: Uint8Array): Uint8Array {
  if (headerHash.length !== FILE_HASH_BYTES) throw new RangeError('a header hash is 32 bytes')
  const info = new Uint8Array(LABEL.length + FILE_HASH_BYTES)
  encoder.encodeInto(LABEL, info)
  info.set(headerHash, LABEL.length)
  return info
}

/**
 * Writes the nonce of a chunk: its number in 88 bits, big-endian, counted from 0, then one byte that is 1 for the last chunk (STREAM:
 * Hoang, Reyhanitabar, Rogaway and Vizár, Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015).
 *
 * @throws RangeError past {@link FILE_CHUNKS_MAX}, and for an `out` of another length than a nonce's.
 */
export function writeFileNonce(out: Uint8Array, chunk: number, last: boolean): void {
  if (out.length !== FILE_NONCE_BYTES) throw new RangeError('a nonce is 12 bytes')
  if (!(chunk >= 0 && chunk < FILE_CHUNKS_MAX)) throw new RangeError('the file has too many chunks')
  out.fill(0)
  view(out).setUint32(FILE_NONCE_BYTES - 5, chunk)
  out[FILE_NONCE_BYTES - 1] = last ? 1 : 0
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
