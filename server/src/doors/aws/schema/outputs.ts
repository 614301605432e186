import { grantConstraints } from './members.ts'
import { boolean, bytes, epoch, list, number, string, structure } from './shapes.ts'

/** Outputs: only JSON types, since what is answered is ours. An operation that is not here answers with an empty body. */

const key = { KeyId: string }
const material = { KeyId: string, KeyMaterialId: string }
const more = { NextMarker: string, Truncated: boolean }
const strings = list(string)
const sharedSecret = { KeyId: string, SharedSecret: bytes }
const tags = list(structure({ TagKey: string, TagValue: string }))
const multiRegionKey = structure({ Arn: string, Region: string })

const algorithms = {
  EncryptionAlgorithms: strings,
  SigningAlgorithms: strings,
  KeyAgreementAlgorithms: strings,
  EncapsulationAlgorithms: strings,
}

const keyMetadata = structure({
  AWSAccountId: string,
  KeyId: string,
  Arn: string,
  CreationDate: epoch,
  Enabled: boolean,
  Description: string,
  KeyUsage: string,
  KeyState: string,
  DeletionDate: epoch,
  ValidTo: epoch,
  Origin: string,
  ExpirationModel: string,
  KeyManager: string,
  CustomerMasterKeySpec: string,
  KeySpec: string,
  ...algorithms,
  MacAlgorithms: strings,
  MultiRegion: boolean,
  MultiRegionConfiguration: structure({
    MultiRegionKeyType: string,
    PrimaryKey: multiRegionKey,
    ReplicaKeys: list(multiRegionKey),
  }),
  PendingDeletionWindowInDays: number,
  CurrentKeyMaterialId: string,
})

const grants = {
  Grants: list(
    structure({
      KeyId: string,
      GrantId: string,
      Name: string,
      CreationDate: epoch,
      GranteePrincipal: string,
      RetiringPrincipal: string,
      IssuingAccount: string,
      Operations: strings,
      Constraints: grantConstraints,
      GranteeServicePrincipal: string,
      RetiringServicePrincipal: string,
    }),
  ),
  ...more,
}

const pairWithoutPlaintext = {
  PrivateKeyCiphertextBlob: bytes,
  PublicKey: bytes,
  KeyId: string,
  KeyPairSpec: string,
  KeyMaterialId: string,
}

export const outputs = {
  CancelKeyDeletion: key,
  ConnectCustomKeyStore: {},
  CreateCustomKeyStore: { CustomKeyStoreId: string },
  CreateGrant: { GrantToken: string, GrantId: string },
  CreateKey: { KeyMetadata: keyMetadata },
  Decapsulate: { ...sharedSecret, EncapsulationAlgorithm: string },
  Decrypt: {
    KeyId: string,
    Plaintext: bytes,
    EncryptionAlgorithm: string,
    CiphertextForRecipient: bytes,
    KeyMaterialId: string,
  },
  DeleteCustomKeyStore: {},
  DeleteImportedKeyMaterial: material,
  DeriveSharedSecret: {
    ...sharedSecret,
    CiphertextForRecipient: bytes,
    KeyAgreementAlgorithm: string,
    KeyOrigin: string,
  },
  DescribeCustomKeyStores: { CustomKeyStores: list(structure({})), ...more },
  DescribeKey: { KeyMetadata: keyMetadata },
  DisconnectCustomKeyStore: {},
  Encapsulate: {
    ...sharedSecret,
    SharedSecretCiphertextBlob: bytes,
    EncapsulationAlgorithm: string,
  },
  Encrypt: { CiphertextBlob: bytes, KeyId: string, EncryptionAlgorithm: string },
  GenerateDataKey: {
    CiphertextBlob: bytes,
    Plaintext: bytes,
    KeyId: string,
    CiphertextForRecipient: bytes,
    KeyMaterialId: string,
  },
  GenerateDataKeyPair: {
    ...pairWithoutPlaintext,
    PrivateKeyPlaintext: bytes,
    CiphertextForRecipient: bytes,
  },
  GenerateDataKeyPairWithoutPlaintext: pairWithoutPlaintext,
  GenerateDataKeyWithoutPlaintext: { CiphertextBlob: bytes, KeyId: string, KeyMaterialId: string },
  GenerateMac: { Mac: bytes, MacAlgorithm: string, KeyId: string },
  GenerateRandom: { Plaintext: bytes, CiphertextForRecipient: bytes },
  GetKeyLastUsage: {
    KeyId: string,
    KeyLastUsage: structure({
      Operation: string,
      Timestamp: epoch,
      CloudTrailEventId: string,
      KmsRequestId: string,
    }),
    TrackingStartDate: epoch,
    KeyCreationDate: epoch,
  },
  GetKeyPolicy: { Policy: string, PolicyName: string },
  GetKeyRotationStatus: {
    KeyRotationEnabled: boolean,
    KeyId: string,
    RotationPeriodInDays: number,
    NextRotationDate: epoch,
    OnDemandRotationStartDate: epoch,
  },
  GetParametersForImport: {
    KeyId: string,
    ImportToken: bytes,
    PublicKey: bytes,
    ParametersValidTo: epoch,
  },
  GetPublicKey: {
    KeyId: string,
    PublicKey: bytes,
    CustomerMasterKeySpec: string,
    KeySpec: string,
    KeyUsage: string,
    ...algorithms,
  },
  ImportKeyMaterial: material,
  ListAliases: {
    Aliases: list(
      structure({
        AliasName: string,
        AliasArn: string,
        TargetKeyId: string,
        CreationDate: epoch,
        LastUpdatedDate: epoch,
      }),
    ),
    ...more,
  },
  ListGrants: grants,
  ListKeyPolicies: { PolicyNames: strings, ...more },
  ListKeyRotations: {
    Rotations: list(
      structure({
        KeyId: string,
        KeyMaterialId: string,
        KeyMaterialDescription: string,
        ImportState: string,
        KeyMaterialState: string,
        ExpirationModel: string,
        ValidTo: epoch,
        RotationDate: epoch,
        RotationType: string,
      }),
    ),
    ...more,
  },
  ListKeys: { Keys: list(structure({ KeyId: string, KeyArn: string })), ...more },
  ListResourceTags: { Tags: tags, ...more },
  ListRetirableGrants: grants,
  ReEncrypt: {
    CiphertextBlob: bytes,
    SourceKeyId: string,
    KeyId: string,
    SourceEncryptionAlgorithm: string,
    DestinationEncryptionAlgorithm: string,
    SourceKeyMaterialId: string,
    DestinationKeyMaterialId: string,
  },
  ReplicateKey: { ReplicaKeyMetadata: keyMetadata, ReplicaPolicy: string, ReplicaTags: tags },
  RotateKeyOnDemand: key,
  ScheduleKeyDeletion: {
    KeyId: string,
    DeletionDate: epoch,
    KeyState: string,
    PendingWindowInDays: number,
  },
  Sign: { KeyId: string, Signature: bytes, SigningAlgorithm: string },
  UpdateCustomKeyStore: {},
  Verify: { KeyId: string, SignatureValid: boolean, SigningAlgorithm: string },
  VerifyMac: { KeyId: string, MacValid: boolean, MacAlgorithm: string },
} as const
