import { algorithmLists, assertCompatible } from '../algorithms.ts'
import { AwsException } from '../exceptions.ts'
import { refuseRecipient } from './encryption.ts'
import { handler } from './handler.ts'
import { assertInForce, assertUsage, originOf, specAndUsage } from './metadata.ts'

/** Codes, shared secrets and public keys. */

export const generateMac = handler<'GenerateMac', 'mac'>({
  native: 'mac',
  input: (input, asking) => ({ key: asking.reference(input.KeyId), message: input.Message }),
  examine(key, input, asking) {
    const { spec, usage } = assertUsage(key, 'mac', asking)
    assertCompatible(input.MacAlgorithm, spec, usage)
  },
  output: (output, input, asking) => ({
    Mac: output.mac,
    MacAlgorithm: input.MacAlgorithm,
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
  }),
})

/** A code that is not valid is an exception, never an answer. */
export const verifyMac = handler<'VerifyMac', 'verifyMac'>({
  native: 'verifyMac',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId),
    message: input.Message,
    mac: input.Mac,
  }),
  examine(key, input, asking) {
    const { spec, usage } = assertUsage(key, 'mac', asking)
    assertCompatible(input.MacAlgorithm, spec, usage)
  },
  output(output, input, asking) {
    if (!output.valid) throw new AwsException('KMSInvalidMacException')
    return {
      MacValid: true,
      MacAlgorithm: input.MacAlgorithm,
      KeyId: asking.keyArn(asking.reference(input.KeyId)),
    }
  },
})

export const deriveSharedSecret = handler<'DeriveSharedSecret', 'agree'>({
  native: 'agree',
  input(input, asking) {
    refuseRecipient(input.Recipient)
    return { key: asking.reference(input.KeyId), publicKey: input.PublicKey }
  },
  examine: (key, _input, asking) => void assertUsage(key, 'agree', asking),
  output(output, input, asking) {
    const key = asking.key(asking.reference(input.KeyId))
    return {
      KeyId: asking.arn(key),
      SharedSecret: output.sharedSecret,
      KeyAgreementAlgorithm: input.KeyAgreementAlgorithm,
      KeyOrigin: originOf(key.origin),
    }
  },
})

export const encapsulate = handler<'Encapsulate', 'encapsulate'>({
  native: 'encapsulate',
  input: (input, asking) => ({ key: asking.reference(input.KeyId) }),
  examine: (key, _input, asking) => void assertUsage(key, 'encapsulate', asking),
  output: (output, input, asking) => ({
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
    SharedSecret: output.sharedSecret,
    SharedSecretCiphertextBlob: output.encapsulation,
    EncapsulationAlgorithm: input.EncapsulationAlgorithm,
  }),
})

export const decapsulate = handler<'Decapsulate', 'decapsulate'>({
  native: 'decapsulate',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId),
    encapsulation: input.SharedSecretCiphertextBlob,
  }),
  examine: (key, _input, asking) => void assertUsage(key, 'encapsulate', asking),
  output: (output, input, asking) => ({
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
    SharedSecret: output.sharedSecret,
    EncapsulationAlgorithm: input.EncapsulationAlgorithm,
  }),
})

export const getPublicKey = handler<'GetPublicKey', 'key.public'>({
  native: 'key.public',
  input: (input, asking) => ({ key: asking.reference(input.KeyId) }),
  examine(key, _input, asking) {
    const arn = asking.arn(key)
    const { spec } = specAndUsage(key, arn)
    if (key.usage === 'mac' || spec === 'SYMMETRIC_DEFAULT') {
      throw new AwsException(
        'UnsupportedOperationException',
        `${arn} is not an asymmetric key.`,
        'wrong_usage',
      )
    }
    // Natively a public key may always be seen; AWS asks for a key that is enabled.
    assertInForce(key, asking)
  },
  output(output, input, asking) {
    const key = asking.key(asking.reference(input.KeyId))
    const { spec, usage } = specAndUsage(key, asking.arn(key))
    return {
      KeyId: asking.arn(key),
      PublicKey: output.publicKey,
      CustomerMasterKeySpec: spec,
      KeySpec: spec,
      KeyUsage: usage,
      ...algorithmLists(spec, usage),
    }
  },
})
