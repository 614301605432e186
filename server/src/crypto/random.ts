import {
  createSecretKey,
  type KeyObject,
  randomFillSync,
  randomUUID,
  randomUUIDv7,
} from 'node:crypto'
import { assertOperational } from './condition.ts'

/**
 * Random bytes from OpenSSL's DRBG, which the operating system seeds (SP 800-90A; SP 800-133 section 4). Nothing else in the house
 * makes randomness.
 */

/** One draw from the DRBG serves 512 nonces: drawing 12 bytes at a time costs a third of a small encryption. */
const POOL_BYTES = 6_144
/** Longer requests go to the DRBG directly. */
const POOLED_BYTES_MAX = 256
/** V8 keeps arrays of up to 64 bytes on its heap and copies them about; a view of a slab this large stays where it is. */
const SECRET_SLAB_BYTES = 4_096

const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES

/** Nonces and salts: public values, many of them. Secrets are drawn on their own with {@link randomSecret}. */
export const randomPool = {
  /** Fills all of `out` with bytes that are handed out this once: they are overwritten in the pool. */
  fill(out: Uint8Array): void {
    assertOperational()
    if (out.length > POOLED_BYTES_MAX) {
      randomFillSync(out)
      return
    }
    if (used + out.length > POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    const end = used + out.length
    out.set(pool.subarray(used, end))
    pool.fill(0, used, end)
    used = end
  },
}

/** Random bytes that are not secret: nonces, salts. `length` in bytes. */
export function randomBytes(length: number): Buffer {
  assertOperational()
  const bytes = Buffer.alloc(length)
  randomPool.fill(bytes)
  return bytes
}

/** A buffer for key material, which V8 never copies about; the caller overwrites it with `fill(0)`. `length` in bytes. */
export function secretBuffer(length: number): Buffer {
  return Buffer.alloc(Math.max(length, SECRET_SLAB_BYTES)).subarray(0, length)
}

/** Fresh secret bytes straight from the DRBG, in a buffer that the caller overwrites with `fill(0)`. `length` in bytes. */
export function randomSecret(length: number): Buffer {
  assertOperational()
  return randomFillSync(secretBuffer(length))
}

/** Takes secret bytes into a KeyObject, whose memory OpenSSL overwrites when it is collected. The bytes stay the caller's. */
export function secretKey(bytes: Uint8Array): KeyObject {
  assertOperational()
  return createSecretKey(bytes)
}

/** A new id: UUID version 7 (RFC 9562 section 5.7), lower-case, ordered by time, and not to be relied on as unguessable. */
export function newId(): string {
  assertOperational()
  return randomUUIDv7()
}

/** An id that must not be guessed: UUID version 4, 122 random bits, lower-case. */
export function newSecretId(): string {
  assertOperational()
  return randomUUID()
}
