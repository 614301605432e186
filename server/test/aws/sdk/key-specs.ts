import type {
  EncryptionAlgorithmSpec,
  KeySpec,
  KeyUsageType,
  MacAlgorithmSpec,
  MessageType,
  SigningAlgorithmSpec,
} from '@aws-sdk/client-kms'

/** What AWS documents of its key specs, written down apart from the door's own tables. */

/** The specs, SM2 aside, which AWS has in China only. */
export type Spec = Exclude<KeySpec, 'SM2'>

interface Signing {
  readonly algorithm: SigningAlgorithmSpec
  readonly types: readonly MessageType[]
  /** Of its digest. */
  readonly hash?: 'sha256' | 'sha384' | 'sha512'
}

export interface SpecRow {
  readonly spec: Spec
  readonly usage: KeyUsageType
  readonly encryption?: readonly EncryptionAlgorithmSpec[]
  readonly signing?: readonly Signing[]
  readonly mac?: MacAlgorithmSpec
}

const both = ['RAW', 'DIGEST'] as const
const ecdsa = (hash: 'sha256' | 'sha384' | 'sha512'): readonly Signing[] => [
  { algorithm: `ECDSA_SHA_${digits(hash)}`, types: both, hash },
]
const hashes = ['sha256', 'sha384', 'sha512'] as const
const rsa: readonly Signing[] = [
  ...hashes.map((hash): Signing => ({
    algorithm: `RSASSA_PKCS1_V1_5_SHA_${digits(hash)}`,
    types: both,
    hash,
  })),
  ...hashes.map((hash): Signing => ({
    algorithm: `RSASSA_PSS_SHA_${digits(hash)}`,
    types: both,
    hash,
  })),
]

function digits(hash: (typeof hashes)[number]): '256' | '384' | '512' {
  return hash.slice(3) as '256' | '384' | '512'
}

const SIGN = 'SIGN_VERIFY'
const oaep = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] as const
const mlDsa: readonly Signing[] = [{ algorithm: 'ML_DSA_SHAKE_256', types: ['RAW', 'EXTERNAL_MU'] }]

export const specRows: readonly SpecRow[] = [
  { spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', encryption: ['SYMMETRIC_DEFAULT'] },
  { spec: 'HMAC_224', usage: 'GENERATE_VERIFY_MAC', mac: 'HMAC_SHA_224' },
  { spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC', mac: 'HMAC_SHA_256' },
  { spec: 'HMAC_384', usage: 'GENERATE_VERIFY_MAC', mac: 'HMAC_SHA_384' },
  { spec: 'HMAC_512', usage: 'GENERATE_VERIFY_MAC', mac: 'HMAC_SHA_512' },
  { spec: 'RSA_2048', usage: 'ENCRYPT_DECRYPT', encryption: oaep },
  { spec: 'RSA_2048', usage: SIGN, signing: rsa },
  { spec: 'RSA_3072', usage: 'ENCRYPT_DECRYPT', encryption: oaep },
  { spec: 'RSA_3072', usage: SIGN, signing: rsa },
  { spec: 'RSA_4096', usage: 'ENCRYPT_DECRYPT', encryption: oaep },
  { spec: 'RSA_4096', usage: SIGN, signing: rsa },
  { spec: 'ECC_NIST_P256', usage: SIGN, signing: ecdsa('sha256') },
  { spec: 'ECC_NIST_P256', usage: 'KEY_AGREEMENT' },
  { spec: 'ECC_NIST_P384', usage: SIGN, signing: ecdsa('sha384') },
  { spec: 'ECC_NIST_P384', usage: 'KEY_AGREEMENT' },
  { spec: 'ECC_NIST_P521', usage: SIGN, signing: ecdsa('sha512') },
  { spec: 'ECC_NIST_P521', usage: 'KEY_AGREEMENT' },
  { spec: 'ECC_SECG_P256K1', usage: SIGN, signing: ecdsa('sha256') },
  {
    spec: 'ECC_NIST_EDWARDS25519',
    usage: SIGN,
    signing: [
      { algorithm: 'ED25519_SHA_512', types: ['RAW'] },
      { algorithm: 'ED25519_PH_SHA_512', types: ['DIGEST'], hash: 'sha512' },
    ],
  },
  { spec: 'ML_DSA_44', usage: SIGN, signing: mlDsa },
  { spec: 'ML_DSA_65', usage: SIGN, signing: mlDsa },
  { spec: 'ML_DSA_87', usage: SIGN, signing: mlDsa },
  { spec: 'ML_KEM_512', usage: 'ENCAPSULATE_DECAPSULATE' },
  { spec: 'ML_KEM_768', usage: 'ENCAPSULATE_DECAPSULATE' },
  { spec: 'ML_KEM_1024', usage: 'ENCAPSULATE_DECAPSULATE' },
]

export const keyUsages: readonly KeyUsageType[] = [
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
]

/** What DescribeKey and GetPublicKey list of a key, in AWS's order. */
export function listsOf({ usage, encryption, signing, mac }: SpecRow) {
  return {
    ...(encryption === undefined ? {} : { EncryptionAlgorithms: encryption }),
    ...(signing === undefined
      ? {}
      : { SigningAlgorithms: signing.map(({ algorithm }) => algorithm) }),
    ...(mac === undefined ? {} : { MacAlgorithms: [mac] }),
    ...(usage === 'KEY_AGREEMENT' ? { KeyAgreementAlgorithms: ['ECDH'] } : {}),
    ...(usage === 'ENCAPSULATE_DECAPSULATE' ? { EncapsulationAlgorithms: ['ML_KEM'] } : {}),
  }
}

export function isAsymmetric({ spec }: SpecRow): boolean {
  return !/^(SYMMETRIC|HMAC)_/.test(spec)
}
