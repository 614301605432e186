/**
 * Standard base64 with padding (RFC 4648 section 4). Of short texts it is a third of what Uint8Array.fromBase64 takes, which also leaves an
 * ArrayBuffer for each to the collector.
 */

/** Longer values are decoded into memory of their own. */
const SLICE_BYTES_MAX = 256
const SLAB_BYTES = 4_096

// What callers sent to be encrypted lies outside the pool that Buffer shares with everything else.
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
let sliced = 0

/**
 * The bytes of an attacker-chosen text, or undefined where it is not standard base64: another alphabet, white space, no padding, or bits
 * that say nothing, so that one value has one spelling (section 3.5). They are the caller's, in a slab that they share with others: they
 * must not be posted to a thread.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const most = Math.ceil(text.length / 4) * 3
  if (most > SLICE_BYTES_MAX) return decodeInto(Buffer.allocUnsafeSlow(most), 0, text)
  if (sliced + most > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    sliced = 0
  }
  sliced += most
  return decodeInto(slab, sliced - most, text)
}

/** Node's decoder takes much for base64, so what it read is written again and compared. */
function decodeInto(room: Buffer<ArrayBuffer>, at: number, text: string): Uint8Array | undefined {
  const length = room.write(text, at, 'base64')
  if (room.toString('base64', at, at + length) !== text) return undefined
  return new Uint8Array(room.buffer, at, length)
}
