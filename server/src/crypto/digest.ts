import { createHmac, hash, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import { assertOperational } from './condition.ts'
import { secretBuffer } from './random.ts'

/** Hashes, HMAC and HKDF for the house's own use (FIPS 180-4, FIPS 198-1, RFC 5869), and comparison in constant time. */

/** SHA-256 of the data: 32 bytes. */
export function sha256(data: Uint8Array): Buffer {
  assertOperational()
  return hash('sha256', data, 'buffer')
}

/** HMAC-SHA-256: 32 bytes. */
export function hmacSha256(key: KeyObject | Uint8Array, data: Uint8Array): Buffer {
  assertOperational()
  return createHmac('sha256', key).update(data).digest()
}

/** HMAC-SHA-1: 20 bytes. For one-time passwords alone (RFC 4226), whose security does not rest on collisions of the hash. */
export function hmacSha1(key: KeyObject | Uint8Array, data: Uint8Array): Buffer {
  assertOperational()
  return createHmac('sha1', key).update(data).digest()
}

/** SHA-256 of the data as hexadecimal digits; of a text as UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  assertOperational()
  return hash('sha256', data, 'hex')
}

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** Room for what is usually authenticated. */
const MESSAGE_BYTES = 1_024

/**
 * HMAC-SHA-256 (FIPS 198-1) under a key that is used again and again. The two blocks that begin its hashes are made once, and nothing is
 * left behind by a use: an Hmac object of Node's has a native half that only a full collection frees, which at thousands a second
 * costs more than the hashing.
 */
export class HmacSha256Key {
  readonly #inner: Buffer
  readonly #outer: Buffer

  /** A key of at most 64 bytes, which stays the caller's to overwrite. */
  constructor(key: Uint8Array) {
    assertOperational()
    if (key.length > BLOCK_BYTES) throw new TypeError('A key of more than a block must be hashed')
    const slab = secretBuffer(2 * BLOCK_BYTES + MESSAGE_BYTES + DIGEST_BYTES)
    this.#outer = slab.subarray(0, BLOCK_BYTES + DIGEST_BYTES)
    this.#inner = slab.subarray(BLOCK_BYTES + DIGEST_BYTES)
    for (let at = 0; at < BLOCK_BYTES; at += 1) {
      const byte = key[at] ?? 0
      this.#inner[at] = byte ^ 0x36
      this.#outer[at] = byte ^ 0x5c
    }
  }

  /** The code of a text, each character of which stands for one byte, as hexadecimal digits. */
  hex(text: string): string {
    assertOperational()
    const bytes =
      text.length <= MESSAGE_BYTES ? this.#inner : Buffer.alloc(BLOCK_BYTES + text.length)
    if (bytes !== this.#inner) bytes.set(this.#inner.subarray(0, BLOCK_BYTES))
    bytes.write(text, BLOCK_BYTES, 'latin1')
    const digest = hash('sha256', bytes.subarray(0, BLOCK_BYTES + text.length), 'hex')
    this.#outer.write(digest, BLOCK_BYTES, 'hex')
    return hash('sha256', this.#outer, 'hex')
  }

  /** Overwrites the key. */
  forget(): void {
    this.#inner.fill(0)
    this.#outer.fill(0)
  }
}

const left = Buffer.alloc(DIGEST_BYTES)
const right = Buffer.alloc(DIGEST_BYTES)

/** Whether two texts are the same 64 hexadecimal digits, in time that does not depend on them. */
export function isSameDigest(one: string, other: string): boolean {
  assertOperational()
  return (
    left.write(one, 'hex') === DIGEST_BYTES &&
    right.write(other, 'hex') === DIGEST_BYTES &&
    one.length === other.length &&
    timingSafeEqual(left, right)
  )
}

/**
 * HKDF with SHA-512, extract and expand (RFC 5869; SP 800-56C revision 2 section 5). `length` in bytes, at most 255 * 64. The result
 * is the caller's to overwrite.
 */
export function hkdfSha512(
  key: KeyObject | Uint8Array,
  salt: Uint8Array,
  info: string | Uint8Array,
  length: number,
): Buffer {
  assertOperational()
  return Buffer.from(hkdfSync('sha512', key, salt, info, length))
}

/** Whether two byte strings are equal, in time that depends on their lengths only. */
export function constantTimeEqual(left: Uint8Array, right: Uint8Array): boolean {
  assertOperational()
  return left.length === right.length && timingSafeEqual(left, right)
}

/** SHA-256 of a text as base64: for looking up what a caller presented without keeping or comparing it. */
export function sha256Text(text: string): string {
  assertOperational()
  return hash('sha256', text, 'base64')
}
