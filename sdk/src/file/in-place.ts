import {
  FILE_KEY_BYTES,
  FILE_NONCE_BYTES,
  FILE_TAG_BYTES,
  writeFileNonce,
} from '@claviger/contract/file-format'
import type { LaneJob } from './lane.ts'
import { notAuthentic } from './not-authentic.ts'
import type { ReadChunk } from './turns.ts'

/**
 * AES-256-GCM over a chunk where it lies, through OpenSSL's EVP functions. Node's ciphers put what they make into a new block and copy it
 * into another one, so that a chunk no longer fits into a core's cache; this takes a quarter of the time from a large file. A wrong line
 * here could crash the process, so: OpenSSL reads and writes nothing but the lane's buffer and one slab, every length is checked against
 * the buffer before a call, and no pointer comes from outside or outlives its memory.
 */

const pointer = 'pointer'
/** As wide as a pointer in every calling convention; Node calls a function of pointers alone directly (System V AMD64 ABI 3.2.3). */
const int = pointer

/** The signatures as openssl/evp.h of OpenSSL 3.5 declares them. */
const declarations = {
  EVP_CIPHER_CTX_new: { return: pointer, arguments: [] },
  EVP_CIPHER_CTX_free: { return: 'void', arguments: [pointer] },
  EVP_aes_256_gcm: { return: pointer, arguments: [] },
  EVP_CipherInit_ex: {
    return: 'int32',
    arguments: [pointer, pointer, pointer, pointer, pointer, int],
  },
  EVP_CipherUpdate: { return: 'int32', arguments: [pointer, pointer, pointer, pointer, int] },
  EVP_CipherFinal_ex: { return: 'int32', arguments: [pointer, pointer, pointer] },
  EVP_CIPHER_CTX_ctrl: { return: 'int32', arguments: [pointer, int, int, pointer] },
  ERR_clear_error: { return: 'void', arguments: [] },
} as const

/** openssl/evp.h */
const GET_TAG = 0x10n
const SET_TAG = 0x11n
const NULL = 0n

/** Where things lie in the slab, which is far above the size that V8 keeps on its own heap, so the collector never moves it. */
const KEY_AT = 0
const NONCE_AT = 64
const HEADER_HASH_AT = 128
const LENGTH_AT = 192
const TAG_AT = 256
/** OpenSSL has nothing to write at the end of a message of GCM, but is told where. */
const REST_AT = 320
const SLAB_BYTES = 4_096

function bind() {
  const ffi = process.getBuiltinModule('node:ffi')
  // On Windows null names nothing; the program itself exports the same symbols.
  const library = process.platform === 'win32' ? process.execPath : null
  return { ...ffi.dlopen(library, declarations).functions, addressOf: ffi.getRawPointer }
}

export interface InPlaceOption {
  /**
   * Large files, from descriptor to descriptor, by OpenSSL's own functions, where Node has `node:ffi`: a quarter faster. That module is
   * experimental, of which Node warns once, so this is for programs that choose their Node themselves. Node's ciphers unless given.
   */
  readonly inPlace?: boolean
}

/** Whether this Node has what {@link InPlaceCipher} calls. */
export function canWorkInPlace(): boolean {
  return process.getBuiltinModule('node:ffi') !== undefined
}

/** Seals or opens one chunk after another in a lane's buffer. */
export class InPlaceCipher {
  readonly #openssl = bind()
  readonly #slab = Buffer.alloc(SLAB_BYTES)
  readonly #base = this.#openssl.addressOf(this.#slab)
  readonly #buffer: Buffer
  readonly #bufferAt: bigint
  readonly #direction: bigint
  readonly #headerHashBytes: bigint
  #context: bigint

