import { incompatibleAlgorithm } from './failures.ts'
import type * as member from './schema/members.ts'
import type { ValueOf } from './schema/shapes.ts'
import type { KeySpec, KeyUsage } from './specs.ts'

/** What keys do their work with, in AWS's names and in those of the house. */

export type EncryptionAlgorithm = ValueOf<typeof member.encryptionAlgorithm>
export type SigningAlgorithm = ValueOf<typeof member.signingAlgorithm>
export type MacAlgorithm = ValueOf<typeof member.macAlgorithm>
export type MessageType = ValueOf<typeof member.messageType>
export type WrappingAlgorithm = ValueOf<typeof member.wrappingAlgorithm>
export type WrappingKeySpec = ValueOf<typeof member.wrappingKeySpec>

/** Members of a key's metadata and of GetPublicKey; one of them at most is there. Clients go by the first element. */
export interface AlgorithmLists {
  readonly EncryptionAlgorithms?: readonly EncryptionAlgorithm[]
  readonly SigningAlgorithms?: readonly SigningAlgorithm[]
  readonly MacAlgorithms?: readonly MacAlgorithm[]
  readonly KeyAgreementAlgorithms?: readonly ['ECDH']
  readonly EncapsulationAlgorithms?: readonly ['ML_KEM']
}

/** In the order of AWS's examples (DescribeKey). */
const rsaSigning: readonly SigningAlgorithm[] = [
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
]
const signing: Partial<Record<KeySpec, readonly SigningAlgorithm[]>> = {
  RSA_2048: rsaSigning,
  RSA_3072: rsaSigning,
  RSA_4096: rsaSigning,
  ECC_NIST_P256: ['ECDSA_SHA_256'],
  ECC_NIST_P384: ['ECDSA_SHA_384'],
  ECC_NIST_P521: ['ECDSA_SHA_512'],
  ECC_SECG_P256K1: ['ECDSA_SHA_256'],
  ECC_NIST_EDWARDS25519: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
  ML_DSA_44: ['ML_DSA_SHAKE_256'],
  ML_DSA_65: ['ML_DSA_SHAKE_256'],
  ML_DSA_87: ['ML_DSA_SHAKE_256'],
}
const macs: Partial<Record<KeySpec, MacAlgorithm>> = {
  HMAC_224: 'HMAC_SHA_224',
  HMAC_256: 'HMAC_SHA_256',
  HMAC_384: 'HMAC_SHA_384',
  HMAC_512: 'HMAC_SHA_512',
}

/** What a key of this spec can be asked for, given what it is for. */
export function algorithmLists(spec: KeySpec, usage: KeyUsage): AlgorithmLists {
  switch (usage) {
    case 'ENCRYPT_DECRYPT':
      return {
        EncryptionAlgorithms:
          spec === 'SYMMETRIC_DEFAULT'
            ? ['SYMMETRIC_DEFAULT']
            : ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
      }
    case 'SIGN_VERIFY':
      return { SigningAlgorithms: signing[spec] ?? [] }
    case 'GENERATE_VERIFY_MAC': {
      const mac = macs[spec]
      return { MacAlgorithms: mac === undefined ? [] : [mac] }
    }
    case 'KEY_AGREEMENT':
      return { KeyAgreementAlgorithms: ['ECDH'] }
    case 'ENCAPSULATE_DECAPSULATE':
      return { EncapsulationAlgorithms: ['ML_KEM'] }
  }
}

/** @throws AwsException InvalidKeyUsageException where a key of this spec does not know the algorithm */
export function assertCompatible(algorithm: string, spec: KeySpec, usage: KeyUsage): void {
  const known = Object.values(algorithmLists(spec, usage)).flat() as string[]
  if (!known.includes(algorithm)) throw incompatibleAlgorithm(algorithm, spec)
}

interface Signing {
  /** The native scheme; undefined where there is none. */
  readonly scheme: string | undefined
  /** Bytes of a digest, where one can be signed. */
  readonly digestBytes?: number
  readonly messageTypes: readonly MessageType[]
}

function hashed<const Scheme extends string>(scheme: Scheme, digestBytes: 32 | 48 | 64) {
  return { scheme, digestBytes, messageTypes: ['RAW', 'DIGEST'] } as const
}

const signatures = {
  RSASSA_PSS_SHA_256: hashed('rsa-pss-sha-256', 32),
  RSASSA_PSS_SHA_384: hashed('rsa-pss-sha-384', 48),
  RSASSA_PSS_SHA_512: hashed('rsa-pss-sha-512', 64),
  RSASSA_PKCS1_V1_5_SHA_256: hashed('rsa-pkcs1-sha-256', 32),
  RSASSA_PKCS1_V1_5_SHA_384: hashed('rsa-pkcs1-sha-384', 48),
  RSASSA_PKCS1_V1_5_SHA_512: hashed('rsa-pkcs1-sha-512', 64),
  ECDSA_SHA_256: hashed('ecdsa-sha-256', 32),
  ECDSA_SHA_384: hashed('ecdsa-sha-384', 48),
  ECDSA_SHA_512: hashed('ecdsa-sha-512', 64),
  SM2DSA: { scheme: undefined, digestBytes: 32, messageTypes: ['RAW', 'DIGEST'] },
  ML_DSA_SHAKE_256: { scheme: 'ml-dsa', messageTypes: ['RAW', 'EXTERNAL_MU'] },
  // RFC 8032 section 5.1: pure Ed25519 signs messages, Ed25519ph their SHA-512.
  ED25519_SHA_512: { scheme: 'ed25519', messageTypes: ['RAW'] },
  ED25519_PH_SHA_512: { scheme: 'ed25519ph', digestBytes: 64, messageTypes: ['DIGEST'] },
} as const satisfies Record<SigningAlgorithm, Signing>

