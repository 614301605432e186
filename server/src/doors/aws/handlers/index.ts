import { AwsException } from '../exceptions.ts'
import type { AwsOperation } from '../members.ts'
import { createAlias, deleteAlias, listAliases, updateAlias } from './aliases.ts'
import * as dataKeys from './data-keys.ts'
import { decrypt, encrypt, reEncrypt } from './encryption.ts'
import { handler, type AnyHandler } from './handler.ts'
import * as keys from './keys.ts'
import * as material from './material.ts'
import { pageOf } from './paging.ts'
import * as policies from './policies.ts'
import * as rotation from './rotation.ts'
import * as secrets from './secrets.ts'
import { sign, verify } from './signing.ts'
import * as states from './states.ts'
import { listResourceTags, tagResource, untagResource } from './tags.ts'

/** There are none, which whoever has a good credential may know. */
const describeCustomKeyStores = handler<'DescribeCustomKeyStores', 'whoami'>({
  native: 'whoami',
  input(input) {
    pageOf(input, 1_000, 1_000)
    const named = input.CustomKeyStoreId ?? input.CustomKeyStoreName
    if (named !== undefined)
      throw new AwsException('CustomKeyStoreNotFoundException', `There is no key store ${named}`)
    return {}
  },
  output: () => ({ CustomKeyStores: [], Truncated: false }),
})

/** What is done for each operation of AWS KMS; what has no row here is not supported. */
export const handlers: Partial<Record<AwsOperation, AnyHandler>> = {
  CancelKeyDeletion: states.cancelKeyDeletion,
  CreateAlias: createAlias,
  CreateGrant: policies.createGrant,
  CreateKey: keys.createKey,
  Decapsulate: secrets.decapsulate,
  Decrypt: decrypt,
  DeleteAlias: deleteAlias,
  DeleteImportedKeyMaterial: material.deleteImportedKeyMaterial,
  DeriveSharedSecret: secrets.deriveSharedSecret,
  DescribeCustomKeyStores: describeCustomKeyStores,
  DescribeKey: keys.describeKey,
  DisableKey: states.disableKey,
  DisableKeyRotation: rotation.disableKeyRotation,
  EnableKey: states.enableKey,
  EnableKeyRotation: rotation.enableKeyRotation,
  Encapsulate: secrets.encapsulate,
  Encrypt: encrypt,
  GenerateDataKey: dataKeys.generateDataKey,
  GenerateDataKeyPair: dataKeys.generateDataKeyPair,
  GenerateDataKeyPairWithoutPlaintext: dataKeys.generateDataKeyPairWithoutPlaintext,
  GenerateDataKeyWithoutPlaintext: dataKeys.generateDataKeyWithoutPlaintext,
  GenerateMac: secrets.generateMac,
  GenerateRandom: dataKeys.generateRandom,
  GetKeyLastUsage: keys.getKeyLastUsage,
  GetKeyPolicy: policies.getKeyPolicy,
  GetKeyRotationStatus: rotation.getKeyRotationStatus,
  GetParametersForImport: material.getParametersForImport,
  GetPublicKey: secrets.getPublicKey,
  ImportKeyMaterial: material.importKeyMaterial,
  ListAliases: listAliases,
  ListGrants: policies.listGrants,
  ListKeyPolicies: policies.listKeyPolicies,
  ListKeyRotations: rotation.listKeyRotations,
  ListKeys: keys.listKeys,
  ListResourceTags: listResourceTags,
  ListRetirableGrants: policies.listRetirableGrants,
  PutKeyPolicy: policies.putKeyPolicy,
  ReEncrypt: reEncrypt,
  ReplicateKey: keys.replicateKey,
  RetireGrant: policies.retireGrant,
  RevokeGrant: policies.revokeGrant,
  RotateKeyOnDemand: rotation.rotateKeyOnDemand,
  ScheduleKeyDeletion: states.scheduleKeyDeletion,
  Sign: sign,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAlias: updateAlias,
  UpdateKeyDescription: keys.updateKeyDescription,
  UpdatePrimaryRegion: keys.updatePrimaryRegion,
  Verify: verify,
  VerifyMac: secrets.verifyMac,
}
