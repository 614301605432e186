import { combine, split } from 'shamir-secret-sharing'
import { secretBuffer } from '#crypto'
import { KEY_BYTES } from './description.ts'

/** Shamir's scheme over GF(2^8), by the library, with the memory that a secret needs. */

/** One point of the polynomials: a number from 1 to 255, and 32 bytes of key material to be overwritten after use. */
export interface Point {
  readonly number: number
  readonly payload: Buffer
}

/**
 * The library answers in fresh typed arrays, and V8 keeps those of up to 64 bytes in its moving heap, where copies stay behind that
 * nobody can overwrite. So a longer secret is shared, the key and zeros, and only the key's part of it leaves this file.
 */
const PADDED_BYTES = 72

/** Splits a key of 32 bytes into points, of which `threshold` make it again. */
export async function splitKey(key: Buffer, points: number, threshold: number): Promise<Point[]> {
  const padded = plainView(secretBuffer(PADDED_BYTES))
  padded.set(key)
  try {
    return (await split(padded, points, threshold)).map((bytes) => {
      const payload = secretBuffer(KEY_BYTES)
      payload.set(bytes.subarray(0, KEY_BYTES))
      const number = bytes[PADDED_BYTES] ?? 0
      bytes.fill(0)
      return { number, payload }
    })
  } finally {
    padded.fill(0)
  }
}

/** The key that points make, which is a wrong one where they are too few or not of one key. Numbers must differ. */
export async function combineKey(points: readonly Point[]): Promise<Buffer> {
  const padded = points.map(({ number, payload }) => {
    const bytes = plainView(secretBuffer(PADDED_BYTES + 1))
    bytes.set(payload)
    bytes[PADDED_BYTES] = number
    return bytes
  })
  try {
    const combined = await combine(padded)
    const key = secretBuffer(KEY_BYTES)
    key.set(combined.subarray(0, KEY_BYTES))
    combined.fill(0)
    return key
  } finally {
    for (const bytes of padded) bytes.fill(0)
  }
}

/** The same memory as a bare Uint8Array, for the library takes no subclass of it. */
function plainView(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
