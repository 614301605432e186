import { AwsException } from './exceptions.ts'
import type { KeySpec, KeyUsage } from './specs.ts'

/**
 * Exceptions with a text of AWS, word for word: clients look for parts of some of them. The texts were recorded from AWS by LocalStack's
 * snapshot tests, where nothing else is said.
 */

export function disabled(keyArn: string): AwsException {
  return new AwsException('DisabledException', `${keyArn} is disabled.`)
}

/**
 * Terraform takes a deletion for done when it reads "is pending deletion". For a key whose replicas are to go first only the text of the
 * developer guide is known (key states, footnote 3).
 */
export function pendingDeletion(keyArn: string, waitsForReplicas = false): AwsException {
  return new AwsException(
    'KMSInvalidStateException',
    `${keyArn} is pending deletion${waitsForReplicas ? ' (or pending replica deletion)' : ''}.`,
  )
}

/** The start is AWS's (developer guide, key states, footnote 4); the rest of it is not published. */
export function notPendingDeletion(keyArn: string): AwsException {
  return new AwsException('KMSInvalidStateException', `${keyArn} is not pending deletion.`)
}

export function pendingImport(keyArn: string): AwsException {
  return new AwsException('KMSInvalidStateException', `${keyArn} is pending import.`)
}

export function wrongUsage(keyArn: string, usage: KeyUsage, operation: string): AwsException {
  return new AwsException(
    'InvalidKeyUsageException',
    `${keyArn} key usage is ${usage} which is not valid for ${operation}.`,
    'wrong_usage',
  )
}

export function incompatibleAlgorithm(algorithm: string, spec: KeySpec): AwsException {
  return new AwsException(
    'InvalidKeyUsageException',
    `Algorithm ${algorithm} is incompatible with key spec ${spec}.`,
    'wrong_usage',
  )
}

/** The key of the request is not the key of the ciphertext. It is recorded, as every ciphertext is that a key does not open. */
export function incorrectKey(): AwsException {
  return new AwsException(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
    'invalid_ciphertext',
  )
}

export function dryRunSucceeded(): AwsException {
  return new AwsException(
    'DryRunOperationException',
    'The request would have succeeded, but the DryRun option is set.',
  )
}

export function wrongOrigin(keyArn: string, origin: string): AwsException {
  return new AwsException(
    'UnsupportedOperationException',
    `${keyArn} origin is ${origin} which is not valid for this operation.`,
  )
}

export function notPrimary(keyArn: string): AwsException {
  return new AwsException(
    'UnsupportedOperationException',
    `${keyArn} is not a multi-region primary key.`,
  )
}

/** A second material, `id`, is imported while the material `pending` waits for a rotation. */
export function anotherMaterialPending(id: string, keyArn: string, pending: string): AwsException {
  return new AwsException(
    'KMSInvalidStateException',
    `New key material (id: ${id}) cannot be imported into KMS key ${keyArn}, ` +
      `because another key material (id: ${pending}) is pending rotation.`,
  )
}

export function nothingPendingRotation(keyArn: string): AwsException {
  return new AwsException(
    'KMSInvalidStateException',
    `No available key material pending rotation for the key: ${keyArn}.`,
  )
}

export function tooManyRotations(keyArn: string): AwsException {
  return new AwsException(
    'LimitExceededException',
    'The on-demand rotations limit has been reached for the given keyId. ' +
      `No more on-demand rotations can be performed for this key: ${keyArn}`,
  )
}

export function duplicateTagKeys(): AwsException {
  return new AwsException('TagException', 'Duplicate tag keys')
}

export function tooManyTags(): AwsException {
  return new AwsException('TagException', 'Too many tags')
}

export function reservedTag(): AwsException {
  return new AwsException('TagException', 'Tags beginning with aws: are reserved')
}

export function wrongDigestLength(algorithm: string): AwsException {
  return new AwsException(
    'ValidationException',
    `Digest is invalid length for algorithm ${algorithm}.`,
  )
}

export function plaintextTooLong(algorithm: string, spec: KeySpec, most: number): AwsException {
  return new AwsException(
    'ValidationException',
    `Algorithm ${algorithm} and key spec ${spec} cannot encrypt data larger than ${most} bytes.`,
  )
}

export function aliasWithoutPrefix(): AwsException {
  return new AwsException(
    'ValidationException',
    'Alias must start with the prefix "alias/". ' +
      'Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
  )
}

/** As moto has it, which is not recorded from AWS. */
export function aliasOfAlias(): AwsException {
  return new AwsException('ValidationException', 'Aliases must refer to keys. Not aliases')
}

/** CreateAlias's documentation lists letters, digits, / _ and -; the text is moto's, as above. */
export function aliasWithColon(name: string): AwsException {
  return new AwsException('ValidationException', `${name} contains invalid characters for an alias`)
}

export function usageMissing(): AwsException {
  return new AwsException(
    'ValidationException',
    'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
  )
}

export function usageClash(usage: KeyUsage, spec: KeySpec): AwsException {
  return new AwsException(
    'ValidationException',
    `KeyUsage ${usage} is not compatible with KeySpec ${spec}`,
  )
}

export function numberOfBytesMissing(): AwsException {
  return new AwsException('ValidationException', 'NumberOfBytes is required.')
}

/** As moto has it, which is not recorded from AWS. */
export function bytesOrSpec(): AwsException {
  return new AwsException(
    'ValidationException',
    'Please specify either number of bytes or key spec.',
  )
}

/** A key policy is only ever called `default`. The text is that of the developer guide's examples. */
export function noSuchPolicy(): AwsException {
  return new AwsException('NotFoundException', 'No such policy exists')
}

/** A ciphertext whose key is not there: Kubernetes' provider looks for "does not exist" in it. Text of AWS as local-kms has it. */
export function ciphertextKeyMissing(): AwsException {
  return new AwsException(
    'AccessDeniedException',
    'The ciphertext refers to a customer master key that does not exist, ' +
      'does not exist in this region, or you are not allowed to access.',
  )
}

/** Text of the developer guide on throttling. */
export function throttled(): AwsException {
  return new AwsException(
    'ThrottlingException',
    'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
  )
}
