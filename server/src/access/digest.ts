import { sha256 } from '#crypto'

/** SHA-256 of a text, base64url: what proofs and approvals are bound to. */
export function digestOf(text: string): string {
  return sha256(Buffer.from(text)).toString('base64url')
}
