import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { ImportWrapping, RsaPadding } from '@claviger/contract'
import { ClavigerError } from '#model'
import { assertOperational } from './condition.ts'
import { KEY_BYTES_MAX } from './key-encoding.ts'
import { blockBytes, oaepDecrypt, oaepEncrypt } from './oaep.ts'
import { randomSecret, secretKey } from './random.ts'

/**
 * Keys under keys: AES Key Wrap and Key Wrap with Padding (SP 800-38F; RFC 3394 and 5649), and RSA-OAEP of a fresh AES-256 key with the
 * material under AES-KWP, which PKCS#11 calls CKM_RSA_AES_KEY_WRAP and the clouds RSA_AES_KEY_WRAP_SHA_256.
 */

/** SP 800-38F section 5.3.1: the unit of key wrapping. */
const SEMIBLOCK_BYTES = 8
/** Two semiblocks and the integrity check; OpenSSL alone unwraps an empty ciphertext to nothing, without an error. */
const KW_CIPHERTEXT_BYTES_MIN = 24
const KWP_CIPHERTEXT_BYTES_MIN = 16
/** ICV1 of SP 800-38F section 6.2, and ICV2 of section 6.3. */
const KW_CHECK = Buffer.from('a6a6a6a6a6a6a6a6', 'hex')
const KWP_CHECK = Buffer.from('a65959a6', 'hex')

const wrapModes = {
  kw: { suffix: 'wrap', check: KW_CHECK, plaintextMin: 16, ciphertextMin: KW_CIPHERTEXT_BYTES_MIN },
  kwp: {
    suffix: 'wrap-pad',
    check: KWP_CHECK,
    plaintextMin: 1,
    ciphertextMin: KWP_CIPHERTEXT_BYTES_MIN,
  },
} as const

export type WrapMode = keyof typeof wrapModes

function cipherOf(mode: WrapMode, wrappingKey: KeyObject): string {
  const bits = (wrappingKey.symmetricKeySize ?? 0) * 8
  if (bits !== 128 && bits !== 192 && bits !== 256) {
    throw new ClavigerError('wrong_usage', 'AES key wrapping needs an AES key')
  }
  return `id-aes${bits}-${wrapModes[mode].suffix}`
}

/**
 * Wraps material under an AES key: `kw` takes whole semiblocks from 16 bytes on, `kwp` any length from 1 byte on.
 *
 * @throws ClavigerError invalid_key_material for a length that the mode does not take.
 */
export function aesWrap(mode: WrapMode, wrappingKey: KeyObject, material: Uint8Array): Buffer {
  assertOperational()
  const { check, plaintextMin } = wrapModes[mode]
  const { length } = material
  const whole = mode === 'kwp' || length % SEMIBLOCK_BYTES === 0
  if (length < plaintextMin || length > KEY_BYTES_MAX || !whole) {
    throw new ClavigerError(
      'invalid_key_material',
      `AES-${mode.toUpperCase()} does not wrap ${length} bytes`,
    )
  }
  const cipher = createCipheriv(cipherOf(mode, wrappingKey), wrappingKey, check)
  return Buffer.concat([cipher.update(material), cipher.final()])
}

/**
 * Unwraps what {@link aesWrap} made; it comes from outside. The caller overwrites the material.
 *
 * @throws ClavigerError invalid_ciphertext, the same for every reason.
 */
export function aesUnwrap(mode: WrapMode, wrappingKey: KeyObject, wrapped: Uint8Array): Buffer {
  assertOperational()
  const { check, ciphertextMin } = wrapModes[mode]
  const name = cipherOf(mode, wrappingKey)
  const { length } = wrapped
  const longest = KEY_BYTES_MAX + 2 * SEMIBLOCK_BYTES
  if (length < ciphertextMin || length > longest || length % SEMIBLOCK_BYTES !== 0)
    throw unwrappable()
  try {
    const decipher = createDecipheriv(name, wrappingKey, check)
    const material = decipher.update(wrapped)
    // Key wrapping is one pass: update gives everything or fails, and final adds nothing.
    decipher.final()
    return material
  } catch {
    throw unwrappable()
  }
}

function unwrappable(): ClavigerError {
  return new ClavigerError('invalid_ciphertext', 'The wrapped key does not unwrap under this key')
}

const AES_KEY_BYTES = 32

/** Wraps material for the holder of an RSA key: the OAEP block, then the AES-KWP block. @throws ClavigerError wrong_usage */
export function rsaAesWrap(publicKey: KeyObject, material: Uint8Array): Buffer {
  assertOperational()
  const fresh = randomSecret(AES_KEY_BYTES)
  try {
    return Buffer.concat([
      oaepEncrypt(publicKey, fresh),
      aesWrap('kwp', secretKey(fresh), material),
    ])
  } finally {
    fresh.fill(0)
  }
}

/**
 * Unwraps what {@link rsaAesWrap} or another product made; it comes from outside. The caller overwrites the material.
 *
 * @throws ClavigerError invalid_ciphertext, the same for every reason; wrong_usage without an RSA key; overloaded.
 */
export async function rsaAesUnwrap(
  privateKey: KeyObject,
  wrapped: Uint8Array,
  padding?: RsaPadding,
): Promise<Buffer> {
  assertOperational()
  const split = blockBytes(privateKey)
  if (wrapped.length < split + KWP_CIPHERTEXT_BYTES_MIN) throw unwrappable()
  const key = await opened(privateKey, wrapped.subarray(0, split), padding)
  try {
    if (key.length !== AES_KEY_BYTES) throw unwrappable()
    return aesUnwrap('kwp', secretKey(key), wrapped.subarray(split))
  } finally {
    key.fill(0)
  }
}

export type { ImportWrapping } from '@claviger/contract'

/** The material is in the RSA block itself, or under an AES-256 key that is. */
const importWrappings: Readonly<
  Record<ImportWrapping, { readonly padding: RsaPadding; readonly aes: boolean }>
> = {
  'rsa-oaep-sha-256': { padding: 'rsa-oaep-sha-256', aes: false },
  'rsa-oaep-sha-1': { padding: 'rsa-oaep-sha-1', aes: false },
  'rsa-oaep-sha-256+aes-256-kwp': { padding: 'rsa-oaep-sha-256', aes: true },
  'rsa-oaep-sha-1+aes-256-kwp': { padding: 'rsa-oaep-sha-1', aes: true },
}

/**
 * Unwraps material that was sent for import; it comes from outside. The caller overwrites the material, which may be empty or anything:
 * what it is worth, `importMaterial` says.
 *
 * @throws ClavigerError invalid_ciphertext, the same for every reason; wrong_usage without an RSA key; overloaded.
 */
export async function unwrapForImport(
  privateKey: KeyObject,
  wrapping: ImportWrapping,
  wrapped: Uint8Array,
): Promise<Buffer> {
  assertOperational()
  const { padding, aes } = importWrappings[wrapping]
  return aes
    ? await rsaAesUnwrap(privateKey, wrapped, padding)
    : await opened(privateKey, wrapped, padding)
}

async function opened(
  privateKey: KeyObject,
  block: Uint8Array,
  padding: RsaPadding | undefined,
): Promise<Buffer> {
  try {
    return await oaepDecrypt(privateKey, block, padding)
  } catch (thrown) {
    throw thrown instanceof ClavigerError && thrown.code === 'invalid_ciphertext'
      ? unwrappable()
      : thrown
  }
}
