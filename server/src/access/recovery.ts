import { constantTimeEqual, randomBytes, sha256 } from '#crypto'

/** Codes for when everything else is lost. With 80 random bits a slow hash adds nothing. */

const CODES = 10
const CODE_BYTES = 10
/** Crockford's alphabet: nothing in it looks like something else. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

function textOf(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const letters = bits.match(/.{5}/g)?.map((five) => LETTERS[Number.parseInt(five, 2)]) ?? []
  return letters.join('')
}

function hashOf(letters: string): Buffer {
  return sha256(Buffer.from(`claviger/recovery/1 ${letters}`))
}

/** New codes: what is shown once, and the hashes that are kept (base64). */
export function newRecoveryCodes(): {
  readonly shown: string[]
  readonly codes: { readonly hash: string }[]
} {
  const texts = Array.from({ length: CODES }, () => textOf(randomBytes(CODE_BYTES)))
  return {
    shown: texts.map((text) => text.match(/.{4}/g)?.join('-') ?? text),
    codes: texts.map((text) => ({ hash: hashOf(text).toString('base64') })),
  }
}

/** Which of the codes it is, where it is one that was not used; attacker-chosen. -1 where it is none. */
export function findRecoveryCode(
  typed: string,
  codes: readonly { readonly hash: string; readonly usedAt?: number }[],
): number {
  const letters = typed
    .toLowerCase()
    .replaceAll(/[^0-9a-z]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1')
  const hash = hashOf(letters)
  return codes.findIndex(
    (code) =>
      code.usedAt === undefined && constantTimeEqual(hash, Buffer.from(code.hash, 'base64')),
  )
}
