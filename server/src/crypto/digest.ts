import { createHmac, hash, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import { assertOperational } from './condition.ts'

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
  assertOperational()
  return hash('sha256', text, 'base64')
}
