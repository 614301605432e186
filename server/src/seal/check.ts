import { constantTimeEqual, hkdfSha512 } from '#crypto'
import { canonicalJson } from '#model'
import {
  CHECK_BYTES,
  type PassphraseSeal,
  type SealDescription,
  type ShareSeal,
} from './description.ts'

/** A description before it has its check. */
type Unchecked = Omit<ShareSeal, 'check'> | Omit<PassphraseSeal, 'check'>

const LABEL = 'claviger/seal/1/check'

/**
 * A commitment to the seal key and to every other field of the description: HKDF-SHA-512 with the key as input and the fields as
 * info. It tells a right key from a wrong one and nothing else: a share seal's key is 32 random bytes, and each guess at a
 * passphrase still costs a whole argon2id.
 */
function commitment(sealKey: Buffer, fields: Unchecked): Buffer {
  return hkdfSha512(
    sealKey,
    Buffer.alloc(0),
    Buffer.from(`${LABEL}\n${canonicalJson(fields)}`),
    CHECK_BYTES,
  )
}

/** The check of a new description, in base64. */
export function checkOf(sealKey: Buffer, fields: Unchecked): string {
  return commitment(sealKey, fields).toString('base64')
}

/** Whether this key made this description, with these very fields. */
export function opens(sealKey: Buffer, description: SealDescription): boolean {
  const { check, ...fields } = description
  return constantTimeEqual(commitment(sealKey, fields), Buffer.from(check, 'base64'))
}
