import type { KeyUsage as NativeUsage } from '@claviger/contract'
import { usageClash, usageMissing } from './failures.ts'
import type * as member from './schema/members.ts'
import type { ValueOf } from './schema/shapes.ts'

/** What keys are, in AWS's names and in those of the house. */

export type KeySpec = ValueOf<typeof member.keySpec>
export type KeyUsage = ValueOf<typeof member.keyUsage>
export type DataKeyPairSpec = ValueOf<typeof member.dataKeyPairSpec>

interface Spec {
  /** The native algorithm; undefined where there is none. */
  readonly algorithm: string | undefined
  readonly usages: readonly KeyUsage[]
}

const encrypt = ['ENCRYPT_DECRYPT'] as const
const sign = ['SIGN_VERIFY'] as const
const mac = ['GENERATE_VERIFY_MAC'] as const
const encryptOrSign = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'] as const
const signOrAgree = ['SIGN_VERIFY', 'KEY_AGREEMENT'] as const
const encapsulate = ['ENCAPSULATE_DECAPSULATE'] as const

const specs: Readonly<Record<KeySpec, Spec>> = {
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
}

/** AWS has one symmetric spec and says nothing of the cipher behind it. */
const otherSymmetric: readonly string[] = ['AES-128-GCM', 'AES-256-GCM-SIV', 'ChaCha20-Poly1305']

const specOf: ReadonlyMap<string, KeySpec> = new Map([
  ...(Object.entries(specs) as [KeySpec, Spec][]).flatMap(([spec, { algorithm }]) =>
    algorithm === undefined ? [] : ([[algorithm, spec]] as const),
  ),
  ...otherSymmetric.map((algorithm) => [algorithm, 'SYMMETRIC_DEFAULT'] as const),
])

/** The native algorithm of a spec, of keys and of data key pairs; undefined where the house has none. */
export function algorithmOf(spec: KeySpec): string | undefined {
  return specs[spec].algorithm
}

/** What AWS calls a native algorithm; undefined where it has no name for it, and its clients cannot be shown such a key. */
export function keySpecOf(algorithm: string): KeySpec | undefined {
  return specOf.get(algorithm)
}

const nativeUsages: Readonly<Record<KeyUsage, NativeUsage>> = {
  ENCRYPT_DECRYPT: 'encrypt',
  SIGN_VERIFY: 'sign',
  GENERATE_VERIFY_MAC: 'mac',
  KEY_AGREEMENT: 'agree',
  ENCAPSULATE_DECAPSULATE: 'encapsulate',
}
const awsUsages: Readonly<Record<NativeUsage, KeyUsage>> = {
  encrypt: 'ENCRYPT_DECRYPT',
  sign: 'SIGN_VERIFY',
  mac: 'GENERATE_VERIFY_MAC',
  agree: 'KEY_AGREEMENT',
  encapsulate: 'ENCAPSULATE_DECAPSULATE',
}

export function nativeUsageOf(usage: KeyUsage): NativeUsage {
  return nativeUsages[usage]
}

export function keyUsageOf(usage: NativeUsage): KeyUsage {
  return awsUsages[usage]
}

/** The usage of a new key: only a symmetric one has a default. @throws AwsException ValidationException */
export function usageForNewKey(spec: KeySpec, usage: KeyUsage | undefined): KeyUsage {
  if (usage === undefined) {
    if (spec !== 'SYMMETRIC_DEFAULT') throw usageMissing()
    return 'ENCRYPT_DECRYPT'
  }
  if (!specs[spec].usages.includes(usage)) throw usageClash(usage, spec)
  return usage
}

/** Bytes of the data keys that have a name. */
export const dataKeyBytes = { AES_256: 32, AES_128: 16 } as const
