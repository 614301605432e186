import type { Key } from '#model'
import {
  assertCompatible,
  digestBytesOf,
  messageTypesOf,
  MU_BYTES,
  schemeOf,
  type MessageType,
  type SigningAlgorithm,
} from '../algorithms.ts'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { wrongDigestLength } from '../failures.ts'
import { handler } from './handler.ts'
import { assertUsage } from './metadata.ts'

/** Sign and Verify. */

interface Signed {
  readonly Message: Uint8Array
  readonly MessageType?: MessageType | undefined
  readonly SigningAlgorithm: SigningAlgorithm
}

/** The message, its digest or its representative, as the request says what it is. */
function dataOf({ Message, MessageType = 'RAW', SigningAlgorithm }: Signed) {
  const scheme = schemeOf(SigningAlgorithm)
  if (scheme === undefined) {
    throw new AwsException('UnsupportedOperationException', `${SigningAlgorithm} is not supported`)
  }
  switch (MessageType) {
    case 'RAW':
      return { scheme, message: Message }
    case 'DIGEST':
      return { scheme, digest: Message }
    case 'EXTERNAL_MU':
      return { scheme, mu: Message }
    default:
      return MessageType satisfies never
  }
}

/** AWS looks at the key first, then at the message type and its length. */
function examine(key: Key, input: Signed, asking: Asking): void {
  const { spec, usage } = assertUsage(key, 'sign', asking)
  const { SigningAlgorithm, MessageType = 'RAW', Message } = input
  assertCompatible(SigningAlgorithm, spec, usage)
  if (!messageTypesOf(SigningAlgorithm).includes(MessageType)) {
    throw new AwsException(
      'ValidationException',
      `MessageType ${MessageType} is not valid for signing algorithm ${SigningAlgorithm}.`,
    )
  }
  if (MessageType === 'DIGEST' && Message.length !== digestBytesOf(SigningAlgorithm))
    throw wrongDigestLength(SigningAlgorithm)
  if (MessageType === 'EXTERNAL_MU' && Message.length !== MU_BYTES)
    throw wrongDigestLength(SigningAlgorithm)
}

export const sign = handler<'Sign', 'sign'>({
  native: 'sign',
  input: (input, asking) => ({ key: asking.reference(input.KeyId), ...dataOf(input) }),
  examine,
  output: (output, input, asking) => ({
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
    Signature: output.signature,
    SigningAlgorithm: input.SigningAlgorithm,
  }),
})

/** A signature that is not valid is an exception, never an answer. */
export const verify = handler<'Verify', 'verify'>({
  native: 'verify',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId),
    signature: input.Signature,
    ...dataOf(input),
  }),
  examine,
  output(output, input, asking) {
    if (!output.valid) throw new AwsException('KMSInvalidSignatureException')
    return {
      KeyId: asking.keyArn(asking.reference(input.KeyId)),
      SignatureValid: true,
      SigningAlgorithm: input.SigningAlgorithm,
    }
  },
})
