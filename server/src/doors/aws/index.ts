/**
 * The door for clients of AWS KMS and STS: from bytes to inputs, from outputs to bytes, in AWS's words. It knows the protocol and nothing
 * else; it extracts a credential and never judges it, and it holds no key and no row.
 */
export {
  algorithmLists,
  assertCompatible,
  digestBytesOf,
  macAlgorithmOf,
  messageTypesOf,
  MU_BYTES,
  paddingOf,
  plaintextBytesMax,
  schemeOf,
  signingAlgorithmOf,
  wrappingAlgorithmOf,
  wrappingBitsOf,
  wrappingOf,
  type AlgorithmLists,
  type EncryptionAlgorithm,
  type MacAlgorithm,
  type MessageType,
  type NativeScheme,
  type SigningAlgorithm,
  type WrappingAlgorithm,
  type WrappingKeySpec,
} from './algorithms.ts'
export {
  aliasArn,
  aliasNotFound,
  invalidArn,
  invalidKeyId,
  keyArn,
  keyNotFound,
  multiRegionId,
  parseKeyReference,
  readAliasName,
  readKeyReference,
  sharedUuid,
  type KeyReference,
  type Place,
} from './arn.ts'
export { BODY_BYTES_MAX } from './deserialize.ts'
export { encodeAnswer } from './encode.ts'
export { createAwsDoor, type AwsDoorOptions } from './door.ts'
export { AwsException, encodeException, type AwsExceptionType } from './exceptions.ts'
export {
  aliasWithoutPrefix,
  anotherMaterialPending,
  bytesOrSpec,
  ciphertextKeyMissing,
  disabled,
  dryRunSucceeded,
  duplicateTagKeys,
  incompatibleAlgorithm,
  incorrectKey,
  noSuchPolicy,
  notPendingDeletion,
  notPrimary,
  nothingPendingRotation,
  numberOfBytesMissing,
  pendingDeletion,
  pendingImport,
  plaintextTooLong,
  reservedTag,
  throttled,
  tooManyRotations,
  tooManyTags,
  usageClash,
  usageMissing,
  wrongDigestLength,
  wrongOrigin,
  wrongUsage,
} from './failures.ts'
export { FORM_BYTES_MAX, parseForm, type Form } from './form.ts'
export {
  awsOperations,
  isAwsOperation,
  outputMembers,
  readInput,
  type AwsOperation,
  type InputOf,
  type OutputOf,
} from './members.ts'
export { dialectOf, isAwsPath, readRequest, requestUuid, type AwsRequest } from './request.ts'
export {
  algorithmOf,
  dataKeyBytes,
  keySpecOf,
  keyUsageOf,
  nativeUsageOf,
  usageForNewKey,
  type DataKeyPairSpec,
  type KeySpec,
  type KeyUsage,
} from './specs.ts'
export { readStsInput, type StsAction, type StsInput, type StsInputOf } from './sts.ts'
export {
  encodeStsAnswer,
  encodeStsException,
  escapeXml,
  type SessionCredentials,
  type StsOutputs,
} from './sts-xml.ts'
