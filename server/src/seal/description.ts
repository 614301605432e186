import { z } from 'zod'
import { decodeBase32 } from '#crypto'
import { ClavigerError } from '#model'

/**
 * What the store keeps of a seal, in the clear: there is no secret in it. Whoever can write to the database can change it, so every
 * field is bounded here, and `check` commits the seal key to all of them.
 */

/** Bytes of a seal's id: sixteen characters of base32, and so the first four groups of every share. */
export const SEAL_ID_BYTES = 10
/** Bytes of a seal key and of a root key. */
export const KEY_BYTES = 32
/** Bytes of the commitment to the seal key. */
export const CHECK_BYTES = 32
/** Bytes of the argon2id salt (RFC 9106 section 3.1 recommends 16). */
export const SALT_BYTES = 16
/** Custodians at most: the nonzero elements of GF(2^8). */
export const SHARES_MAX = 255

/**
 * What argon2id may cost: above OWASP's least (19456 KiB, 2 passes, 1 lane) by three times and more, and below what would let a
 * changed description take the server's memory or time.
 */
const costBounds = Object.freeze({
  memoryKiB: { min: 65_536, max: 262_144 },
  passes: { min: 3, max: 10 },
  parallelism: { min: 1, max: 8 },
})

const id = z
  .string()
  .max(32)
  .refine((text) => decodeBase32(text)?.length === SEAL_ID_BYTES)

function base64(bytes: number) {
  return z.base64().length(Math.ceil(bytes / 3) * 4)
}

function between(bounds: { readonly min: number; readonly max: number }) {
  return z.int().min(bounds.min).max(bounds.max)
}

const shareSeal = z
  .strictObject({
    kind: z.literal('shares'),
    id,
    threshold: z.int().min(2).max(SHARES_MAX),
    shares: z.int().min(2).max(SHARES_MAX),
    check: base64(CHECK_BYTES),
  })
  .refine((seal) => seal.threshold <= seal.shares)

const passphraseSeal = z.strictObject({
  kind: z.literal('passphrase'),
  id,
  salt: base64(SALT_BYTES),
  memoryKiB: between(costBounds.memoryKiB),
  passes: between(costBounds.passes),
  parallelism: between(costBounds.parallelism),
  check: base64(CHECK_BYTES),
})

const sealDescription = z.union([shareSeal, passphraseSeal])

export type ShareSeal = Readonly<z.infer<typeof shareSeal>>
export type PassphraseSeal = Readonly<z.infer<typeof passphraseSeal>>
export type SealDescription = ShareSeal | PassphraseSeal

/**
 * Parses the stored description of a seal.
 *
 * @throws ClavigerError internal where it is damaged, or out of bounds.
 */
export function parseSealDescription(stored: unknown): SealDescription {
  const parsed = sealDescription.safeParse(stored)
  if (parsed.success) return Object.freeze(parsed.data)
  throw new ClavigerError(
    'internal',
    'The stored description of the seal is damaged or was changed; restore the store from a backup',
  )
}