/** Native schemes that AWS has a name for. */
export type NativeScheme = Exclude<(typeof signatures)[SigningAlgorithm]['scheme'], undefined>

/** Bytes of the representative that EXTERNAL_MU brings (FIPS 204, algorithm 2). */
export const MU_BYTES = 64

/** The native scheme of a signing algorithm; undefined where the house has none. */
export function schemeOf(algorithm: SigningAlgorithm): NativeScheme | undefined {
  return signatures[algorithm].scheme
}

/** What AWS calls a native scheme; undefined where it has no name for it. */
export function signingAlgorithmOf(scheme: string): SigningAlgorithm | undefined {
  const names = Object.keys(signatures) as SigningAlgorithm[]
  return names.find((name) => signatures[name].scheme === scheme)
}

/** Bytes of a digest for an algorithm; undefined where it signs no digest. */
export function digestBytesOf(algorithm: SigningAlgorithm): number | undefined {
  const row: Signing = signatures[algorithm]
  return row.digestBytes
}

export function messageTypesOf(algorithm: SigningAlgorithm): readonly MessageType[] {
  return signatures[algorithm].messageTypes
}

/** The MAC algorithm of a spec; undefined where it is of no MAC key. */
export function macAlgorithmOf(spec: KeySpec): MacAlgorithm | undefined {
  return macs[spec]
}

const modulusBytes: Partial<Record<KeySpec, number>> = {
  RSA_2048: 256,
  RSA_3072: 384,
  RSA_4096: 512,
}
const paddings = {
  RSAES_OAEP_SHA_1: { padding: 'rsa-oaep-sha-1', hashBytes: 20 },
  RSAES_OAEP_SHA_256: { padding: 'rsa-oaep-sha-256', hashBytes: 32 },
} as const

/** The native padding of an RSA encryption algorithm; undefined where it is of no RSA key. */
export function paddingOf(
  algorithm: EncryptionAlgorithm,
): 'rsa-oaep-sha-1' | 'rsa-oaep-sha-256' | undefined {
  return isPadding(algorithm) ? paddings[algorithm].padding : undefined
}

/** The most bytes that a key encrypts at once: what OAEP leaves of the modulus (RFC 8017 section 7.1.1), or 4,096. */
export function plaintextBytesMax(spec: KeySpec, algorithm: EncryptionAlgorithm): number {
  const bytes = modulusBytes[spec]
  return bytes !== undefined && isPadding(algorithm)
    ? bytes - 2 * paddings[algorithm].hashBytes - 2
    : 4_096
}

function isPadding(algorithm: EncryptionAlgorithm): algorithm is keyof typeof paddings {
  return Object.hasOwn(paddings, algorithm)
}

const wrappings = {
  RSAES_OAEP_SHA_1: 'rsa-oaep-sha-1',
  RSAES_OAEP_SHA_256: 'rsa-oaep-sha-256',
  RSA_AES_KEY_WRAP_SHA_1: 'rsa-oaep-sha-1+aes-256-kwp',
  RSA_AES_KEY_WRAP_SHA_256: 'rsa-oaep-sha-256+aes-256-kwp',
  // AWS no longer takes it (since 10 October 2023), and SM2 is for its regions in China.
  RSAES_PKCS1_V1_5: undefined,
  SM2PKE: undefined,
} as const satisfies Record<WrappingAlgorithm, string | undefined>

export type NativeWrapping = Exclude<(typeof wrappings)[WrappingAlgorithm], undefined>

/** How material for import is wrapped, natively; undefined where the house does not take it. */
export function wrappingOf(algorithm: WrappingAlgorithm): NativeWrapping | undefined {
  return wrappings[algorithm]
}

export function wrappingAlgorithmOf(wrapping: NativeWrapping): WrappingAlgorithm {
  const names = Object.keys(wrappings) as WrappingAlgorithm[]
  const name = names.find((each) => wrappings[each] === wrapping)
  if (name === undefined) throw new TypeError('not a wrapping')
  return name
}

const wrappingBits = { RSA_2048: 2_048, RSA_3072: 3_072, RSA_4096: 4_096, SM2: undefined } as const

/** Bits of the RSA key that material for import is wrapped under; undefined where it is none. */
export function wrappingBitsOf(spec: WrappingKeySpec): 2_048 | 3_072 | 4_096 | undefined {
  return wrappingBits[spec]
}
