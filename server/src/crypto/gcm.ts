import { dlopen, getRawPointer } from 'node:ffi'
import type { Algorithm } from './algorithms.ts'
import { assertOperational } from './condition.ts'

/**
 * AES-GCM on short messages, through OpenSSL's EVP functions on one context and one slab of memory that are the process's own. Node's
 * cipher objects cost twice the time of it and leave half a dozen objects for the collector, at every message. A wrong line here could
 * crash the process, so: OpenSSL reads and writes nothing but the slab, every length is checked against the slab before a call, no
 * pointer comes from outside or outlives the process, and the self-tests run all of it before anything is served.
 */

const pointer = 'pointer'
/**
 * An `int` is declared as a pointer: it travels in the low half of a register as wide as one, and whoever reads it leaves the upper half
 * alone (System V AMD64 ABI 3.2.3, AAPCS64 6.8.2, and Microsoft's x64 convention alike). Node calls a function of pointers alone
 * directly; one 'int32' among its arguments sends it through libffi, 0.45 µs instead of 0.04 µs (docs/performance.md).
 */
const int = pointer

/** The signatures as openssl/evp.h of OpenSSL 3.5 declares them. */
const declarations = {
  EVP_CIPHER_CTX_new: { return: pointer, arguments: [] },
  EVP_aes_128_gcm: { return: pointer, arguments: [] },
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
const ENCRYPT = 1n
const DECRYPT = 0n
const NULL = 0n

const NONCE_BYTES = 12
const TAG_BYTES = 16
const TAG_BYTES_ARGUMENT = BigInt(TAG_BYTES)
/** What the slab has room for; longer messages go to Node's ciphers, which are as fast there. */
const AAD_BYTES_MAX = 4_096
const TEXT_BYTES_MAX = 4_096

/** Where things lie in the slab: what is secret side by side, so that it is overwritten at once. */
const NONCE_AT = 0
const LENGTH_AT = 64
const AAD_AT = 128
/** Ciphertext, and the tag behind it. */
const SEALED_AT = AAD_AT + AAD_BYTES_MAX
const KEY_AT = SEALED_AT + TEXT_BYTES_MAX + 64
const PLAIN_AT = KEY_AT + 64
/** GCM writes no more than it reads; a block of room beyond it costs nothing. */
const SLAB_BYTES = PLAIN_AT + TEXT_BYTES_MAX + 64

// Far above the size that V8 keeps on its own heap, so the collector never moves it under OpenSSL.
const slab = Buffer.alloc(SLAB_BYTES)

function bind() {
  // On Windows null names nothing; the program itself exports the same symbols.
  const library = process.platform === 'win32' ? process.execPath : null
  const { functions } = dlopen(library, declarations)
  const base = getRawPointer(slab)
  // The cipher is set once: naming it at every message would have OpenSSL look it up again.
  const contextFor = (cipher: bigint) => {
    const context = functions.EVP_CIPHER_CTX_new()
    const ready =
      context !== NULL &&
      functions.EVP_CipherInit_ex(context, cipher, NULL, NULL, NULL, ENCRYPT) === 1
    if (!ready) throw new Error('OpenSSL refused a context for AES-GCM')
    return context
  }
  return {
    ...functions,
    contexts: {
      16: contextFor(functions.EVP_aes_128_gcm()),
      32: contextFor(functions.EVP_aes_256_gcm()),
    },
    key: base + BigInt(KEY_AT),
    nonce: base + BigInt(NONCE_AT),
    length: base + BigInt(LENGTH_AT),
    aad: base + BigInt(AAD_AT),
    sealed: base + BigInt(SEALED_AT),
    plain: base + BigInt(PLAIN_AT),
  }
}

let bound: ReturnType<typeof bind> | undefined

/** Whether {@link gcmSeal} and {@link gcmOpen} take a message of this length with this much associated data. */
export function fitsGcm(algorithm: Algorithm, textBytes: number, aadBytes: number): boolean {
  return (
    (algorithm.cipher === 'aes-256-gcm' || algorithm.cipher === 'aes-128-gcm') &&
    textBytes <= TEXT_BYTES_MAX &&
    aadBytes <= AAD_BYTES_MAX
  )
}

/** Key, nonce and associated data to their places, and a fresh start of the context for this length of key. */
function begin(
  evp: ReturnType<typeof bind>,
  key: Uint8Array,
  nonce: Uint8Array,
  aadParts: readonly Uint8Array[],
  direction: bigint,
): bigint {
  const { length } = key
  if ((length !== 16 && length !== 32) || nonce.length !== NONCE_BYTES)
    throw new RangeError('a key of 16 or 32 bytes and a nonce of 12')
  const context = evp.contexts[length]
  slab.set(key, KEY_AT)
  slab.set(nonce, NONCE_AT)
  let aadBytes = 0
  for (const part of aadParts) {
    if (aadBytes + part.length > AAD_BYTES_MAX)
      throw new RangeError('the associated data is too long')
    slab.set(part, AAD_AT + aadBytes)
    aadBytes += part.length
  }
  const ready =
    evp.EVP_CipherInit_ex(context, NULL, NULL, evp.key, evp.nonce, direction) === 1 &&
    (aadBytes === 0 ||
      evp.EVP_CipherUpdate(context, NULL, evp.length, evp.aad, BigInt(aadBytes)) === 1)
  if (!ready) throw new Error('OpenSSL refused to begin')
  return context
}

/** The key and the plaintext do not stay in the slab. */
function wipe(textBytes: number): void {
  slab.fill(0, KEY_AT, PLAIN_AT + textBytes)
}

/**
 * Writes ciphertext and tag into `out` from `outOffset` on.
 *
 * @param key 16 or 32 bytes, the caller's to overwrite.
 * @throws RangeError for lengths that {@link fitsGcm} does not take, or `out` too short.
 */
export function gcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aadParts: readonly Uint8Array[],
  plaintext: Uint8Array,
  out: Uint8Array,
  outOffset: number,
): void {
  assertOperational()
  const { length } = plaintext
  if (length > TEXT_BYTES_MAX || outOffset + length + TAG_BYTES > out.length)
    throw new RangeError('the message is too long')
  const evp = (bound ??= bind())
  const bytes = BigInt(length)
  try {
    slab.set(plaintext, PLAIN_AT)
    const context = begin(evp, key, nonce, aadParts, ENCRYPT)
    const done =
      (length === 0 ||
        evp.EVP_CipherUpdate(context, evp.sealed, evp.length, evp.plain, bytes) === 1) &&
      evp.EVP_CipherFinal_ex(context, evp.sealed, evp.length) === 1 &&
      evp.EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG_BYTES_ARGUMENT, evp.sealed + bytes) === 1
    if (!done) throw new Error('OpenSSL refused to encrypt')
    slab.copy(out, outOffset, SEALED_AT, SEALED_AT + length + TAG_BYTES)
  } finally {
    wipe(length)
  }
}

