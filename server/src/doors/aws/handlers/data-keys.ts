import { materialId } from '#operations'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { bytesOrSpec, numberOfBytesMissing } from '../failures.ts'
import type { InputOf } from '../members.ts'
import { algorithmOf, dataKeyBytes, type DataKeyPairSpec } from '../specs.ts'
import { refuseRecipient } from './encryption.ts'
import { handler } from './handler.ts'
import { assertUsage } from './metadata.ts'

/** Data keys, data key pairs, and random bytes. */

/** AWS wraps data keys with symmetric keys only, and says of others what is wrong with their usage. */
function assertSymmetric(key: Parameters<typeof assertUsage>[0], asking: Asking): void {
  const { spec } = assertUsage(key, 'encrypt', asking)
  if (spec !== 'SYMMETRIC_DEFAULT') {
    throw new AwsException(
      'InvalidKeyUsageException',
      `${asking.arn(key)} key spec is ${spec} which is not valid for ${asking.operation}.`,
      'wrong_usage',
    )
  }
}

function bytesOf(input: InputOf<'GenerateDataKey'>): number {
  const { NumberOfBytes, KeySpec } = input
  if ((NumberOfBytes === undefined) === (KeySpec === undefined)) throw bytesOrSpec()
  return KeySpec === undefined ? (NumberOfBytes ?? 0) : dataKeyBytes[KeySpec]
}

function contextOf(context: Record<string, string> | undefined) {
  return context === undefined ? {} : { context }
}

/** Which key and material a data key was wrapped by. */
function wrappedBy({ KeyId }: { readonly KeyId: string }, version: number, asking: Asking) {
  const key = asking.key(asking.reference(KeyId))
  return { KeyId: asking.arn(key), KeyMaterialId: materialId(key, version) }
}

function dataKeyInput(input: InputOf<'GenerateDataKeyWithoutPlaintext'>, asking: Asking) {
  return {
    key: asking.reference(input.KeyId),
    bytes: bytesOf(input),
    ...contextOf(input.EncryptionContext),
  }
}

function dataKeyPairInput(input: InputOf<'GenerateDataKeyPairWithoutPlaintext'>, asking: Asking) {
  return {
    key: asking.reference(input.KeyId),
    algorithm: pairAlgorithm(input.KeyPairSpec),
    ...contextOf(input.EncryptionContext),
  }
}

export const generateDataKey = handler<'GenerateDataKey', 'datakey'>({
  native: 'datakey',
  input(input, asking) {
    refuseRecipient(input.Recipient)
    return dataKeyInput(input, asking)
  },
  examine: (key, _input, asking) => assertSymmetric(key, asking),
  output: (output, input, asking) => ({
    CiphertextBlob: output.ciphertext,
    ...(output.plaintext === undefined ? {} : { Plaintext: output.plaintext }),
    ...wrappedBy(input, output.version, asking),
  }),
})

export const generateDataKeyWithoutPlaintext = handler<
  'GenerateDataKeyWithoutPlaintext',
  'datakey'
>({
  native: 'datakey',
  input: (input, asking) => ({ ...dataKeyInput(input, asking), withoutPlaintext: true }),
  examine: (key, _input, asking) => assertSymmetric(key, asking),
  output: (output, input, asking) => ({
    CiphertextBlob: output.ciphertext,
    ...wrappedBy(input, output.version, asking),
  }),
})

function pairAlgorithm(spec: DataKeyPairSpec): string {
  const algorithm = algorithmOf(spec)
  if (algorithm === undefined) {
    throw new AwsException(
      'UnsupportedOperationException',
      `Key pair spec ${spec} is not supported`,
    )
  }
  return algorithm
}

export const generateDataKeyPair = handler<'GenerateDataKeyPair', 'datakeyPair'>({
  native: 'datakeyPair',
  input(input, asking) {
    refuseRecipient(input.Recipient)
    return dataKeyPairInput(input, asking)
  },
  examine: (key, _input, asking) => assertSymmetric(key, asking),
  output: (output, input, asking) => ({
    PrivateKeyCiphertextBlob: output.ciphertext,
    ...(output.privateKey === undefined ? {} : { PrivateKeyPlaintext: output.privateKey }),
    PublicKey: output.publicKey,
    ...wrappedBy(input, output.version, asking),
    KeyPairSpec: input.KeyPairSpec,
  }),
})

export const generateDataKeyPairWithoutPlaintext = handler<
  'GenerateDataKeyPairWithoutPlaintext',
  'datakeyPair'
>({
  native: 'datakeyPair',
  input: (input, asking) => ({ ...dataKeyPairInput(input, asking), withoutPlaintext: true }),
  examine: (key, _input, asking) => assertSymmetric(key, asking),
  output: (output, input, asking) => ({
    PrivateKeyCiphertextBlob: output.ciphertext,
    PublicKey: output.publicKey,
    ...wrappedBy(input, output.version, asking),
    KeyPairSpec: input.KeyPairSpec,
  }),
})

export const generateRandom = handler<'GenerateRandom', 'random'>({
  native: 'random',
  input(input) {
    refuseRecipient(input.Recipient)
    if (input.CustomKeyStoreId !== undefined) {
      throw new AwsException('UnsupportedOperationException', 'Custom key stores are not supported')
    }
    if (input.NumberOfBytes === undefined) throw numberOfBytesMissing()
    return { length: input.NumberOfBytes }
  },
  output: (output) => ({ Plaintext: output.bytes }),
})
