import { constantTimeEqual, decodeBase32, encodeBase32, randomSecret, sha256 } from '#crypto'

/** Codes for when everything else is lost. With 80 random bits a slow hash adds nothing. */

const CODES = 10
const CODE_BYTES = 10

/** The hash is over the lower-case letters, without what stands between them. */
function hashOf(letters: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.from('claviger/recovery/1 '), letters]))
}

/** Four letters and a dash, and so on: a text that is shown once, and cannot be overwritten. */
function spell(letters: Buffer): string {
  return letters.toString('latin1').match(/.{4}/g)?.join('-') ?? ''
}

/** New codes: what is shown once, and the hashes that are kept (base64). */
export function newRecoveryCodes(): {
  readonly shown: string[]
  readonly codes: { readonly hash: string }[]
} {
  const made = Array.from({ length: CODES }, () => {
    const bytes = randomSecret(CODE_BYTES)
    const letters = encodeBase32(bytes)
    const code = { shown: spell(letters), hash: hashOf(letters).toString('base64') }
    bytes.fill(0)
    letters.fill(0)
    return code
  })
  return { shown: made.map(({ shown }) => shown), codes: made.map(({ hash }) => ({ hash })) }
}

/** Which of the codes it is, where it is one that was not used; attacker-chosen. -1 where it is none. */
export function findRecoveryCode(
  typed: string,
  codes: readonly { readonly hash: string; readonly usedAt?: number }[],
): number {
  const bytes = decodeBase32(typed)
  if (bytes === undefined) return -1
  const letters = encodeBase32(bytes)
  const hash = hashOf(letters)
  bytes.fill(0)
  letters.fill(0)
  return codes.findIndex(
    (code) =>
      code.usedAt === undefined && constantTimeEqual(hash, Buffer.from(code.hash, 'base64')),
  )
}
