import { macAlgorithmOf, paddingOf } from '#model'
import { incompatibleAlgorithm } from './failures.ts'
import type * as member from './schema/members.ts'
import type { ValueOf } from './schema/shapes.ts'
import type { KeySpec, KeyUsage } from './specs.ts'

/** What keys do their work with, in AWS's names. Those of the house stand beside them in the model, where key policies find them too. */
export {
  macAlgorithmOf,
  paddingOf,
  schemeOf,
  signingAlgorithmOf,
  wrappingAlgorithmOf,
  wrappingOf,
  type NativeScheme,
} from '#model'

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
      const mac = macAlgorithmOf(spec)
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
  const known = compatible.getOrInsertComputed(
    `${spec} ${usage}`,
    () => new Set<string>(Object.values(algorithmLists(spec, usage)).flat()),
  )
  if (!known.has(algorithm)) throw incompatibleAlgorithm(algorithm, spec)
}

/** By spec and usage, put together when it is first asked for. */
const compatible = new Map<string, ReadonlySet<string>>()

interface Signing {
  /** Bytes of a digest, where one can be signed. */
  readonly digestBytes?: number
  readonly messageTypes: readonly MessageType[]
}

function hashed(digestBytes: 32 | 48 | 64): Signing {
  return { digestBytes, messageTypes: ['RAW', 'DIGEST'] }
}

const signatures: Readonly<Record<SigningAlgorithm, Signing>> = {
  RSASSA_PSS_SHA_256: hashed(32),
  RSASSA_PSS_SHA_384: hashed(48),
  RSASSA_PSS_SHA_512: hashed(64),
  RSASSA_PKCS1_V1_5_SHA_256: hashed(32),
  RSASSA_PKCS1_V1_5_SHA_384: hashed(48),
  RSASSA_PKCS1_V1_5_SHA_512: hashed(64),
  ECDSA_SHA_256: hashed(32),
  ECDSA_SHA_384: hashed(48),
  ECDSA_SHA_512: hashed(64),
  SM2DSA: hashed(32),
  ML_DSA_SHAKE_256: { messageTypes: ['RAW', 'EXTERNAL_MU'] },
  // RFC 8032 section 5.1: pure Ed25519 signs messages, Ed25519ph their SHA-512.
  ED25519_SHA_512: { messageTypes: ['RAW'] },
  ED25519_PH_SHA_512: { digestBytes: 64, messageTypes: ['DIGEST'] },
}

/** Bytes of the representative that EXTERNAL_MU brings (FIPS 204, algorithm 2). */
export const MU_BYTES = 64

/** Bytes of a digest for an algorithm; undefined where it signs no digest. */
export function digestBytesOf(algorithm: SigningAlgorithm): number | undefined {
  return signatures[algorithm].digestBytes
}

export function messageTypesOf(algorithm: SigningAlgorithm): readonly MessageType[] {
  return signatures[algorithm].messageTypes
}

const modulusBytes: Partial<Record<KeySpec, number>> = {
  RSA_2048: 256,
  RSA_3072: 384,
  RSA_4096: 512,
}
const hashBytes = { 'rsa-oaep-sha-1': 20, 'rsa-oaep-sha-256': 32 } as const

/** The most bytes that a key encrypts at once: what OAEP leaves of the modulus (RFC 8017 section 7.1.1), or 4,096. */
export function plaintextBytesMax(spec: KeySpec, algorithm: EncryptionAlgorithm): number {
  const bytes = modulusBytes[spec]
  const padding = paddingOf(algorithm)
  return bytes !== undefined && padding !== undefined ? bytes - 2 * hashBytes[padding] - 2 : 4_096
}

const wrappingBits = { RSA_2048: 2_048, RSA_3072: 3_072, RSA_4096: 4_096, SM2: undefined } as const

/** Bits of the RSA key that material for import is wrapped under; undefined where it is none. */
export function wrappingBitsOf(spec: WrappingKeySpec): 2_048 | 3_072 | 4_096 | undefined {
  return wrappingBits[spec]
}
