import { sha256 } from '#crypto'

/** SHA-256 of a text, base64url: what proofs and approvals are bound to. */
export function digestOf(text: string): string {
  return digestOfBytes(Buffer.from(text))
}

/** SHA-256, base64url. */
export function digestOfBytes(bytes: Uint8Array): string {
  return sha256(bytes).toString('base64url')
}
