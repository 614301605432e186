import { uuidFromBytes } from '@claviger/contract'
import { constantTimeEqual, randomSecret, sha256 } from '#crypto'

/**
 * Bearer tokens: `clv_<token id, 32 hex digits>_<43 characters of base64url>`. The id finds the row, the secret (256 random bits)
 * proves the holder. Only SHA-256 of the secret is kept: with that much entropy a slow hash adds nothing.
 */

/**
 * A program's token, a secret id, which only gets tokens, a person's login, the link that a person sets up factors with, and the code that
 * breaks a glass.
 */
export type TokenPrefix = 'clv' | 'clvk' | 'clvs' | 'clve' | 'clvg'

const TOKEN = /^(clv[egks]?)_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/
const SECRET_BYTES = 32

export interface NewToken {
  /** Shown once to whoever made it. */
  readonly text: string
  /** Kept: base64 of SHA-256 of the secret. */
  readonly hash: string
}

/** Makes the text of a token with a given id (a UUID). */
export function createTokenText(id: string, prefix: TokenPrefix = 'clv'): NewToken {
  const secret = randomSecret(SECRET_BYTES)
  try {
    const hash = Buffer.from(sha256(secret)).toString('base64')
    return { text: `${prefix}_${id.replaceAll('-', '')}_${secret.toString('base64url')}`, hash }
  } finally {
    secret.fill(0)
  }
}

export interface ParsedToken {
  readonly id: string
  /** SHA-256 of the secret. */
  readonly digest: Uint8Array
}

/** Reads what a caller presents; attacker-chosen. Undefined for anything that is not shaped like a token. */
export function parseToken(text: string, prefix: TokenPrefix = 'clv'): ParsedToken | undefined {
  const match = TOKEN.exec(text)
  if (match === null || match[1] !== prefix) return undefined
  const [, , hex = '', secret = ''] = match
  return {
    id: uuidFromBytes(Buffer.from(hex, 'hex')),
    digest: sha256(Buffer.from(secret, 'base64url')),
  }
}

/** Whether a presented secret is the one a kept hash was made from, in constant time. */
export function proves(token: ParsedToken, hash: string): boolean {
  return constantTimeEqual(token.digest, Buffer.from(hash, 'base64'))
}
