import type { KeyObject } from 'node:crypto'
import { dlopen, getRawPointer } from 'node:ffi'
import { digestBytes, type Scheme } from './schemes.ts'

/**
 * OpenSSL's EVP functions that Node has no call for, reached in the OpenSSL that Node itself carries: signing and verifying what the
 * caller made of the message (a digest, or the mu of ML-DSA), and checking a private key. A wrong line here could crash the process, so:
 * every buffer is our own and larger than what is written into it, no length comes from outside unchecked, everything allocated is freed
 * in the function that allocated it, no pointer outlives a call, and the self-tests run all of it before anything is served.
 */

const pointer = 'pointer'
const buffer = 'buffer'
const int = 'int32'
const size = 'uint64'
const text = 'string'

/** The declarations as openssl/evp.h, bio.h, rsa.h and x509.h of OpenSSL 3.5 declare them. */
const declarations = {
  BIO_s_secmem: { return: pointer, arguments: [] },
  BIO_new: { return: pointer, arguments: [pointer] },
  BIO_write: { return: int, arguments: [pointer, buffer, int] },
  BIO_free: { return: int, arguments: [pointer] },
  d2i_PrivateKey_bio: { return: pointer, arguments: [pointer, pointer] },
  d2i_PUBKEY_bio: { return: pointer, arguments: [pointer, pointer] },
  EVP_PKEY_free: { return: 'void', arguments: [pointer] },
  EVP_PKEY_get_size: { return: int, arguments: [pointer] },
  EVP_PKEY_CTX_new: { return: pointer, arguments: [pointer, pointer] },
  EVP_PKEY_CTX_free: { return: 'void', arguments: [pointer] },
  EVP_PKEY_check: { return: int, arguments: [pointer] },
  EVP_PKEY_sign_init: { return: int, arguments: [pointer] },
  EVP_PKEY_sign: { return: int, arguments: [pointer, buffer, buffer, buffer, size] },
  EVP_SIGNATURE_fetch: { return: pointer, arguments: [pointer, text, pointer] },
  EVP_SIGNATURE_free: { return: 'void', arguments: [pointer] },
  EVP_PKEY_sign_init_ex2: { return: int, arguments: [pointer, pointer, pointer] },
  EVP_PKEY_verify_init_ex2: { return: int, arguments: [pointer, pointer, pointer] },
  EVP_PKEY_sign_message_init: { return: int, arguments: [pointer, pointer, pointer] },
  EVP_PKEY_verify_message_init: { return: int, arguments: [pointer, pointer, pointer] },
  EVP_PKEY_verify_init: { return: int, arguments: [pointer] },
  EVP_PKEY_verify: { return: int, arguments: [pointer, buffer, size, buffer, size] },
  EVP_PKEY_CTX_set_signature_md: { return: int, arguments: [pointer, pointer] },
  EVP_PKEY_CTX_set_rsa_padding: { return: int, arguments: [pointer, int] },
  EVP_PKEY_CTX_set_rsa_pss_saltlen: { return: int, arguments: [pointer, int] },
  EVP_sha256: { return: pointer, arguments: [] },
  EVP_sha384: { return: pointer, arguments: [] },
  EVP_sha512: { return: pointer, arguments: [] },
  ERR_clear_error: { return: 'void', arguments: [] },
} as const

/** openssl/rsa.h */
const RSA_PKCS1_PADDING = 1
const RSA_PKCS1_PSS_PADDING = 6
/** RSA_PSS_SALTLEN_DIGEST: the salt is as long as the digest (FIPS 186-5 section 5.4 allows up to that). */
const SALT_AS_DIGEST = -1
const NULL = 0n

/** An RSA-4096 signature is 512 bytes, a P-521 one in DER at most 141, one of ML-DSA-87 4,627. */
const SIGNATURE_BYTES_MAX = 8_192
/** A `size_t` of a 64-bit machine. */
const SIZE_BYTES = 8

// Buffers this large lie outside V8's heap, so the collector never moves them under OpenSSL.
const signatureSlab = Buffer.alloc(SIGNATURE_BYTES_MAX)
const digestSlab = Buffer.alloc(SIGNATURE_BYTES_MAX)
const sizeSlab = Buffer.alloc(SIGNATURE_BYTES_MAX).subarray(0, SIZE_BYTES)

/** FIPS 204 algorithm 7 line 6: 512 bits. */
export const MU_BYTES = 64

/**
 * OSSL_SIGNATURE_PARAM_MU = 1 and the end of the list (openssl/core.h, OSSL_PARAM: key, type, data, size, size that was returned), and
 * behind them the name and the number that they point to.
 */
const muParameters = Buffer.alloc(SIGNATURE_BYTES_MAX)
const PARAMETER_NAME_AT = 128
const PARAMETER_VALUE_AT = 192
/** OSSL_PARAM_INTEGER */
const PARAMETER_IS_INTEGER = 1
const INT_BYTES = 4
/** OSSL_PARAM_UNMODIFIED */
const PARAMETER_UNMODIFIED = 2n ** 64n - 1n

