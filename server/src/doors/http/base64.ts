import { Slab } from '#model'

/**
 * Standard base64 with padding (RFC 4648 section 4). Of short texts it is a third of what Uint8Array.fromBase64 takes, which also leaves an
 * ArrayBuffer for each to the collector.
 */

// Of its own: what callers sent to be encrypted lies beside nothing else.
const slab = new Slab()

/**
 * The bytes of an attacker-chosen text, or undefined where it is not standard base64: another alphabet, white space, no padding, or bits
 * that say nothing, so that one value has one spelling (section 3.5). They are the caller's, in a {@link Slab}.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const room = slab.take(Math.ceil(text.length / 4) * 3)
  const length = room.write(text, 'base64')
  // Node's decoder takes much for base64, so what it read is written again and compared.
  if (room.toString('base64', 0, length) !== text) return undefined
  return new Uint8Array(room.buffer, room.byteOffset, length)
}
