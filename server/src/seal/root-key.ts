import {
  aeadDecrypt,
  aeadEncrypt,
  decodeBase32,
  findAlgorithm,
  hkdfSha512,
  NONCE_BYTES,
  randomBytes,
  secretKey,
  TAG_BYTES,
  type KeyObject,
} from '#crypto'
import { canonicalJson, ClavigerError } from '#model'
import { KEY_BYTES, SEAL_ID_BYTES, type SealDescription } from './description.ts'

/**
 * The root key as it is stored, format 1:
 *
 *     1 format = 0x01 | 10 seal id | 4 generation | 32 salt | 12 nonce | 32 ciphertext | 16 tag
 *
 *     key = HKDF-SHA-512(seal key, salt, "claviger/root-key/1", LF, kind of the seal, LF, format || seal id || generation)
 *     AES-256-GCM, associated data = everything before the nonce || canonical JSON of the seal's description
 *
 * Numbers are big-endian. The generation counts root keys from 1. Each wrapping has a key of its own, so a nonce never meets a key
 * twice (SP 800-38D section 8). A wrapping opens only under the seal, the kind and the generation it was made for.
 */
const FORMAT = 0x01
const SALT_BYTES = 32
const NAME_BYTES = 1 + SEAL_ID_BYTES + 4
const HEADER_BYTES = NAME_BYTES + SALT_BYTES
const SECRET_AT = HEADER_BYTES + NONCE_BYTES
const WRAPPED_BYTES = SECRET_AT + KEY_BYTES + TAG_BYTES
const GENERATION_MAX = 0xffff_ffff
const LABEL = 'claviger/root-key/1'

const algorithm = findAlgorithm('AES-256-GCM')

/** Wraps a root key of 32 bytes under a seal key of 32 bytes. The result is no secret. */
export function wrapRootKey(
  sealKey: Buffer,
  rootKey: Buffer,
  description: SealDescription,
  generation: number,
): Buffer {
  assertKey(sealKey)
  assertKey(rootKey)
  const wrapped = Buffer.alloc(WRAPPED_BYTES)
  wrapped.set(nameOf(description, generation))
  wrapped.set(randomBytes(SALT_BYTES + NONCE_BYTES), NAME_BYTES)
  const { key, nonce, associated } = parts(sealKey, wrapped, description)
  aeadEncrypt(algorithm, key, nonce, [associated], rootKey, wrapped, SECRET_AT)
  return wrapped
}

/**
 * The root key that a wrapping holds: overwrite it after use.
 *
 * @throws ClavigerError internal where the wrapping is damaged, was changed, or is of another seal or generation.
 */
export function unwrapRootKey(
  sealKey: Buffer,
  wrapped: Uint8Array,
  description: SealDescription,
  generation: number,
): Buffer {
  assertKey(sealKey)
  const name = nameOf(description, generation)
  if (wrapped.length !== WRAPPED_BYTES || !name.equals(wrapped.subarray(0, NAME_BYTES)))
    throw damaged()
  const { key, nonce, associated } = parts(sealKey, wrapped, description)
  try {
    return aeadDecrypt(algorithm, key, nonce, [associated], wrapped.subarray(SECRET_AT))
  } catch (error) {
    throw error instanceof ClavigerError && error.code === 'invalid_ciphertext' ? damaged() : error
  }
}

/** What a wrapping is for: format, seal id, generation. */
function nameOf(description: SealDescription, generation: number): Buffer {
  if (!Number.isInteger(generation) || generation < 1 || generation > GENERATION_MAX)
    throw new RangeError('a generation is counted from 1')
  const name = Buffer.alloc(NAME_BYTES)
  name.writeUInt8(FORMAT)
  name.set(decodeBase32(description.id) ?? [], 1)
  name.writeUInt32BE(generation, 1 + SEAL_ID_BYTES)
  return name
}

/** What encrypts and decrypts the root key, from a wrapping that has its header and nonce. */
function parts(
  sealKey: Buffer,
  wrapped: Uint8Array,
  description: SealDescription,
): { key: KeyObject; nonce: Uint8Array; associated: Buffer } {
  const name = wrapped.subarray(0, NAME_BYTES)
  const info = Buffer.concat([Buffer.from(`${LABEL}\n${description.kind}\n`), name])
  const bytes = hkdfSha512(sealKey, wrapped.subarray(NAME_BYTES, HEADER_BYTES), info, KEY_BYTES)
  const key = secretKey(bytes)
  bytes.fill(0)
  return {
    key,
    nonce: wrapped.subarray(HEADER_BYTES, SECRET_AT),
    associated: Buffer.concat([
      wrapped.subarray(0, HEADER_BYTES),
      Buffer.from(canonicalJson(description)),
    ]),
  }
}

function assertKey(key: Buffer): void {
  if (key.length !== KEY_BYTES)
    throw new RangeError(`seal keys and root keys have ${KEY_BYTES} bytes`)
}

function damaged(): ClavigerError {
  return new ClavigerError(
    'internal',
    'The stored root key is damaged, was changed, or belongs to another seal; restore the store from a backup',
  )
}
