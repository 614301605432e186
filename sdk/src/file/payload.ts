import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import {
  FILE_COMMITMENT_BYTES,
  FILE_DATA_KEY_BYTES,
  FILE_KEY_BYTES,
  FILE_NONCE_BYTES,
  FILE_TAG_BYTES,
  fileInfo,
  writeFileNonce,
} from '@claviger/contract/file-format'
import { notAuthentic } from './not-authentic.ts'

/** The cryptography of file format 1 (`docs/file-format.md`): AES-256-GCM in the STREAM construction, under a key of this file only. */

const CIPHER = 'aes-256-gcm'
const options = { authTagLength: FILE_TAG_BYTES }

/**
 * glibc maps every block from 128 KiB up afresh and unmaps it when it is freed, until it has seen a larger one freed; then it keeps
 * them. One large block that nobody touches costs nothing and saves the page faults of every chunk.
 */
const ALLOCATOR_HINT_BYTES = 25_165_824

/** The keys of one file. */
export interface Payload {
  readonly key: KeyObject
  /** What the header says if it was made with this data key. */
  readonly commitment: Buffer
  /** SHA-256 of everything before the commitment: every chunk's associated data. */
  readonly headerHash: Buffer
}

/**
 * HKDF-SHA-512 (RFC 5869) of the data key over the whole header. The data key stays the caller's to overwrite.
 *
 * @throws RangeError for a data key that is not 32 bytes.
 */
export function derivePayload(dataKey: Uint8Array, salt: Uint8Array, hashed: Uint8Array): Payload {
  if (dataKey.length !== FILE_DATA_KEY_BYTES) throw new RangeError('a data key is 32 bytes')
  const headerHash = hash('sha256', hashed, 'buffer')
  const length = FILE_KEY_BYTES + FILE_COMMITMENT_BYTES
  const derived = Buffer.from(hkdfSync('sha512', dataKey, salt, fileInfo(headerHash), length))
  try {
    return {
      key: createSecretKey(derived.subarray(0, FILE_KEY_BYTES)),
      commitment: Buffer.from(derived.subarray(FILE_KEY_BYTES)),
      headerHash,
    }
  } finally {
    derived.fill(0)
  }
}

/** Makes the ciphertext and the tag of a chunk. */
export function sealChunk(
  payload: Payload,
  chunk: number,
  last: boolean,
  plaintext: Uint8Array,
): [ciphertext: Buffer, tag: Buffer] {
  const cipher = createCipheriv(CIPHER, payload.key, nonceOf(chunk, last), options)
  cipher.setAAD(payload.headerHash)
  const ciphertext = cipher.update(plaintext)
  cipher.final()
  return [ciphertext, cipher.getAuthTag()]
}

/**
 * Gives the plaintext of a chunk. Of one that is not authentic, what was decrypted is overwritten.
 *
 * @throws ClavigerCiphertextError also for an empty chunk that is not the first: only an empty file has one, so that a file has one form
 */
export function openChunk(
  payload: Payload,
  chunk: number,
  last: boolean,
  sealed: Uint8Array,
): Buffer {
  const length = sealed.length - FILE_TAG_BYTES
  if (length < 0 || (length === 0 && chunk > 0)) throw notAuthentic()
  const decipher = createDecipheriv(CIPHER, payload.key, nonceOf(chunk, last), options)
  decipher.setAAD(payload.headerHash)
  decipher.setAuthTag(sealed.subarray(length))
  const plaintext = decipher.update(sealed.subarray(0, length))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    throw notAuthentic()
  }
}

function nonceOf(chunk: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(FILE_NONCE_BYTES)
  writeFileNonce(nonce, chunk, last)
  return nonce
}

/** A buffer that chunk after chunk is read into. */
export function chunkBuffer(length: number): Buffer {
  return Buffer.allocUnsafeSlow(length)
}

/** Prepares the allocator for blocks of the size of a chunk. */
export function prepareAllocator(): void {
  new ArrayBuffer(ALLOCATOR_HINT_BYTES).transfer(0)
}
