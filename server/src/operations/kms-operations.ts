import type { OperationName } from '@claviger/contract'
import type { Purpose } from '#model'

/** What AWS KMS calls our operations: the names that key policies and grants allow and deny. */

type Names = Partial<Record<OperationName | 'key.erase', string>>

const names: Names = {
  encrypt: 'Encrypt',
  encryptBatch: 'Encrypt',
  decrypt: 'Decrypt',
  decryptBatch: 'Decrypt',
  sign: 'Sign',
  signBatch: 'Sign',
  verify: 'Verify',
  verifyBatch: 'Verify',
  mac: 'GenerateMac',
  macBatch: 'GenerateMac',
  verifyMac: 'VerifyMac',
  agree: 'DeriveSharedSecret',
  encapsulate: 'Encapsulate',
  decapsulate: 'Decapsulate',
  random: 'GenerateRandom',
  'key.create': 'CreateKey',
  'key.get': 'DescribeKey',
  'key.list': 'ListKeys',
  'key.versions': 'ListKeyRotations',
  'key.rotate': 'RotateKeyOnDemand',
  'key.suspend': 'DisableKey',
  'key.resume': 'EnableKey',
  'key.destroy': 'ScheduleKeyDeletion',
  'key.restore': 'CancelKeyDeletion',
  'key.importParameters': 'GetParametersForImport',
  'key.import': 'ImportKeyMaterial',
  'key.deleteMaterial': 'DeleteImportedKeyMaterial',
  'key.public': 'GetPublicKey',
  'key.replicate': 'ReplicateKey',
  'key.setPrimary': 'UpdatePrimaryRegion',
  'key.lastUse': 'GetKeyLastUsage',
  'alias.create': 'CreateAlias',
  'alias.update': 'UpdateAlias',
  'alias.delete': 'DeleteAlias',
  'alias.list': 'ListAliases',
  'policy.get': 'GetKeyPolicy',
  'policy.put': 'PutKeyPolicy',
  'grant.create': 'CreateGrant',
  'grant.list': 'ListGrants',
  'grant.retirable': 'ListRetirableGrants',
  'grant.retire': 'RetireGrant',
  'grant.revoke': 'RevokeGrant',
}

/**
 * The name of an operation in key policies and grants, without `kms:`. What AWS KMS does not have is called by its own name in its
 * style, such as RevokeKey for `key.revoke`.
 */
export function kmsOperation(
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
  purpose: Purpose | undefined,
): string {
  switch (name) {
    case 'reencrypt':
    case 'reencryptBatch':
      return purpose === 'apply' ? 'ReEncryptTo' : 'ReEncryptFrom'
    case 'datakey':
      return input['withoutPlaintext'] === true
        ? 'GenerateDataKeyWithoutPlaintext'
        : 'GenerateDataKey'
    case 'datakeyPair':
      return input['withoutPlaintext'] === true
        ? 'GenerateDataKeyPairWithoutPlaintext'
        : 'GenerateDataKeyPair'
    case 'key.autoRotate':
    case 'key.setRotation':
      return input['off'] === true ? 'DisableKeyRotation' : 'EnableKeyRotation'
    // It replaces labels, and key policies that hold those who tag are to hold it too.
    case 'key.update':
      return input['labels'] === undefined ? 'UpdateKeyDescription' : 'TagResource'
    case 'key.label':
      return input['set'] === undefined ? 'UntagResource' : 'TagResource'
    default:
      return names[name] ?? inTheirStyle(name)
  }
}

/** `key.revoke` is RevokeKey. */
function inTheirStyle(name: string): string {
  const [noun = '', verb] = name.split('.')
  return verb === undefined ? capital(noun) : `${capital(verb)}${capital(noun)}`
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`
}
