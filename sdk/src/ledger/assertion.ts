import '../without-code-generation.ts'
import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto'
import type { ApprovalSignature } from '@claviger/contract/ledger'

/** A passkey's signature, checked without the server and without its libraries (WebAuthn level 3 section 7.2). */

/** Of authenticator data (section 6.1): SHA-256 of the RP id, the flags, a counter of 4 bytes. */
const RP_ID_HASH_BYTES = 32
const AUTHENTICATOR_DATA_MIN = 37
/** UP and UV: somebody was there, and the authenticator knew who. */
const VERIFIED = 0b101
const RSA_BITS_MIN = 2_048

/** What of a signature is not right, or undefined where it holds over the digest (base64url). */
export function wrongOfSignature(said: ApprovalSignature, digest: string): string | undefined {
  const clientData = Buffer.from(said.clientData, 'base64url')
  const authenticatorData = Buffer.from(said.authenticatorData, 'base64url')
  const client = objectOf(clientData)
  if (client?.['type'] !== 'webauthn.get') return 'it is no assertion'
  if (client['challenge'] !== digest) return 'it signs something else'
  const host = hostOf(client['origin'])
  if (host === undefined || client['crossOrigin'] === true) return 'its origin is none'
  if (authenticatorData.byteLength < AUTHENTICATOR_DATA_MIN) return 'it has no authenticator data'
  if (!sha256(Buffer.from(host)).equals(authenticatorData.subarray(0, RP_ID_HASH_BYTES)))
    return 'its RP id is not the host of its origin'
  if ((authenticatorData.readUInt8(RP_ID_HASH_BYTES) & VERIFIED) !== VERIFIED)
    return 'its user was not verified'
  const signed = Buffer.concat([authenticatorData, sha256(clientData)])
  const holds = signatureHolds(
    Buffer.from(said.publicKey, 'base64url'),
    signed,
    Buffer.from(said.signature, 'base64url'),
  )
  return holds ? undefined : 'its signature does not hold'
}

/** SHA-256 of bytes in base64url, base64url: what a registration has of its public key. */
export function digestOfBytes(base64url: string): string {
  return sha256(Buffer.from(base64url, 'base64url')).toString('base64url')
}

/** SHA-256 of a text, base64url: what a statement is known by. */
export function digestOfText(text: string): string {
  return sha256(Buffer.from(text)).toString('base64url')
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}

function objectOf(json: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json.toString())
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

function hostOf(origin: unknown): string | undefined {
  const url = typeof origin === 'string' ? URL.parse(origin) : null
  return url === null || url.hostname === '' ? undefined : url.hostname
}

/** COSE's ES256, EdDSA with Ed25519 and RS256 (RFC 9053, RFC 8812), by the key's own kind. */
function signatureHolds(der: Buffer, signed: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const digest = digestFor(key)
    return digest !== undefined && verify(digest, signed, key, signature)
  } catch {
    return false
  }
}

/** What is hashed before it is signed; undefined for a kind of key that passkeys are not made of here. */
function digestFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'ed25519') return null
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {}
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'sha256'
  if (asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN) return 'sha256'
  return undefined
}
