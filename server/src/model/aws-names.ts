import type { ImportWrapping, KeyUsage, RsaPadding, SignatureScheme } from '@claviger/contract'

/**
 * What AWS KMS calls keys and what they do their work with: the names that key policies ask for at every door, and that its own clients
 * speak (AWS KMS API reference, KeySpec, KeyUsage and the algorithms of each operation).
 */

interface Spec {
  /** The native algorithm; undefined where there is none. */
  readonly algorithm: string | undefined
  readonly usages: readonly KmsKeyUsage[]
}

const nativeUsages = {
  ENCRYPT_DECRYPT: 'encrypt',
  SIGN_VERIFY: 'sign',
  GENERATE_VERIFY_MAC: 'mac',
  KEY_AGREEMENT: 'agree',
  ENCAPSULATE_DECAPSULATE: 'encapsulate',
} as const satisfies Record<string, KeyUsage>

export type KmsKeyUsage = keyof typeof nativeUsages

const encrypt = ['ENCRYPT_DECRYPT'] as const
const sign = ['SIGN_VERIFY'] as const
const mac = ['GENERATE_VERIFY_MAC'] as const
const encryptOrSign = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'] as const
const signOrAgree = ['SIGN_VERIFY', 'KEY_AGREEMENT'] as const
const encapsulate = ['ENCAPSULATE_DECAPSULATE'] as const

const specs = {
  SYMMETRIC_DEFAULT: { algorithm: 'AES-256-GCM', usages: encrypt },
  HMAC_224: { algorithm: 'HMAC-SHA-224', usages: mac },
  HMAC_256: { algorithm: 'HMAC-SHA-256', usages: mac },
  HMAC_384: { algorithm: 'HMAC-SHA-384', usages: mac },
  HMAC_512: { algorithm: 'HMAC-SHA-512', usages: mac },
  RSA_2048: { algorithm: 'RSA-2048', usages: encryptOrSign },
  RSA_3072: { algorithm: 'RSA-3072', usages: encryptOrSign },
  RSA_4096: { algorithm: 'RSA-4096', usages: encryptOrSign },
  ECC_NIST_P256: { algorithm: 'P-256', usages: signOrAgree },
  ECC_NIST_P384: { algorithm: 'P-384', usages: signOrAgree },
  ECC_NIST_P521: { algorithm: 'P-521', usages: signOrAgree },
  ECC_SECG_P256K1: { algorithm: 'secp256k1', usages: sign },
  ECC_NIST_EDWARDS25519: { algorithm: 'Ed25519', usages: sign },
  ML_DSA_44: { algorithm: 'ML-DSA-44', usages: sign },
  ML_DSA_65: { algorithm: 'ML-DSA-65', usages: sign },
  ML_DSA_87: { algorithm: 'ML-DSA-87', usages: sign },
  ML_KEM_512: { algorithm: 'ML-KEM-512', usages: encapsulate },
  ML_KEM_768: { algorithm: 'ML-KEM-768', usages: encapsulate },
  ML_KEM_1024: { algorithm: 'ML-KEM-1024', usages: encapsulate },
  // Only in AWS's regions in China.
  SM2: { algorithm: undefined, usages: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'KEY_AGREEMENT'] },
} as const satisfies Record<string, Spec>

export type KmsKeySpec = keyof typeof specs

/** AWS has one symmetric spec and says nothing of the cipher behind it. */
const otherSymmetric: readonly string[] = ['AES-128-GCM', 'AES-256-GCM-SIV', 'ChaCha20-Poly1305']

const specOf: ReadonlyMap<string, KmsKeySpec> = new Map([
  ...(Object.entries(specs) as [KmsKeySpec, Spec][]).flatMap(([spec, { algorithm }]) =>
    algorithm === undefined ? [] : ([[algorithm, spec]] as const),
  ),
  ...otherSymmetric.map((algorithm) => [algorithm, 'SYMMETRIC_DEFAULT'] as const),
])

/** The native algorithm of a spec, of keys and of data key pairs; undefined where the house has none. */
export function algorithmOf(spec: KmsKeySpec): string | undefined {
  return specs[spec].algorithm
}

/** What AWS calls a native algorithm; undefined where it has no name for it, and its clients cannot be shown such a key. */
export function keySpecOf(algorithm: string): KmsKeySpec | undefined {
  return specOf.get(algorithm)
}

/** What keys of a spec can be for. */
export function usagesOf(spec: KmsKeySpec): readonly KmsKeyUsage[] {
  return specs[spec].usages
}

export function nativeUsageOf(usage: KmsKeyUsage): KeyUsage {
  return nativeUsages[usage]
}

const awsUsages: Readonly<Record<KeyUsage, KmsKeyUsage>> = {
  encrypt: 'ENCRYPT_DECRYPT',
  sign: 'SIGN_VERIFY',
  mac: 'GENERATE_VERIFY_MAC',
  agree: 'KEY_AGREEMENT',
  encapsulate: 'ENCAPSULATE_DECAPSULATE',
}

