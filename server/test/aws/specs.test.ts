import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signatureSchemes } from '@claviger/contract'
import {
  algorithmLists,
  algorithmOf,
  assertCompatible,
  dataKeyBytes,
  digestBytesOf,
  keySpecOf,
  keyUsageOf,
  macAlgorithmOf,
  messageTypesOf,
  MU_BYTES,
  nativeUsageOf,
  paddingOf,
  plaintextBytesMax,
  schemeOf,
  signingAlgorithmOf,
  usageForNewKey,
  wrappingAlgorithmOf,
  wrappingBitsOf,
  wrappingOf,
  type KeySpec,
  type KeyUsage,
  type SigningAlgorithm,
} from '#aws'
import { algorithms } from '#crypto'
import { refusal } from './refusal.ts'

/** Names of AWS and names of the house. */

const usages = [
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
] as const

/** Spec, native algorithm, usages. */
const table: readonly (readonly [KeySpec, string, ...KeyUsage[]])[] = [
  ['SYMMETRIC_DEFAULT', 'AES-256-GCM', 'ENCRYPT_DECRYPT'],
  ['HMAC_224', 'HMAC-SHA-224', 'GENERATE_VERIFY_MAC'],
  ['HMAC_256', 'HMAC-SHA-256', 'GENERATE_VERIFY_MAC'],
  ['HMAC_384', 'HMAC-SHA-384', 'GENERATE_VERIFY_MAC'],
  ['HMAC_512', 'HMAC-SHA-512', 'GENERATE_VERIFY_MAC'],
  ['RSA_2048', 'RSA-2048', 'ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  ['RSA_3072', 'RSA-3072', 'ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  ['RSA_4096', 'RSA-4096', 'ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  ['ECC_NIST_P256', 'P-256', 'SIGN_VERIFY', 'KEY_AGREEMENT'],
  ['ECC_NIST_P384', 'P-384', 'SIGN_VERIFY', 'KEY_AGREEMENT'],
  ['ECC_NIST_P521', 'P-521', 'SIGN_VERIFY', 'KEY_AGREEMENT'],
  ['ECC_SECG_P256K1', 'secp256k1', 'SIGN_VERIFY'],
  ['ECC_NIST_EDWARDS25519', 'Ed25519', 'SIGN_VERIFY'],
  ['ML_DSA_44', 'ML-DSA-44', 'SIGN_VERIFY'],
  ['ML_DSA_65', 'ML-DSA-65', 'SIGN_VERIFY'],
  ['ML_DSA_87', 'ML-DSA-87', 'SIGN_VERIFY'],
  ['ML_KEM_512', 'ML-KEM-512', 'ENCAPSULATE_DECAPSULATE'],
  ['ML_KEM_768', 'ML-KEM-768', 'ENCAPSULATE_DECAPSULATE'],
  ['ML_KEM_1024', 'ML-KEM-1024', 'ENCAPSULATE_DECAPSULATE'],
]

test('specs are algorithms, with the usages they allow', () => {
  for (const [spec, algorithm, ...allowed] of table) {
    assert.deepEqual([algorithmOf(spec), keySpecOf(algorithm)], [algorithm, spec])
    for (const usage of usages) {
      if (allowed.includes(usage)) assert.equal(usageForNewKey(spec, usage), usage)
      else {
        const { type, message } = refusal(() => usageForNewKey(spec, usage))
        assert.deepEqual(
          [type, message],
          ['ValidationException', `KeyUsage ${usage} is not compatible with KeySpec ${spec}`],
        )
      }
    }
    if (spec === 'SYMMETRIC_DEFAULT') {
      assert.equal(usageForNewKey(spec, undefined), 'ENCRYPT_DECRYPT')
    } else {
      assert.equal(
        refusal(() => usageForNewKey(spec, undefined)).message,
        'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
      )
    }
  }
  assert.equal(algorithmOf('SM2'), undefined)
})

test('every algorithm of the house is shown as it should be', () => {
  for (const { name, family, usages: native } of algorithms) {
    const spec = keySpecOf(name)
    if (family === 'aead') assert.equal(spec, 'SYMMETRIC_DEFAULT', name)
    else if (family === 'montgomery' || family === 'slh-dsa') assert.equal(spec, undefined, name)
    else {
      assert.ok(spec !== undefined, name)
      for (const usage of native) assert.ok(usageForNewKey(spec, keyUsageOf(usage)))
    }
  }
  assert.equal(keySpecOf('toString'), undefined)
})

test('usages', () => {
  assert.deepEqual(usages.map(nativeUsageOf), ['encrypt', 'sign', 'mac', 'agree', 'encapsulate'])
  for (const usage of usages) assert.equal(keyUsageOf(nativeUsageOf(usage)), usage)
})

const rsa = [
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
]

test('lists of algorithms, in AWS order', () => {
  const lists: readonly (readonly [KeySpec, KeyUsage, object])[] = [
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] }],
    [
      'RSA_3072',
      'ENCRYPT_DECRYPT',
      { EncryptionAlgorithms: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] },
    ],
    ['RSA_4096', 'SIGN_VERIFY', { SigningAlgorithms: rsa }],
    ['ECC_NIST_P256', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_256'] }],
    ['ECC_SECG_P256K1', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_256'] }],
    ['ECC_NIST_P384', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_384'] }],
    ['ECC_NIST_P521', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_512'] }],
    ['ECC_NIST_P521', 'KEY_AGREEMENT', { KeyAgreementAlgorithms: ['ECDH'] }],
    [
      'ECC_NIST_EDWARDS25519',
      'SIGN_VERIFY',
      { SigningAlgorithms: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
    ],
    ['ML_DSA_65', 'SIGN_VERIFY', { SigningAlgorithms: ['ML_DSA_SHAKE_256'] }],
    ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', { EncapsulationAlgorithms: ['ML_KEM'] }],
    ['HMAC_224', 'GENERATE_VERIFY_MAC', { MacAlgorithms: ['HMAC_SHA_224'] }],
  ]
  for (const [spec, usage, expected] of lists)
    assert.deepEqual(algorithmLists(spec, usage), expected)
  // No usage that a spec allows is left without an algorithm.
  for (const [spec, , ...allowed] of table) {
    for (const usage of allowed)
      assert.ok(Object.values(algorithmLists(spec, usage)).flat().length > 0, spec)
  }
})

test('an algorithm that a spec does not know', () => {
  assertCompatible('ECDSA_SHA_384', 'ECC_NIST_P384', 'SIGN_VERIFY')
  const { type, message } = refusal(() => {
    assertCompatible('HMAC_SHA_256', 'HMAC_224', 'GENERATE_VERIFY_MAC')
  })
  assert.deepEqual(
    [type, message],
    ['InvalidKeyUsageException', 'Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.'],
  )
})

test('signing algorithms are schemes, with what they sign', () => {
  const hashed = ['RAW', 'DIGEST']
  const rows: readonly (readonly [SigningAlgorithm, string, number | undefined, string[]])[] = [
    ['RSASSA_PSS_SHA_256', 'rsa-pss-sha-256', 32, hashed],
    ['RSASSA_PSS_SHA_384', 'rsa-pss-sha-384', 48, hashed],
    ['RSASSA_PSS_SHA_512', 'rsa-pss-sha-512', 64, hashed],
    ['RSASSA_PKCS1_V1_5_SHA_256', 'rsa-pkcs1-sha-256', 32, hashed],
    ['RSASSA_PKCS1_V1_5_SHA_384', 'rsa-pkcs1-sha-384', 48, hashed],
    ['RSASSA_PKCS1_V1_5_SHA_512', 'rsa-pkcs1-sha-512', 64, hashed],
    ['ECDSA_SHA_256', 'ecdsa-sha-256', 32, hashed],
    ['ECDSA_SHA_384', 'ecdsa-sha-384', 48, hashed],
    ['ECDSA_SHA_512', 'ecdsa-sha-512', 64, hashed],
    ['ED25519_SHA_512', 'ed25519', undefined, ['RAW']],
    ['ED25519_PH_SHA_512', 'ed25519ph', 64, ['DIGEST']],
    ['ML_DSA_SHAKE_256', 'ml-dsa', undefined, ['RAW', 'EXTERNAL_MU']],
  ]
  for (const [algorithm, scheme, bytes, types] of rows) {
    assert.equal(schemeOf(algorithm), scheme)
    assert.equal(signingAlgorithmOf(scheme), algorithm)
    assert.equal(digestBytesOf(algorithm), bytes)
    assert.deepEqual(messageTypesOf(algorithm), types)
  }
  assert.equal(schemeOf('SM2DSA'), undefined)
  assert.equal(MU_BYTES, 64)
  // Only what AWS has no name for is not in the table.
  const named = new Set(rows.map(([, scheme]) => scheme))
  const nameless = signatureSchemes.filter((scheme) => !named.has(scheme))
  assert.deepEqual(nameless, ['slh-dsa'])
  assert.equal(signingAlgorithmOf('slh-dsa'), undefined)
})

test('what RSA takes at most', () => {
  const limits: readonly (readonly [KeySpec, number, number])[] = [
    ['RSA_2048', 214, 190],
    ['RSA_3072', 342, 318],
    ['RSA_4096', 470, 446],
  ]
  for (const [spec, sha1, sha256] of limits) {
    assert.equal(plaintextBytesMax(spec, 'RSAES_OAEP_SHA_1'), sha1)
    assert.equal(plaintextBytesMax(spec, 'RSAES_OAEP_SHA_256'), sha256)
  }
  assert.equal(plaintextBytesMax('SYMMETRIC_DEFAULT', 'SYMMETRIC_DEFAULT'), 4_096)
  assert.equal(paddingOf('RSAES_OAEP_SHA_1'), 'rsa-oaep-sha-1')
  assert.equal(paddingOf('RSAES_OAEP_SHA_256'), 'rsa-oaep-sha-256')
  assert.equal(paddingOf('SYMMETRIC_DEFAULT'), undefined)
})

test('MACs, data keys and wrappings', () => {
  assert.equal(macAlgorithmOf('HMAC_512'), 'HMAC_SHA_512')
  assert.equal(macAlgorithmOf('RSA_2048'), undefined)
  assert.deepEqual(dataKeyBytes, { AES_256: 32, AES_128: 16 })
  const wrappings = [
    ['RSAES_OAEP_SHA_1', 'rsa-oaep-sha-1'],
    ['RSAES_OAEP_SHA_256', 'rsa-oaep-sha-256'],
    ['RSA_AES_KEY_WRAP_SHA_1', 'rsa-oaep-sha-1+aes-256-kwp'],
    ['RSA_AES_KEY_WRAP_SHA_256', 'rsa-oaep-sha-256+aes-256-kwp'],
  ] as const
  for (const [algorithm, wrapping] of wrappings) {
    assert.equal(wrappingOf(algorithm), wrapping)
    assert.equal(wrappingAlgorithmOf(wrapping), algorithm)
  }
  assert.equal(wrappingOf('RSAES_PKCS1_V1_5'), undefined)
  assert.deepEqual((['RSA_2048', 'RSA_3072', 'RSA_4096', 'SM2'] as const).map(wrappingBitsOf), [
    2_048,
    3_072,
    4_096,
    undefined,
  ])
})
