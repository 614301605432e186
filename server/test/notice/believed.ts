import { createPublicKey, verify } from 'node:crypto'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { Told } from './receiver.ts'

/** SubjectPublicKeyInfo of Ed25519 up to the bare key (RFC 8410 section 4). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether a receiver believes what it was told, by the secret or the public key it was given. */
export function isBelieved(key: string, told: Told): boolean {
  return key.startsWith('whpk_') ? isSignedBy(key, told) : isCodedBy(key, told)
}

/** By the library of Standard Webhooks. */
function isCodedBy(secret: string, { body, headers }: Told): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>)
    return true
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false
    throw error
  }
}

/** By the text of Standard Webhooks 1.0, section "Signature scheme", since its library knows no `v1a`. */
function isSignedBy(key: string, { body, headers }: Told): boolean {
  const spki = Buffer.concat([ED25519_PREFIX, Buffer.from(key.slice('whpk_'.length), 'base64')])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((signature) => signature.startsWith('v1a,'))
    .some((signature) => {
      const bytes = Buffer.from(signature.slice('v1a,'.length), 'base64')
      return verify(null, Buffer.from(content), publicKey, bytes)
    })
}