/**
 * Writes the plaintext into `out`, which is as long as it; false where the tag is wrong, and then `out` is untouched.
 *
 * @throws RangeError as {@link gcmSeal}
 */
export function gcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aadParts: readonly Uint8Array[],
  ciphertextAndTag: Uint8Array,
  out: Uint8Array,
): boolean {
  assertOperational()
  const length = ciphertextAndTag.length - TAG_BYTES
  if (length < 0 || length > TEXT_BYTES_MAX || out.length !== length)
    throw new RangeError('the message is of another length')
  const evp = (bound ??= bind())
  const bytes = BigInt(length)
  try {
    slab.set(ciphertextAndTag, SEALED_AT)
    const context = begin(evp, key, nonce, aadParts, DECRYPT)
    const good =
      (length === 0 ||
        evp.EVP_CipherUpdate(context, evp.plain, evp.length, evp.sealed, bytes) === 1) &&
      evp.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG_BYTES_ARGUMENT, evp.sealed + bytes) === 1 &&
      evp.EVP_CipherFinal_ex(context, evp.plain, evp.length) === 1
    // Nothing decrypted is shown before the tag is found right (SP 800-38D section 7.2 step 9).
    if (good) slab.copy(out, 0, PLAIN_AT, PLAIN_AT + length)
    else evp.ERR_clear_error()
    return good
  } finally {
    wipe(length)
  }
}

/** A context keeps what it made of its last key: this puts a key of zeros in its place. */
export function forgetGcmKeys(): void {
  if (bound === undefined) return
  for (const length of [16, 32])
    begin(bound, Buffer.alloc(length), Buffer.alloc(NONCE_BYTES), [], ENCRYPT)
}
