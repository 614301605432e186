import { createSecretKey } from 'node:crypto'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { copied } from './open-material.ts'
import { inWorker } from './pool.ts'
import { secretBuffer } from './random.ts'
import type { Argon2idCost } from './tasks.ts'

/** Keys from passphrases: argon2id version 1.3 (RFC 9106), in the worker, because it is slow on purpose. */

/** RFC 9106 section 3.1 recommends 16 bytes; SP 800-132 section 5.1 asks for them. */
const SALT_BYTES_MIN = 16
const SALT_BYTES_MAX = 1_024
/** A gibibyte: what a request may cost, also where the numbers come from a stored description. */
const MEMORY_KIB_MAX = 1_048_576
const PASSES_MAX = 64
const PARALLELISM_MAX = 64
const DERIVED_BYTES = 32

function within(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

/**
 * Derives 32 bytes, the caller's to overwrite. A string is taken as UTF-8, as it stands: normalizing is the caller's.
 *
 * @param cost memory in KiB (at least 8 for each lane), passes over it, and lanes.
 * @throws ClavigerError invalid_request for a salt or cost out of bounds, overloaded.
 */
export async function deriveFromPassphrase(
  passphrase: string | Uint8Array,
  salt: Uint8Array,
  cost: Argon2idCost,
): Promise<Buffer> {
  assertOperational()
  const { memoryKiB, passes, parallelism } = cost
  const acceptable =
    within(parallelism, 1, PARALLELISM_MAX) &&
    within(memoryKiB, 8 * parallelism, MEMORY_KIB_MAX) &&
    within(passes, 1, PASSES_MAX) &&
    within(salt.length, SALT_BYTES_MIN, SALT_BYTES_MAX)
  if (!acceptable)
    throw new ClavigerError('invalid_request', 'The salt or the cost of argon2id is out of bounds')
  const key = passphraseKey(passphrase)
  const input = { passphrase: key, salt: copied(salt), cost: { memoryKiB, passes, parallelism } }
  const derived = await inWorker('argon2id', input, true)
  const bytes = derived.export()
  try {
    const result = secretBuffer(DERIVED_BYTES)
    bytes.copy(result)
    return result
  } finally {
    bytes.fill(0)
  }
}

function passphraseKey(passphrase: string | Uint8Array) {
  if (typeof passphrase !== 'string') return createSecretKey(passphrase)
  const bytes = secretBuffer(3 * passphrase.length)
  try {
    return createSecretKey(bytes.subarray(0, bytes.write(passphrase, 'utf8')))
  } finally {
    bytes.fill(0)
  }
}
