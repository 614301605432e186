import type { KeyUsage } from '@claviger/contract'
import { ClavigerError } from '#model'
import { type Algorithm, algorithms } from './algorithms.ts'

/** Rows of the table by the names that people and products use, and why some names have none. */

/** Letters and digits only, in one case: how names are compared. */
function bare(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '')
}

const byName = new Map<string, Algorithm>()
for (const row of algorithms) {
  for (const name of [row.name, ...row.synonyms]) byName.set(bare(name), row)
}

/** What people still ask for, and why it is refused (SP 800-131A revision 2 and its revision 3 draft). */
const refused: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [
    /^RSA(512|768|1024|1536)(?!\d)/,
    'RSA below 2048 bits has less than 112 bits of strength and is disallowed',
  ],
  [
    /^(3DES|TDES|TDEA|3TDEA|2TDEA|DES3|DESEDE|TRIPLEDES)/,
    'triple DES is disallowed since the end of 2023',
  ],
  [/^DES/, 'DES is broken and disallowed'],
  [/^(RC4|ARCFOUR|RC2)/, 'RC4 and RC2 are broken and disallowed'],
  [
    /(SHA1|MD5|MD4)$/,
    'SHA-1 and MD5 are not collision-resistant and are disallowed for protection',
  ],
  [/ECB/, 'ECB shows which blocks are equal and is disallowed for encryption'],
  [/^AES.*(CBC|CTR|CFB|OFB)/, 'CBC, CTR, CFB and OFB do not authenticate; choose AES-256-GCM'],
  [/^DSA/, 'DSA was removed from FIPS 186-5; choose Ed25519 or P-256'],
  [/^(P192|P224|SECP192|SECP224|ECCNISTP224|PRIME192)/, 'curves below P-256 are not offered'],
  [/^(BLOWFISH|IDEA|CAST5|SKIPJACK)/, 'ciphers with 64-bit blocks are not offered'],
  [
    /^(CRYSTALS)?KYBER/,
    'Kyber was changed before it became a standard (FIPS 203 appendix C); choose ML-KEM',
  ],
  [
    /^(CRYSTALS)?DILITHIUM/,
    'Dilithium was changed before it became a standard (FIPS 204 appendix D); choose ML-DSA',
  ],
  [
    /^SPHINCS/,
    'SPHINCS+ was changed before it became a standard (FIPS 205 appendix A); choose SLH-DSA',
  ],
]

/**
 * Finds a row by its name or a synonym, ignoring case and punctuation. The name may come from outside.
 *
 * @throws ClavigerError algorithm_refused, with the reason where it is known.
 */
export function findAlgorithm(name: string): Algorithm {
  const asked = bare(name.slice(0, 64))
  const row = byName.get(asked)
  if (row !== undefined) return row
  const [, reason] = refused.find(([pattern]) => pattern.test(asked)) ?? []
  if (reason !== undefined)
    throw new ClavigerError('algorithm_refused', `The algorithm is refused: ${reason}`)
  const offered = algorithms.map((each) => each.name).join(', ')
  throw new ClavigerError(
    'algorithm_refused',
    `There is no such algorithm here. Offered: ${offered}`,
  )
}

/** How products name the five usages, without punctuation. */
const usageNames: Readonly<Record<KeyUsage, readonly string[]>> = {
  encrypt: [
    'ENCRYPT',
    'DECRYPT',
    'ENCRYPTDECRYPT',
    'ENCRYPTION',
    'ASYMMETRICDECRYPT',
    'WRAP',
    'WRAPUNWRAP',
  ],
  sign: ['SIGN', 'VERIFY', 'SIGNVERIFY', 'SIGNING', 'SIGNATURE', 'ASYMMETRICSIGN'],
  mac: ['MAC', 'HMAC', 'VERIFYMAC', 'GENERATEVERIFYMAC', 'MACVERIFY', 'MACGENERATEMACVERIFY'],
  agree: ['AGREE', 'KEYAGREEMENT', 'KEYAGREE', 'ECDH', 'DERIVE', 'DERIVESHAREDSECRET'],
  encapsulate: ['ENCAPSULATE', 'DECAPSULATE', 'ENCAPSULATEDECAPSULATE', 'KEM', 'KEYENCAPSULATION'],
}

/**
 * The usage a text asks for, or the first of the row where nothing is asked.
 *
 * @throws ClavigerError wrong_usage when the text is unknown or the algorithm is not made for it.
 */
export function findUsage(algorithm: Algorithm, text: string | undefined): KeyUsage {
  if (text === undefined) return algorithm.usages[0]
  const asked = bare(text.slice(0, 64))
  const found = (Object.keys(usageNames) as KeyUsage[]).find((usage) =>
    usageNames[usage].includes(asked),
  )
  if (found !== undefined && algorithm.usages.includes(found)) return found
  const can = algorithm.usages.join(', ')
  throw new ClavigerError(
    'wrong_usage',
    `${algorithm.name} is not made for that usage; it is for: ${can}`,
  )
}