/** Writes the list, which lies still like the slabs, and gives its address. */
function writeMuParameters(): bigint {
  const base = getRawPointer(muParameters)
  muParameters.write('mu\0', PARAMETER_NAME_AT, 'latin1')
  muParameters.writeInt32LE(1, PARAMETER_VALUE_AT)
  muParameters.writeBigUInt64LE(base + BigInt(PARAMETER_NAME_AT), 0)
  muParameters.writeUInt32LE(PARAMETER_IS_INTEGER, 8)
  muParameters.writeBigUInt64LE(base + BigInt(PARAMETER_VALUE_AT), 16)
  muParameters.writeBigUInt64LE(BigInt(INT_BYTES), 24)
  muParameters.writeBigUInt64LE(PARAMETER_UNMODIFIED, 32)
  return base
}

function bind() {
  // On Windows null names nothing; the program itself exports the same symbols.
  const library = process.platform === 'win32' ? process.execPath : null
  return { ...dlopen(library, declarations).functions, muParameters: writeMuParameters() }
}

let bound: ReturnType<typeof bind> | undefined

/** Bound at first use: a process that may not use node:ffi fails its self-test, not its start. */
function openssl(): ReturnType<typeof bind> {
  return (bound ??= bind())
}

/** What a digest is signed with. */
export type DigestScheme = Scheme & { readonly hash: NonNullable<Scheme['hash']> }

function demand(ok: boolean, call: string): void {
  if (!ok) throw new Error(`OpenSSL refused ${call}`)
}

/** Copies DER into OpenSSL's own (secure, overwritten when freed) memory, parses it, and hands the key to `use`. */
function withKey<Result>(der: Buffer, secret: boolean, use: (key: bigint) => Result): Result {
  const evp = openssl()
  const source = evp.BIO_new(evp.BIO_s_secmem())
  demand(source !== NULL, 'BIO_new')
  let key = NULL
  try {
    demand(evp.BIO_write(source, der, der.length) === der.length, 'BIO_write')
    key = secret ? evp.d2i_PrivateKey_bio(source, NULL) : evp.d2i_PUBKEY_bio(source, NULL)
    demand(key !== NULL, 'the key')
    return use(key)
  } finally {
    if (key !== NULL) evp.EVP_PKEY_free(key)
    evp.BIO_free(source)
    // Errors left on the thread's queue would be reported for somebody else's call.
    evp.ERR_clear_error()
  }
}

function withContext<Result>(key: bigint, use: (context: bigint) => Result): Result {
  const evp = openssl()
  const context = evp.EVP_PKEY_CTX_new(key, NULL)
  demand(context !== NULL, 'EVP_PKEY_CTX_new')
  try {
    return use(context)
  } finally {
    evp.EVP_PKEY_CTX_free(context)
  }
}

function withPrivateKey<Result>(privateKey: KeyObject, use: (key: bigint) => Result): Result {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  try {
    return withKey(der, true, use)
  } finally {
    der.fill(0)
  }
}

/** Finds a signature algorithm of OpenSSL by name and hands it to `use`. */
function withSignature<Result>(name: string, use: (signature: bigint) => Result): Result {
  const evp = openssl()
  const signature = evp.EVP_SIGNATURE_fetch(NULL, name, NULL)
  demand(signature !== NULL, 'EVP_SIGNATURE_fetch')
  try {
    return use(signature)
  } finally {
    evp.EVP_SIGNATURE_free(signature)
  }
}

type Direction = 'sign' | 'verify'

/** Readies a context for what it is then given. */
type Prepare = (context: bigint, direction: Direction) => void

/** For a digest. */
function digestPrepared(scheme: DigestScheme): Prepare {
  const { prehash } = scheme
  if (prehash === undefined) {
    return (context, direction) => {
      const evp = openssl()
      const init = direction === 'sign' ? evp.EVP_PKEY_sign_init : evp.EVP_PKEY_verify_init
      demand(init(context) === 1, `EVP_PKEY_${direction}_init`)
      setScheme(context, scheme)
    }
  }
  return (context, direction) => {
    const evp = openssl()
    const init = direction === 'sign' ? evp.EVP_PKEY_sign_init_ex2 : evp.EVP_PKEY_verify_init_ex2
    const ready = withSignature(prehash, (signature) => init(context, signature, NULL))
    demand(ready === 1, `EVP_PKEY_${direction}_init_ex2`)
  }
}

