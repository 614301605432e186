import * as member from './members.ts'
import { need } from './shapes.ts'

/** Inputs of the operations that use keys. */

const key = { KeyId: need(member.keyId) }
const context = { EncryptionContext: member.encryptionContext }
const recipient = { Recipient: member.recipient }
const modifiers = { DryRunModifiers: member.dryRunModifiers }
const message = { Message: need(member.plaintext) }
const dataKey = {
  ...key,
  ...context,
  NumberOfBytes: member.numberOfBytes,
  KeySpec: member.dataKeySpec,
  ...member.use,
}
const dataKeyPair = {
  ...context,
  ...key,
  KeyPairSpec: need(member.dataKeyPairSpec),
  ...member.use,
}
const encapsulation = {
  EncapsulationAlgorithm: need(member.encapsulationAlgorithm),
  ...member.use,
}

export const useInputs = {
  Decapsulate: {
    ...key,
    SharedSecretCiphertextBlob: need(member.ciphertext),
    ...encapsulation,
  },
  Decrypt: {
    CiphertextBlob: member.ciphertext,
    ...context,
    KeyId: member.keyId,
    EncryptionAlgorithm: member.encryptionAlgorithm,
    ...recipient,
    ...member.use,
    ...modifiers,
  },
  DeriveSharedSecret: {
    ...key,
    KeyAgreementAlgorithm: need(member.keyAgreementAlgorithm),
    PublicKey: need(member.publicKey),
    ...member.use,
    ...recipient,
  },
  Encapsulate: { ...key, ...encapsulation },
  Encrypt: {
    ...key,
    Plaintext: need(member.plaintext),
    ...context,
    EncryptionAlgorithm: member.encryptionAlgorithm,
    ...member.use,
  },
  GenerateDataKey: { ...dataKey, ...recipient },
  GenerateDataKeyPair: { ...dataKeyPair, ...recipient },
  GenerateDataKeyPairWithoutPlaintext: dataKeyPair,
  GenerateDataKeyWithoutPlaintext: dataKey,
  GenerateMac: {
    ...message,
    ...key,
    MacAlgorithm: need(member.macAlgorithm),
    ...member.use,
  },
  GenerateRandom: {
    NumberOfBytes: member.numberOfBytes,
    CustomKeyStoreId: member.customKeyStoreId,
    ...recipient,
  },
  GetPublicKey: { ...key, GrantTokens: member.use.GrantTokens },
  ReEncrypt: {
    CiphertextBlob: member.ciphertext,
    SourceEncryptionContext: member.encryptionContext,
    SourceKeyId: member.keyId,
    DestinationKeyId: need(member.keyId),
    DestinationEncryptionContext: member.encryptionContext,
    SourceEncryptionAlgorithm: member.encryptionAlgorithm,
    DestinationEncryptionAlgorithm: member.encryptionAlgorithm,
    ...member.use,
    ...modifiers,
  },
  Sign: {
    ...key,
    ...message,
    MessageType: member.messageType,
    SigningAlgorithm: need(member.signingAlgorithm),
    ...member.use,
  },
  Verify: {
    ...key,
    ...message,
    MessageType: member.messageType,
    Signature: need(member.ciphertext),
    SigningAlgorithm: need(member.signingAlgorithm),
    ...member.use,
  },
  VerifyMac: {
    ...message,
    ...key,
    MacAlgorithm: need(member.macAlgorithm),
    Mac: need(member.ciphertext),
    ...member.use,
  },
} as const