  /** `buffer` is the lane's, into which every chunk is read; it stays where it is until {@link end}. */
  constructor({ kind, payload }: Pick<LaneJob, 'kind' | 'payload'>, buffer: Buffer) {
    const { headerHash } = payload
    this.#buffer = buffer
    this.#bufferAt = this.#openssl.addressOf(buffer)
    this.#direction = kind === 'seal' ? 1n : 0n
    this.#headerHashBytes = BigInt(headerHash.length)
    this.#slab.set(headerHash, HEADER_HASH_AT)
    this.#context = this.#openssl.EVP_CIPHER_CTX_new()
    const key = payload.key.export()
    try {
      if (key.length !== FILE_KEY_BYTES) throw new RangeError('the key of a file is 32 bytes')
      this.#slab.set(key, KEY_AT)
      const cipher = this.#openssl.EVP_aes_256_gcm()
      const isReady =
        this.#context !== NULL &&
        this.#openssl.EVP_CipherInit_ex(
          this.#context,
          cipher,
          NULL,
          this.#base + BigInt(KEY_AT),
          NULL,
          this.#direction,
        ) === 1
      if (!isReady) throw new Error('OpenSSL refused a context for AES-GCM')
    } catch (cause) {
      this.end()
      throw cause
    } finally {
      key.fill(0)
      this.#slab.fill(0, KEY_AT, KEY_AT + FILE_KEY_BYTES)
    }
  }

  /** The ciphertext, in the buffer, and the tag; both until the next call. */
  seal(read: ReadChunk): [ciphertext: Buffer, tag: Buffer] {
    const isDone =
      this.#transform(read, read.length) &&
      this.#finish() &&
      this.#control(GET_TAG, this.#base + BigInt(TAG_AT))
    if (!isDone) throw new Error('OpenSSL refused to encrypt')
    return [
      this.#buffer.subarray(0, read.length),
      this.#slab.subarray(TAG_AT, TAG_AT + FILE_TAG_BYTES),
    ]
  }

  /**
   * The plaintext, in the buffer, until the next call. Of a chunk that is not authentic, what was decrypted is overwritten (SP 800-38D
   * section 7.2 step 9).
   *
   * @throws ClavigerCiphertextError as `openChunk`
   */
  open(read: ReadChunk): Buffer {
    const length = read.length - FILE_TAG_BYTES
    if (length < 0 || (length === 0 && read.chunk > 0)) throw notAuthentic()
    const isGood =
      this.#transform(read, length) &&
      this.#control(SET_TAG, this.#bufferAt + BigInt(length)) &&
      this.#finish()
    if (!isGood) {
      this.#buffer.fill(0, 0, length)
      this.#openssl.ERR_clear_error()
      throw notAuthentic()
    }
    return this.#buffer.subarray(0, length)
  }

  /** Overwrites the key: OpenSSL does so with what it frees. */
  end(): void {
    const context = this.#context
    this.#context = NULL
    this.#openssl.EVP_CIPHER_CTX_free(context)
  }

  /** Under the nonce of this chunk, all but the tag. */
  #transform({ chunk, last, length: read }: ReadChunk, length: number): boolean {
    if (this.#context === NULL || read > this.#buffer.length || length > read)
      throw new RangeError('there is no such chunk')
    writeFileNonce(this.#slab.subarray(NONCE_AT, NONCE_AT + FILE_NONCE_BYTES), chunk, last)
    const { EVP_CipherInit_ex: init, EVP_CipherUpdate: update } = this.#openssl
    const at = (place: number) => this.#base + BigInt(place)
    const buffer = this.#bufferAt
    return (
      init(this.#context, NULL, NULL, NULL, at(NONCE_AT), this.#direction) === 1 &&
      update(this.#context, NULL, at(LENGTH_AT), at(HEADER_HASH_AT), this.#headerHashBytes) === 1 &&
      (length === 0 || update(this.#context, buffer, at(LENGTH_AT), buffer, BigInt(length)) === 1)
    )
  }

  #finish(): boolean {
    const [rest, length] = [this.#base + BigInt(REST_AT), this.#base + BigInt(LENGTH_AT)]
    return this.#openssl.EVP_CipherFinal_ex(this.#context, rest, length) === 1
  }

  #control(command: bigint, tag: bigint): boolean {
    const { EVP_CIPHER_CTX_ctrl: control } = this.#openssl
    return control(this.#context, command, BigInt(FILE_TAG_BYTES), tag) === 1
  }
}