/** For a mu, by the parameter set that Node calls a key's type. */
function muPrepared(type: string | undefined): Prepare {
  if (type === undefined || !/^ml-dsa-(44|65|87)$/.test(type))
    throw new TypeError('a mu is for ML-DSA')
  return (context, direction) => {
    const evp = openssl()
    const init =
      direction === 'sign' ? evp.EVP_PKEY_sign_message_init : evp.EVP_PKEY_verify_message_init
    const ready = withSignature(type.toUpperCase(), (signature) =>
      init(context, signature, evp.muParameters),
    )
    demand(ready === 1, `EVP_PKEY_${direction}_message_init`)
  }
}

function setScheme(context: bigint, scheme: DigestScheme): void {
  const evp = openssl()
  if (scheme.padding !== undefined) {
    const padding = scheme.padding === 'pss' ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING
    demand(evp.EVP_PKEY_CTX_set_rsa_padding(context, padding) === 1, 'the padding')
  }
  const digests = { sha256: evp.EVP_sha256, sha384: evp.EVP_sha384, sha512: evp.EVP_sha512 }
  demand(evp.EVP_PKEY_CTX_set_signature_md(context, digests[scheme.hash]()) === 1, 'the digest')
  if (scheme.padding === 'pss') {
    // The mask generation function takes the hash of the signature unless told otherwise (RFC 8017 section 8.1).
    demand(evp.EVP_PKEY_CTX_set_rsa_pss_saltlen(context, SALT_AS_DIGEST) === 1, 'the salt length')
  }
}

/** Puts what is signed where OpenSSL reads it. @throws RangeError when it is not as long as it must be. */
function place(data: Uint8Array, wanted: number): bigint {
  if (data.length !== wanted) throw new RangeError('a digest of another length')
  digestSlab.set(data)
  return BigInt(data.length)
}

/** EVP_PKEY_sign of what was placed. */
function signPlaced(privateKey: KeyObject, length: bigint, prepare: Prepare): Buffer {
  const evp = openssl()
  return withPrivateKey(privateKey, (key) => {
    demand(evp.EVP_PKEY_get_size(key) <= SIGNATURE_BYTES_MAX, 'the size of the key')
    return withContext(key, (context) => {
      prepare(context, 'sign')
      sizeSlab.writeBigUInt64LE(BigInt(SIGNATURE_BYTES_MAX))
      demand(
        evp.EVP_PKEY_sign(context, signatureSlab, sizeSlab, digestSlab, length) === 1,
        'to sign',
      )
      return Buffer.from(signatureSlab.subarray(0, Number(sizeSlab.readBigUInt64LE())))
    })
  })
}

/** EVP_PKEY_verify of what was placed. The signature comes from outside. */
function verifyPlaced(
  publicKey: KeyObject,
  length: bigint,
  signature: Uint8Array,
  prepare: Prepare,
): boolean {
  const evp = openssl()
  if (signature.length > SIGNATURE_BYTES_MAX) return false
  signatureSlab.set(signature)
  return withKey(publicKey.export({ type: 'spki', format: 'der' }), false, (key) =>
    withContext(key, (context) => {
      prepare(context, 'verify')
      const size = BigInt(signature.length)
      return evp.EVP_PKEY_verify(context, signatureSlab, size, digestSlab, length) === 1
    }),
  )
}

/** Signs a digest with an RSA, EC or Edwards key. ECDSA signatures are DER. */
export function signDigest(
  privateKey: KeyObject,
  scheme: DigestScheme,
  digest: Uint8Array,
): Buffer {
  const length = place(digest, digestBytes[scheme.hash])
  return signPlaced(privateKey, length, digestPrepared(scheme))
}

/** Whether a signature (ECDSA: DER) of a digest is valid. The signature comes from outside. */
export function verifyDigest(
  publicKey: KeyObject,
  scheme: DigestScheme,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const length = place(digest, digestBytes[scheme.hash])
  return verifyPlaced(publicKey, length, signature, digestPrepared(scheme))
}

/** Signs the message representative of ML-DSA, 64 bytes (FIPS 204 algorithm 7 from line 7 on). */
export function signMu(privateKey: KeyObject, mu: Uint8Array): Buffer {
  return signPlaced(privateKey, place(mu, MU_BYTES), muPrepared(privateKey.asymmetricKeyType))
}

/** Whether a signature of a message representative of ML-DSA is valid. The signature comes from outside. */
export function verifyMu(publicKey: KeyObject, mu: Uint8Array, signature: Uint8Array): boolean {
  const length = place(mu, MU_BYTES)
  return verifyPlaced(publicKey, length, signature, muPrepared(publicKey.asymmetricKeyType))
}

/**
 * Whether a private key is one: for RSA the primes are prime and fit modulus and exponents (SP 800-56B revision 2 section 6.4.1), for EC
 * the scalar is in range and the public point is its own (SP 800-56A revision 3 section 5.6.2.1).
 */
export function checkPrivateKey(privateKey: KeyObject): boolean {
  const evp = openssl()
  return withPrivateKey(privateKey, (key) =>
    withContext(key, (context) => evp.EVP_PKEY_check(context) === 1),
  )
}