export function keyUsageOf(usage: KeyUsage): KmsKeyUsage {
  return awsUsages[usage]
}

const macs = {
  HMAC_224: 'HMAC_SHA_224',
  HMAC_256: 'HMAC_SHA_256',
  HMAC_384: 'HMAC_SHA_384',
  HMAC_512: 'HMAC_SHA_512',
} as const

export type KmsMacAlgorithm = (typeof macs)[keyof typeof macs]

/** The MAC algorithm of a spec; undefined where it is of no MAC key. */
export function macAlgorithmOf(spec: KmsKeySpec): KmsMacAlgorithm | undefined {
  return Object.hasOwn(macs, spec) ? macs[spec as keyof typeof macs] : undefined
}

const schemes = {
  RSASSA_PSS_SHA_256: 'rsa-pss-sha-256',
  RSASSA_PSS_SHA_384: 'rsa-pss-sha-384',
  RSASSA_PSS_SHA_512: 'rsa-pss-sha-512',
  RSASSA_PKCS1_V1_5_SHA_256: 'rsa-pkcs1-sha-256',
  RSASSA_PKCS1_V1_5_SHA_384: 'rsa-pkcs1-sha-384',
  RSASSA_PKCS1_V1_5_SHA_512: 'rsa-pkcs1-sha-512',
  ECDSA_SHA_256: 'ecdsa-sha-256',
  ECDSA_SHA_384: 'ecdsa-sha-384',
  ECDSA_SHA_512: 'ecdsa-sha-512',
  // Only in AWS's regions in China.
  SM2DSA: undefined,
  ML_DSA_SHAKE_256: 'ml-dsa',
  ED25519_SHA_512: 'ed25519',
  ED25519_PH_SHA_512: 'ed25519ph',
} as const satisfies Record<string, SignatureScheme | undefined>

export type KmsSigningAlgorithm = keyof typeof schemes

/** Native schemes that AWS has a name for. */
export type NativeScheme = Exclude<(typeof schemes)[KmsSigningAlgorithm], undefined>

/** The native scheme of a signing algorithm; undefined where the house has none. */
export function schemeOf(algorithm: KmsSigningAlgorithm): NativeScheme | undefined {
  return schemes[algorithm]
}

/** What AWS calls a native scheme; undefined where it has no name for it. */
export function signingAlgorithmOf(scheme: string): KmsSigningAlgorithm | undefined {
  return keyOf(schemes, scheme)
}

const paddings = {
  RSAES_OAEP_SHA_1: 'rsa-oaep-sha-1',
  RSAES_OAEP_SHA_256: 'rsa-oaep-sha-256',
} as const satisfies Record<string, RsaPadding>

export type KmsRsaEncryption = keyof typeof paddings

/** The native padding of an encryption algorithm; undefined where it is of no RSA key. */
export function paddingOf(algorithm: string): RsaPadding | undefined {
  return Object.hasOwn(paddings, algorithm) ? paddings[algorithm as KmsRsaEncryption] : undefined
}

/** What AWS calls a padding. */
export function rsaEncryptionOf(padding: RsaPadding): KmsRsaEncryption {
  return padding === 'rsa-oaep-sha-1' ? 'RSAES_OAEP_SHA_1' : 'RSAES_OAEP_SHA_256'
}

const wrappings = {
  RSAES_OAEP_SHA_1: 'rsa-oaep-sha-1',
  RSAES_OAEP_SHA_256: 'rsa-oaep-sha-256',
  RSA_AES_KEY_WRAP_SHA_1: 'rsa-oaep-sha-1+aes-256-kwp',
  RSA_AES_KEY_WRAP_SHA_256: 'rsa-oaep-sha-256+aes-256-kwp',
  // AWS no longer takes it (since 10 October 2023), and SM2 is for its regions in China.
  RSAES_PKCS1_V1_5: undefined,
  SM2PKE: undefined,
} as const satisfies Record<string, ImportWrapping | undefined>

export type KmsWrappingAlgorithm = keyof typeof wrappings

/** How material for import is wrapped, natively; undefined where the house does not take it. */
export function wrappingOf(algorithm: KmsWrappingAlgorithm): ImportWrapping | undefined {
  return wrappings[algorithm]
}

/** What AWS calls a wrapping; undefined for what is none. */
export function wrappingAlgorithmOf(wrapping: string): KmsWrappingAlgorithm | undefined {
  return keyOf(wrappings, wrapping)
}

function keyOf<Key extends string>(
  table: Readonly<Record<Key, string | undefined>>,
  value: string,
): Key | undefined {
  const keys = Object.keys(table) as Key[]
  return keys.find((key) => table[key] === value)
}
