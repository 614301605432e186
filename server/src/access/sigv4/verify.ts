import { isSameDigest, sha256Hex, type HmacSha256Key } from '#crypto'
import type { Presented } from './authorization.ts'
import { canonicalRequest } from './canonical-request.ts'
import { SignatureError } from './errors.ts'
import { soleValue, type SignedRequest } from './request.ts'
import { formatTime, WINDOW_MS } from './time.ts'

/**
 * Checks that the request was signed with the key, is what was signed, and was signed within five minutes of `now` (milliseconds since
 * 1970). `presented` is what {@link readSignature} read of this same request.
 *
 * @throws SignatureError expired, not-yet-current, mismatch or incomplete.
 */
export function verifySignature(
  request: SignedRequest,
  presented: Presented,
  signingKey: HmacSha256Key,
  now: number,
): void {
  assertCurrent(presented.time, now)
  const bodyHash = sha256Hex(request.body)
  const announced = soleValue(request, 'x-amz-content-sha256')
  // UNSIGNED-PAYLOAD and the streaming values are no hashes, and end here too.
  if (announced !== undefined && announced !== bodyHash) {
    throw new SignatureError(
      'mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  }
  const canonical = canonicalRequest(request, presented.signedHeaders, bodyHash)
  const expected = signingKey.hex(stringToSign(presented, canonical))
  if (!isSameDigest(expected, presented.signature)) throw new SignatureError('mismatch')
}

function stringToSign(presented: Presented, canonical: string): string {
  const { date, region, service, timestamp } = presented
  const scope = `${date}/${region}/${service}/aws4_request`
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hashOf(canonical)}`
}

const BEYOND_ASCII = /[^\0-\x7F]/

/** Of one byte for each character, as they came; ASCII is the same as UTF-8. */
function hashOf(canonical: string): string {
  return sha256Hex(BEYOND_ASCII.test(canonical) ? Buffer.from(canonical, 'latin1') : canonical)
}

/** The words matter: the JavaScript SDK reads them as a sign that its clock is wrong, corrects it and tries again. */
function assertCurrent(time: number, now: number): void {
  const minutes = WINDOW_MS / 60_000
  if (time < now - WINDOW_MS) {
    throw new SignatureError(
      'expired',
      `Signature expired: ${formatTime(time)} is now earlier than ${formatTime(now - WINDOW_MS)} ` +
        `(${formatTime(now)} - ${minutes} min.)`,
    )
  }
  if (time > now + WINDOW_MS) {
    throw new SignatureError(
      'not-yet-current',
      `Signature not yet current: ${formatTime(time)} is still later than ${formatTime(now + WINDOW_MS)} ` +
        `(${formatTime(now)} + ${minutes} min.)`,
    )
  }
}
