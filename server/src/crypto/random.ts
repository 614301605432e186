import {
  createSecretKey,
  type KeyObject,
  randomFillSync,
  randomUUID,
  randomUUIDv7,
} from 'node:crypto'
import { SLAB_BYTES, Slab } from '#model'
import { assertOperational } from './condition.ts'

/**
 * Random bytes from OpenSSL's DRBG, which the operating system seeds (SP 800-90A; SP 800-133 section 4). Nothing else in the house
 * makes randomness.
 */

/** One draw from the DRBG serves 512 nonces: drawing 12 bytes at a time costs a third of a small encryption, and 32 for a key 2 µs. */
const POOL_BYTES = 6_144
/** Longer requests go to the DRBG directly. */
const POOLED_BYTES_MAX = 256
/** Draws many bytes at once and hands each out once: they are overwritten where they waited. */
class Pool {
  readonly #bytes = Buffer.alloc(POOL_BYTES)
  #used = POOL_BYTES

  /** Fills all of `out`. */
  fill(out: Uint8Array): void {
    assertOperational()
    if (out.length > POOLED_BYTES_MAX) {
      randomFillSync(out)
      return
    }
    if (this.#used + out.length > POOL_BYTES) {
      randomFillSync(this.#bytes)
      this.#used = 0
    }
    const end = this.#used + out.length
    out.set(this.#bytes.subarray(this.#used, end))
    this.#bytes.fill(0, this.#used, end)
    this.#used = end
  }
}

/** Nonces and salts: public values, many of them. Secrets are never of this pool. */
export const randomPool = new Pool()

/**
 * Data keys, as many as nonces. Who could read those that wait here could read the DRBG's own state beside them, which foretells the same
 * bytes; it draws anew after 192 keys.
 */
const secretPool = new Pool()

/** Random bytes that are not secret: nonces, salts. `length` in bytes. */
export function randomBytes(length: number): Buffer {
  assertOperational()
  const bytes = Buffer.alloc(length)
  randomPool.fill(bytes)
  return bytes
}

/** A buffer for key material, which V8 never copies about; the caller overwrites it with `fill(0)`. `length` in bytes. */
export function secretBuffer(length: number): Buffer {
  return Buffer.alloc(Math.max(length, SLAB_BYTES)).subarray(0, length)
}

/** Fresh secret bytes straight from the DRBG, in a buffer that the caller overwrites with `fill(0)`. `length` in bytes. */
export function randomSecret(length: number): Buffer {
  assertOperational()
  return randomFillSync(secretBuffer(length))
}

const slab = new Slab()

/** A buffer for a secret that is overwritten when the request is answered, see {@link Slab}. `length` in bytes. */
export function secretSlice(length: number): Buffer {
  return slab.take(length)
}

/** Fresh secret bytes in a {@link secretSlice}. `length` in bytes. */
export function randomSecretSlice(length: number): Buffer {
  assertOperational()
  const slice = secretSlice(length)
  secretPool.fill(slice)
  return slice
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
