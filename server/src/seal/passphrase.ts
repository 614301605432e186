import { deriveFromPassphrase, encodeBase32, randomBytes } from '#crypto'
import { ClavigerError } from '#model'
import { checkOf, opens } from './check.ts'
import {
  type PassphraseSeal,
  parseSealDescription,
  SALT_BYTES,
  SEAL_ID_BYTES,
} from './description.ts'

/** A passphrase as a seal: the seal key is argon2id of it (RFC 9106). One person can open it, so it gives no dual control. */

/** Characters of a new passphrase at least (PCI DSS 8.3.6); a longer one of random words is better. */
const PASSPHRASE_LENGTH_MIN = 12
/** UTF-16 code units of a passphrase at most, as given. */
const PASSPHRASE_LENGTH_MAX = 1_024

/** The second recommended choice of RFC 9106 section 4: 64 MiB, 3 passes, 4 lanes. */
const cost = Object.freeze({ memoryKiB: 65_536, passes: 3, parallelism: 4 })

/**
 * Makes a seal from a passphrase.
 *
 * @throws ClavigerError invalid_request for a passphrase that is too short or too long.
 */
export async function createPassphrase(
  passphrase: string,
): Promise<{ sealKey: Buffer; description: PassphraseSeal }> {
  const normal = normalize(passphrase)
  if (normal === undefined || [...normal].length < PASSPHRASE_LENGTH_MIN) {
    throw new ClavigerError(
      'invalid_request',
      `A passphrase has ${PASSPHRASE_LENGTH_MIN} to ${PASSPHRASE_LENGTH_MAX} characters; take several random words`,
      { field: 'passphrase' },
    )
  }
  const id = encodeBase32(randomBytes(SEAL_ID_BYTES)).toString('latin1')
  const salt = randomBytes(SALT_BYTES)
  const sealKey = await deriveFromPassphrase(normal, salt, cost)
  const fields = { kind: 'passphrase', id, salt: salt.toString('base64'), ...cost } as const
  return { sealKey, description: Object.freeze({ ...fields, check: checkOf(sealKey, fields) }) }
}

/**
 * The seal key that a passphrase makes.
 *
 * @throws ClavigerError invalid_share where it is not the passphrase of this seal, internal where the description is out of bounds.
 */
export async function openPassphrase(
  description: PassphraseSeal,
  passphrase: string,
): Promise<Buffer> {
  // A description comes from the database. Its bounds are held here too, before it can cost memory or time.
  parseSealDescription(description)
  const normal = normalize(passphrase)
  if (normal === undefined) throw wrongPassphrase()
  const { memoryKiB, passes, parallelism } = description
  const sealKey = await deriveFromPassphrase(normal, Buffer.from(description.salt, 'base64'), {
    memoryKiB,
    passes,
    parallelism,
  })
  if (opens(sealKey, description)) return sealKey
  sealKey.fill(0)
  throw wrongPassphrase()
}

/** NFKC (Unicode annex 15), so that a passphrase typed on another keyboard is the same; undefined where it is too long. */
function normalize(passphrase: string): string | undefined {
  return passphrase.length <= PASSPHRASE_LENGTH_MAX ? passphrase.normalize('NFKC') : undefined
}

function wrongPassphrase(): ClavigerError {
  return new ClavigerError('invalid_share', 'The passphrase does not open the seal')
}
