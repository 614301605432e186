import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import type { Notice } from './watch.ts'

/** What a receiver of webhooks does with what it is told (Standard Webhooks 1.0, "Signature scheme" and "Verifying signatures"). */

/** How far the clocks of both sides may be apart, and how long a message lasts that somebody has kept, in milliseconds. */
const TOLERANCE_MS = 300_000
/** One signature for each of two secrets is what is sent; more than a few are somebody trying. */
const SIGNATURES_MAX = 16
/** SubjectPublicKeyInfo of Ed25519 up to the bare key (RFC 8410 section 4). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PUBLIC_KEY_BYTES = 32

/** The request did not come from the server, or not now. Answer it with a 4xx, and do nothing else. */
export class ClavigerWebhookError extends Error {
  override readonly name = 'ClavigerWebhookError'
}

interface Asked {
  /** As `Headers`, or as node:http has them. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** As it came: not parsed and written again. */
  readonly body: string | Uint8Array
  /** Milliseconds since 1970; the clock's unless given. */
  readonly now?: number | undefined
}

type Check = (version: string, signature: Buffer) => boolean

/** What a key says of a signature. @throws TypeError for what is no key of Standard Webhooks */
function checkBy(key: string, content: Buffer): Check {
  const [, kind = '', text = ''] = /^(whsec_|whpk_)([A-Za-z0-9+/]{4,}={0,2})$/.exec(key) ?? []
  const bytes = Buffer.from(text, 'base64')
  if (kind === 'whsec_') {
    const code = createHmac('sha256', bytes).update(content).digest()
    return (version, signature) =>
      version === 'v1' && signature.length === code.length && timingSafeEqual(signature, code)
  }
  if (kind !== 'whpk_' || bytes.length !== PUBLIC_KEY_BYTES)
    throw new TypeError('A key of a webhook is whsec_ or whpk_ and base64')
  const spki = Buffer.concat([ED25519_PREFIX, bytes])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  return (version, signature) => version === 'v1a' && verify(null, content, publicKey, signature)
}

function headerOf(headers: Asked['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name]
  if (typeof value === 'string') return value
  throw new ClavigerWebhookError(`The request has no header ${name}`)
}

/**
 * The notice of a webhook, once a signature shows that it comes from the server, and the time that it was sent now. It may come twice:
 * `data.notice` is what it is known by.
 *
 * @param keys the secret (`whsec_…`) or public key (`whpk_…`) of the subscription; two while one takes the place of the other.
 * @throws ClavigerWebhookError
 */
export function readWebhook(
  keys: string | readonly string[],
  { headers, body, now }: Asked,
): Notice {
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  // Attacker-chosen until a signature fits.
  const apart = Math.abs((now ?? Date.now()) - Number(timestamp) * 1_000)
  if (!/^\d{1,12}$/.test(timestamp) || apart > TOLERANCE_MS)
    throw new ClavigerWebhookError('The request was not sent now, or a clock is wrong')
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)])
  const checks = [keys].flat().map((key) => checkBy(key, content))
  const signatures = headerOf(headers, 'webhook-signature').split(' ').slice(0, SIGNATURES_MAX)
  const isGenuine = signatures.some((each) => {
    const [version = '', text = ''] = each.split(',')
    const signature = Buffer.from(text, 'base64')
    return checks.some((check) => check(version, signature))
  })
  if (!isGenuine) throw new ClavigerWebhookError('No signature fits the request')
  return JSON.parse(Buffer.from(body).toString()) as Notice
}
