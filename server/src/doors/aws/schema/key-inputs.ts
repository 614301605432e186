import * as member from './members.ts'
import { boolean, epoch, integer, list, matching, need, oneOf } from './shapes.ts'

/** Inputs of the operations on keys themselves: their life, material, rotation and tags. */

const key = { KeyId: need(member.keyId) }
const lockout = { BypassPolicyLockoutSafetyCheck: boolean }

export const keyInputs = {
  CancelKeyDeletion: key,
  CreateKey: {
    Policy: member.policy,
    Description: member.description,
    KeyUsage: member.keyUsage,
    CustomerMasterKeySpec: member.customerMasterKeySpec,
    KeySpec: member.keySpec,
    Origin: member.origin,
    CustomKeyStoreId: member.customKeyStoreId,
    ...lockout,
    Tags: member.tags,
    MultiRegion: boolean,
    XksKeyId: matching(1, 128, '^[a-zA-Z0-9-_.]+$'),
  },
  DeleteImportedKeyMaterial: { ...key, KeyMaterialId: member.keyMaterialId },
  DescribeKey: { ...key, GrantTokens: member.use.GrantTokens },
  DisableKey: key,
  DisableKeyRotation: key,
  EnableKey: key,
  EnableKeyRotation: { ...key, RotationPeriodInDays: integer(90, 2560) },
  GetKeyLastUsage: key,
  GetKeyPolicy: { ...key, PolicyName: member.policyName },
  GetKeyRotationStatus: key,
  GetParametersForImport: {
    ...key,
    WrappingAlgorithm: need(member.wrappingAlgorithm),
    WrappingKeySpec: need(member.wrappingKeySpec),
  },
  ImportKeyMaterial: {
    ...key,
    ImportToken: need(member.ciphertext),
    EncryptedKeyMaterial: need(member.ciphertext),
    ValidTo: epoch,
    ExpirationModel: member.expirationModel,
    ImportType: member.importType,
    KeyMaterialDescription: member.keyMaterialDescription,
    KeyMaterialId: member.keyMaterialId,
  },
  ListKeyPolicies: { ...key, ...member.page },
  ListKeyRotations: {
    ...key,
    IncludeKeyMaterial: oneOf('ALL_KEY_MATERIAL', 'ROTATIONS_ONLY'),
    ...member.page,
  },
  ListKeys: {
    ...member.page,
    ResourceOwners: list(oneOf('SELF', 'OTHER_ACCOUNTS_VIA_RAM'), { min: 1, max: 2 }),
  },
  ListResourceTags: { ...key, ...member.page },
  PutKeyPolicy: {
    ...key,
    PolicyName: member.policyName,
    Policy: need(member.policy),
    ...lockout,
  },
  ReplicateKey: {
    ...key,
    ReplicaRegion: need(member.region),
    Policy: member.policy,
    ...lockout,
    Description: member.description,
    Tags: member.tags,
  },
  RotateKeyOnDemand: key,
  // The shape goes to 365; that AWS takes 7 to 30 days is said by the operation.
  ScheduleKeyDeletion: { ...key, PendingWindowInDays: integer(1, 365) },
  TagResource: { ...key, Tags: need(member.tags) },
  UntagResource: { ...key, TagKeys: need(list(member.tagKey)) },
  UpdateKeyDescription: { ...key, Description: need(member.description) },
  UpdatePrimaryRegion: { ...key, PrimaryRegion: need(member.region) },
} as const
