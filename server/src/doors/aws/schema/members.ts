import {
  CONTEXT_KEY_LENGTH_MAX,
  CONTEXT_PAIRS_MAX,
  CONTEXT_VALUE_LENGTH_MAX,
  GRANT_TEXT_LENGTH_MAX,
} from '@claviger/contract'
import {
  blob,
  boolean,
  integer,
  list,
  map,
  matching,
  need,
  oneOf,
  structure,
  text,
} from './shapes.ts'

/** Shapes that members of several operations share. */

const RSA = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const
const ECC = ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1'] as const
const HMAC = ['HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512'] as const
const ML_KEM = ['ML_KEM_512', 'ML_KEM_768', 'ML_KEM_1024'] as const

/** The name before 2021 knows no spec of later years. */
export const customerMasterKeySpec = oneOf(...RSA, ...ECC, 'SYMMETRIC_DEFAULT', ...HMAC, 'SM2')
export const keySpec = oneOf(
  ...RSA,
  ...ECC,
  'SYMMETRIC_DEFAULT',
  ...HMAC,
  'SM2',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ECC_NIST_EDWARDS25519',
  ...ML_KEM,
)
export const dataKeyPairSpec = oneOf(...RSA, ...ECC, 'SM2', 'ECC_NIST_EDWARDS25519', ...ML_KEM)
export const wrappingKeySpec = oneOf(...RSA, 'SM2')
export const dataKeySpec = oneOf('AES_256', 'AES_128')
export const keyUsage = oneOf(
  'SIGN_VERIFY',
  'ENCRYPT_DECRYPT',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
)
export const origin = oneOf('AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE')

export const encryptionAlgorithm = oneOf(
  'SYMMETRIC_DEFAULT',
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'SM2PKE',
)
export const signingAlgorithm = oneOf(
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
  'SM2DSA',
  'ML_DSA_SHAKE_256',
  'ED25519_SHA_512',
  'ED25519_PH_SHA_512',
)
export const messageType = oneOf('RAW', 'DIGEST', 'EXTERNAL_MU')
export const macAlgorithm = oneOf('HMAC_SHA_224', 'HMAC_SHA_256', 'HMAC_SHA_384', 'HMAC_SHA_512')
export const keyAgreementAlgorithm = oneOf('ECDH')
export const encapsulationAlgorithm = oneOf('ML_KEM')
export const wrappingAlgorithm = oneOf(
  'RSAES_PKCS1_V1_5',
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'RSA_AES_KEY_WRAP_SHA_1',
  'RSA_AES_KEY_WRAP_SHA_256',
  'SM2PKE',
)
export const expirationModel = oneOf('KEY_MATERIAL_EXPIRES', 'KEY_MATERIAL_DOES_NOT_EXPIRE')
export const importType = oneOf('NEW_KEY_MATERIAL', 'EXISTING_KEY_MATERIAL')

export const keyId = text(1, 2048)
export const aliasName = matching(1, 256, '^[a-zA-Z0-9:/_-]+$')
export const description = text(0, 8192)
export const policy = matching(1, 131_072, String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`)
export const policyName = matching(1, 128, String.raw`[\w]+`)
export const region = matching(1, 32, String.raw`^([a-z]+-){2,3}\d+$`)
export const keyMaterialId = matching(64, 64, '^[a-f0-9]+$')
export const keyMaterialDescription = matching(0, 256, String.raw`^[a-zA-Z0-9:/_\s.-]+$`)

/** Plaintexts, messages and digests. */
export const plaintext = blob(1, 4096)
/** Ciphertexts, signatures, MACs and import tokens. */
export const ciphertext = blob(1, 6144)
export const publicKey = blob(1, 8192)
export const numberOfBytes = integer(1, 1024)

export const tagKey = text(1, 128)
export const tag = structure({ TagKey: need(tagKey), TagValue: need(text(0, 256)) })
export const tags = list(tag)

export const grantId = text(1, 128)
export const grantToken = text(1, 8192)
export const principal = matching(1, 256, String.raw`^[\w+=,.@:/-]+$`)
export const servicePrincipal = matching(
  1,
  128,
  String.raw`^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$`,
)
export const grantOperation = oneOf(
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
)
/** How many pairs a grant asks for is looked at where the grant is made. */
const askedContext = map(CONTEXT_PAIRS_MAX, GRANT_TEXT_LENGTH_MAX, GRANT_TEXT_LENGTH_MAX)
export const grantConstraints = structure({
  EncryptionContextSubset: askedContext,
  EncryptionContextEquals: askedContext,
  SourceArn: matching(20, 512, '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$'),
})

export const customKeyStoreId = text(1, 64)
export const customKeyStoreName = text(1, 256)

export const encryptionContext = map(
  CONTEXT_PAIRS_MAX,
  CONTEXT_KEY_LENGTH_MAX,
  CONTEXT_VALUE_LENGTH_MAX,
)
/** What uses of keys have in common. */
export const use = { GrantTokens: list(grantToken, { min: 0, max: 10 }), DryRun: boolean }
/** For an enclave that attests itself. */
export const recipient = structure({
  KeyEncryptionAlgorithm: oneOf('RSAES_OAEP_SHA_256'),
  AttestationDocument: blob(1, 262_144),
})
export const dryRunModifiers = list(oneOf('IGNORE_CIPHERTEXT'))
/** Members of operations that list. */
export const page = {
  Limit: integer(1, 1000),
  Marker: matching(1, 1024, String.raw`[\u0020-\u00FF]*`),
}
