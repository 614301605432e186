import type { CryptoKey, JWK } from 'jose'
import { importJWK } from 'jose/key/import'
import { ClavigerError } from '#model'

/** JSON Web Key Sets (RFC 7517): the public keys an issuer signs its identity tokens with. */

/** Keys in one set; issuers publish two or three. */
const KEYS_MAX = 64
/** FIPS 186-5 section 5.1, in bits; and as long as verifying stays cheap. */
const RSA_BITS_MIN = 2_048
const RSA_BITS_MAX = 8_192
/** FIPS 186-5 section 5.4 wants a public exponent above 2^16, in bytes; nobody uses another than 65537. */
const RSA_EXPONENT_BYTES_MIN = 3
const RSA_EXPONENT_BYTES_MAX = 8
const KID_LENGTH_MAX = 512

/** What each kind of key signs with, and nothing else does. No secret key is among them, and so no HMAC; nor is `none`. */
const algorithmsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
])

/** Members of a JWK that are secret (RFC 7518 sections 6.2.2, 6.3.2 and 6.4; RFC 8037 section 2). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

export interface VerifyingKey {
  readonly kid: string | undefined
  /** Which `alg` of a token this key may verify. */
  readonly algorithms: readonly string[]
  readonly jwk: JWK
}

/**
 * The keys of a set that can verify identity tokens. Keys for encryption, and kinds that are not known here, are passed over, as
 * RFC 7517 section 5 wants it; a set that holds something secret, or a key that is too weak, is refused whole.
 *
 * @throws ClavigerError invalid_key_material; its message holds nothing of the text.
 */
export function parseKeySet(text: string): readonly VerifyingKey[] {
  const keys = membersOf(parseJson(text))['keys']
  if (!Array.isArray(keys)) throw refused("must have a member 'keys' that is a list")
  if (keys.length > KEYS_MAX) throw refused(`must have at most ${KEYS_MAX} keys`)
  const usable = keys.map(membersOf).flatMap(verifyingKey)
  if (usable.length === 0) {
    throw refused(
      'has no key that can verify: RSA from 2048 bits, P-256, P-384 or Ed25519, for signatures',
    )
  }
  return usable
}

/**
 * Reads every key of a set as a key, and not only as JSON: what has the right members may still be no point on its curve.
 *
 * @throws ClavigerError invalid_key_material
 */
export async function assertKeySet(text: string): Promise<void> {
  for (const key of parseKeySet(text)) {
    try {
      await openKey(key, key.algorithms[0] ?? '')
    } catch {
      throw refused('has a key that cannot be read')
    }
  }
}

/** The key, for one of its algorithms. */
export async function openKey({ jwk }: VerifyingKey, algorithm: string): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm)
  if (key instanceof Uint8Array || key.type !== 'public') throw new TypeError('not a public key')
  return key
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // JSON.parse quotes what it cannot read.
    throw refused('is not JSON')
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('is not an object, or has a key that is none')
  return value as Readonly<Record<string, unknown>>
}

function verifyingKey(members: Readonly<Record<string, unknown>>): VerifyingKey[] {
  if (SECRET_MEMBERS.some((name) => Object.hasOwn(members, name)))
    throw refused('holds a secret or private key; give public keys only, and replace that one')
  const { kty, crv, alg, use, kid, key_ops: operations } = members
  if (use !== undefined && use !== 'sig') return []
  if (Array.isArray(operations) && !operations.includes('verify')) return []
  if (typeof kty !== 'string' || (crv !== undefined && typeof crv !== 'string')) return []
  const known = algorithmsOf.get(crv === undefined ? kty : `${kty} ${crv}`)
  const algorithms = known?.filter((name) => alg === undefined || alg === name) ?? []
  if (algorithms.length === 0) return []
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > KID_LENGTH_MAX))
    throw refused('has a key whose kid is no text of a reasonable length')
  if (kty === 'RSA') assertStrong(members)
  const jwk = Object.fromEntries(
    ['kty', 'crv', 'x', 'y', 'n', 'e'].flatMap((name) =>
      typeof members[name] === 'string' ? [[name, members[name]]] : [],
    ),
  ) as unknown as JWK
  return [{ kid, algorithms, jwk }]
}

function assertStrong({ n, e }: Readonly<Record<string, unknown>>): void {
  const bits = bitsOf(n)
  if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
    throw refused(`has an RSA key of less than ${RSA_BITS_MIN} or more than ${RSA_BITS_MAX} bits`)
  const exponent = integerBytes(e)
  const { length } = exponent
  const even = (exponent.at(-1) ?? 0) % 2 === 0
  if (length < RSA_EXPONENT_BYTES_MIN || length > RSA_EXPONENT_BYTES_MAX || even)
    throw refused('has an RSA key with an exponent that nobody should use; make it with 65537')
}

/** The bytes of a number in base64url (RFC 7518 section 2), without leading zeros. */
function integerBytes(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw refused('has an RSA key without modulus or exponent')
  const bytes = Buffer.from(value, 'base64url')
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? new Uint8Array(0) : bytes.subarray(first)
}

function bitsOf(value: unknown): number {
  const bytes = integerBytes(value)
  return bytes.length === 0 ? 0 : bytes.length * 8 - Math.clz32(bytes[0] ?? 0) + 24
}

function refused(why: string): ClavigerError {
  return new ClavigerError('invalid_key_material', `The JSON Web Key Set ${why}`)
}
