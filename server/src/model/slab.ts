/**
 * Memory for short values that come one for each request: slices of a slab that they share, for an ArrayBuffer of its own costs 1 µs
 * and has the collector come sooner. A slice is its taker's to overwrite, and no other's. It must not be posted to a thread, which would
 * take the slab along.
 */

/** V8 keeps arrays of up to 64 bytes on its heap and copies them about; a view of a slab this large stays where it is. */
export const SLAB_BYTES = 4_096
/** Longer values have memory of their own. */
const SLICE_BYTES_MAX = 256

/** Gives slices of its own slabs, which lie outside the pool that Buffer shares with everything else. */
export class Slab {
  #bytes = Buffer.alloc(SLAB_BYTES)
  #used = 0

  /** `length` bytes of zero. */
  take(length: number): Buffer<ArrayBuffer> {
    if (length > SLICE_BYTES_MAX)
      return Buffer.alloc(Math.max(length, SLAB_BYTES)).subarray(0, length)
    if (this.#used + length > SLAB_BYTES) {
      this.#bytes = Buffer.alloc(SLAB_BYTES)
      this.#used = 0
    }
    this.#used += length
    return this.#bytes.subarray(this.#used - length, this.#used)
  }
}
