import { constantTimeEqual, hmacSha1, randomSecret } from '#crypto'

/** One-time passwords by time (RFC 6238): six digits of HMAC-SHA-1 every 30 seconds, which is what authenticator apps have in common. */

const STEP_MS = 30_000
/** RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20
const DIGITS = 6
/** Steps before and after the present one that are taken, for clocks that differ (RFC 6238 section 5.2). */
const DRIFT = 1
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What a stored secret is wrapped for. */
export function totpBinding(tenant: string, id: string) {
  return { purpose: 'totp', tenant, id }
}

/** A new secret; the caller overwrites it. */
export function newTotpSecret(): Buffer {
  return randomSecret(SECRET_BYTES)
}

/** The code of one step (RFC 4226 section 5.3). */
export function totpAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const code = hmacSha1(secret, counter)
  const offset = (code[code.length - 1] ?? 0) & 0xf
  const value = code.readUInt32BE(offset) & 0x7f_ff_ff_ff
  return String(value % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The step whose code it is, where that is now or next to it and after `lastStep`: a step is taken once. Constant time for each step.
 * `now` is in milliseconds since 1970.
 */
export function totpStep(
  secret: Uint8Array,
  code: string,
  lastStep: number,
  now: number,
): number | undefined {
  const present = Math.floor(now / STEP_MS)
  let found: number | undefined
  for (let step = present - DRIFT; step <= present + DRIFT; step += 1) {
    const fits = constantTimeEqual(Buffer.from(totpAt(secret, step)), Buffer.from(code))
    if (fits && step > lastStep) found ??= step
  }
  return found
}

/** RFC 4648 section 6, without padding, as apps take it. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += BASE32[(held >> bits) & 31]
      held &= (1 << bits) - 1
    }
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31]
}

/** What a person puts into an app: the secret as text, and as the address that a QR code holds. */
export function totpSetup(secret: Uint8Array, person: string) {
  const text = base32(secret)
  const label = `Claviger:${encodeURIComponent(person)}`
  return { secret: text, uri: `otpauth://totp/${label}?secret=${text}&issuer=Claviger` }
}
