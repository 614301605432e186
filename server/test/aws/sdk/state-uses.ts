import { generateKeyPairSync } from 'node:crypto'
import type { CreateKeyRequest, KMS } from '@aws-sdk/client-kms'
import type { MadeKey } from './keys-in-states.ts'
import { ownArn, use, type StateRow } from './state-row.ts'

/** The operations that use keys: all of them take keys in the same states. */

const signing: CreateKeyRequest = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }
const mac: CreateKeyRequest = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }
const agreement: CreateKeyRequest = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }
const encapsulating: CreateKeyRequest = {
  KeySpec: 'ML_KEM_768',
  KeyUsage: 'ENCAPSULATE_DECAPSULATE',
}
const Plaintext = Buffer.from('the payroll')
const Message = Plaintext
const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  type: 'spki',
  format: 'der',
})

/** A blob of the key, or of another where the key never had material. */
async function blobOf(kms: KMS, { id }: MadeKey): Promise<Uint8Array | undefined> {
  return (await kms.encrypt({ KeyId: id, Plaintext })).CiphertextBlob
}

export const uses: readonly StateRow[] = [
  { operation: 'Encrypt', told: use, ask: (kms, KeyId) => kms.encrypt({ KeyId, Plaintext }) },
  {
    operation: 'Decrypt',
    told: use,
    prepare: blobOf,
    ask: (kms, KeyId, blob) => kms.decrypt({ KeyId, CiphertextBlob: blob as Uint8Array }),
  },
  {
    operation: 'ReEncrypt',
    told: use,
    prepare: blobOf,
    ask: (kms, KeyId, blob) =>
      kms.reEncrypt({
        SourceKeyId: KeyId,
        DestinationKeyId: KeyId,
        CiphertextBlob: blob as Uint8Array,
      }),
  },
  {
    operation: 'GenerateDataKey',
    told: use,
    ask: (kms, KeyId) => kms.generateDataKey({ KeyId, KeySpec: 'AES_256' }),
  },
  {
    operation: 'GenerateDataKeyWithoutPlaintext',
    told: use,
    ask: (kms, KeyId) => kms.generateDataKeyWithoutPlaintext({ KeyId, KeySpec: 'AES_256' }),
  },
  {
    operation: 'GenerateDataKeyPair',
    told: use,
    ask: (kms, KeyId) => kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
  },
  {
    operation: 'GenerateDataKeyPairWithoutPlaintext',
    told: use,
    ask: (kms, KeyId) =>
      kms.generateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
  },
  {
    operation: 'Sign',
    key: signing,
    told: use,
    ask: (kms, KeyId) => kms.sign({ KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_256' }),
  },
  {
    operation: 'Verify',
    key: signing,
    told: use,
    prepare: async (kms, { id }) =>
      (await kms.sign({ KeyId: id, Message, SigningAlgorithm: 'ECDSA_SHA_256' })).Signature,
    ask: (kms, KeyId, signature) =>
      kms.verify({
        KeyId,
        Message,
        SigningAlgorithm: 'ECDSA_SHA_256',
        Signature: signature as Uint8Array,
      }),
  },
  {
    operation: 'GetPublicKey',
    key: signing,
    told: use,
    ask: (kms, KeyId) => kms.getPublicKey({ KeyId }),
  },
  {
    operation: 'GenerateMac',
    key: mac,
    told: use,
    ask: (kms, KeyId) => kms.generateMac({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_256' }),
  },
  {
    operation: 'VerifyMac',
    key: mac,
    told: use,
    prepare: async (kms, { id }) =>
      (await kms.generateMac({ KeyId: id, Message, MacAlgorithm: 'HMAC_SHA_256' })).Mac,
    ask: (kms, KeyId, code) =>
      kms.verifyMac({
        KeyId,
        Message,
        MacAlgorithm: 'HMAC_SHA_256',
        Mac: code as Uint8Array,
      }),
  },
  {
    operation: 'DeriveSharedSecret',
    key: agreement,
    told: use,
    ask: (kms, KeyId) =>
      kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: peer }),
  },
  {
    operation: 'Encapsulate',
    key: encapsulating,
    told: use,
    ask: (kms, KeyId) => kms.encapsulate({ KeyId, EncapsulationAlgorithm: 'ML_KEM' }),
  },
  {
    operation: 'Decapsulate',
    key: encapsulating,
    told: use,
    prepare: async (kms, { id }) =>
      (await kms.encapsulate({ KeyId: id, EncapsulationAlgorithm: 'ML_KEM' }))
        .SharedSecretCiphertextBlob,
    ask: (kms, KeyId, blob) =>
      kms.decapsulate({
        KeyId,
        EncapsulationAlgorithm: 'ML_KEM',
        SharedSecretCiphertextBlob: blob as Uint8Array,
      }),
  },
  {
    operation: 'CreateGrant',
    told: use,
    ask: (kms, KeyId) =>
      kms.createGrant({
        KeyId,
        GranteePrincipal: ownArn(kms),
        Operations: ['DescribeKey'],
      }),
  },
]
