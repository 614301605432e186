import { readEnvelopeVersion } from '@claviger/contract/envelope'
import { envelopeKeyId, KeyError, type ClavigerError, type Key } from '#model'
import { materialId } from '#operations'
import {
  assertCompatible,
  paddingOf,
  plaintextBytesMax,
  type EncryptionAlgorithm,
} from '../algorithms.ts'
import type { Asking } from '../asking.ts'
import { accessDenied } from '../errors.ts'
import { AwsException } from '../exceptions.ts'
import { ciphertextKeyMissing, incorrectKey, plaintextTooLong } from '../failures.ts'
import type { KeySpec } from '../specs.ts'
import { handler } from './handler.ts'
import { assertUsage } from './metadata.ts'

/** Encrypt, Decrypt and ReEncrypt. */

const SYMMETRIC = 'SYMMETRIC_DEFAULT'

/** No recipient's attestation can be checked here, so nothing is answered as if it had been. */
export function refuseRecipient(recipient: unknown): void {
  if (recipient !== undefined) {
    throw new AwsException(
      'UnsupportedOperationException',
      'Recipient is not supported: attestation documents of Nitro enclaves cannot be checked here',
    )
  }
}

/** The key is for encryption, and knows the algorithm. AWS names `operation` where it is not. */
function assertEncrypts(
  key: Key,
  asking: Asking,
  algorithm: EncryptionAlgorithm = SYMMETRIC,
  operation?: 'ReEncryptFrom' | 'ReEncryptTo',
): KeySpec {
  const { spec, usage } = assertUsage(key, 'encrypt', asking, operation)
  assertCompatible(algorithm, spec, usage)
  return spec
}

function rsaPadding(algorithm: EncryptionAlgorithm | undefined) {
  const padding = algorithm === undefined ? undefined : paddingOf(algorithm)
  return padding === undefined ? {} : { padding }
}

/** The context binds to symmetric ciphertexts only. */
function contextOf(
  context: Record<string, string> | undefined,
  algorithm: EncryptionAlgorithm | undefined,
) {
  if (context === undefined || Object.keys(context).length === 0) return {}
  if (algorithm !== undefined && algorithm !== SYMMETRIC) {
    throw new AwsException(
      'ValidationException',
      'EncryptionContext is only valid with a symmetric encryption key.',
    )
  }
  return { context }
}

export const encrypt = handler<'Encrypt', 'encrypt'>({
  native: 'encrypt',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId),
    plaintext: input.Plaintext,
    ...contextOf(input.EncryptionContext, input.EncryptionAlgorithm),
    ...rsaPadding(input.EncryptionAlgorithm),
  }),
  examine(key, input, asking) {
    const spec = assertEncrypts(key, asking, input.EncryptionAlgorithm)
    const algorithm = input.EncryptionAlgorithm ?? SYMMETRIC
    const most = plaintextBytesMax(spec, algorithm)
    if (input.Plaintext.length > most) throw plaintextTooLong(algorithm, spec, most)
  },
  output: (output, input, asking) => ({
    CiphertextBlob: output.ciphertext,
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
    EncryptionAlgorithm: input.EncryptionAlgorithm ?? SYMMETRIC,
  }),
})

/** What is to be decrypted, and what the request says of it. */
interface Source {
  readonly blob: Uint8Array | undefined
  readonly keyId: string | undefined
  readonly algorithm: EncryptionAlgorithm | undefined
}

/** The key of a ciphertext: named by the request, or by the ciphertext itself. */
function sourceKey(
  blob: Uint8Array | undefined,
  keyId: string | undefined,
  algorithm: EncryptionAlgorithm | undefined,
  asking: Asking,
): string {
  if (asking.source !== undefined) return asking.source
  asking.source = readSourceKey(blob, keyId, algorithm, asking)
  return asking.source
}

function readSourceKey(
  blob: Uint8Array | undefined,
  keyId: string | undefined,
  algorithm: EncryptionAlgorithm | undefined,
  asking: Asking,
): string {
  if (keyId !== undefined) return asking.reference(keyId)
  if (algorithm !== undefined && algorithm !== SYMMETRIC) {
    throw new AwsException('ValidationException', 'KeyId is required with this algorithm.')
  }
  const envelope = blob === undefined ? undefined : readEnvelopeVersion(blob)
  if (envelope === undefined) throw new AwsException('InvalidCiphertextException')
  return envelope.key
}

function requireBlob(blob: Uint8Array | undefined): Uint8Array {
  if (blob === undefined) {
    throw new AwsException(
      'ValidationException',
      "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    )
  }
  return blob
}

/**
 * The key is for encryption, and knows the algorithm. Of one that is for something else AWS says first that it did not make the
 * ciphertext, where that tells its key.
 */
function assertDecrypts(
  key: Key,
  { blob, keyId, algorithm = SYMMETRIC }: Source,
  asking: Asking,
  operation?: 'ReEncryptFrom',
): void {
  try {
    assertEncrypts(key, asking, algorithm, operation)
  } catch (error) {
    const tells = keyId !== undefined && algorithm === SYMMETRIC && blob !== undefined
    const envelope = tells ? readEnvelopeVersion(blob) : undefined
    throw envelope === undefined || envelope.key === envelopeKeyId(key) ? error : incorrectKey()
  }
}

function refuseModifiers(modifiers: unknown): void {
  if (modifiers !== undefined) {
    throw new AwsException('UnsupportedOperationException', 'DryRunModifiers are not supported')
  }
}

/** Of a ciphertext's own key AWS says one thing, whether it is not there or the caller may not use it. */
function isOutOfReach(error: ClavigerError): boolean {
  return (
    error.code === 'not_found' ||
    error.code === 'forbidden' ||
    (error instanceof KeyError && error.hindrance === 'destroyed')
  )
}

/** The key of the request did not make the ciphertext: said by its type, where the ciphertext tells. */
function wrongKey(
  error: ClavigerError,
  blob: Uint8Array | undefined,
  keyId: string | undefined,
  reference: string | undefined,
  asking: Asking,
): AwsException | undefined {
  if (keyId === undefined) return isOutOfReach(error) ? ciphertextKeyMissing() : undefined
  if (error.code !== 'invalid_ciphertext' || blob === undefined || reference === undefined)
    return undefined
  const envelope = readEnvelopeVersion(blob)
  const key = asking.facts?.key(reference)
  return envelope !== undefined && key !== undefined && envelopeKeyId(key) !== envelope.key
    ? incorrectKey()
    : undefined
}

export const decrypt = handler<'Decrypt', 'decrypt'>({
  native: 'decrypt',
  input(input, asking) {
    refuseRecipient(input.Recipient)
    refuseModifiers(input.DryRunModifiers)
    const ciphertext = requireBlob(input.CiphertextBlob)
    return {
      ciphertext,
      key: sourceKey(ciphertext, input.KeyId, input.EncryptionAlgorithm, asking),
      ...contextOf(input.EncryptionContext, input.EncryptionAlgorithm),
      ...rsaPadding(input.EncryptionAlgorithm),
    }
  },
  examine(key, { CiphertextBlob, KeyId, EncryptionAlgorithm }, asking) {
    const source = { blob: CiphertextBlob, keyId: KeyId, algorithm: EncryptionAlgorithm }
    assertDecrypts(key, source, asking)
  },
  output(output, input, asking) {
    const key = asking.key(
      sourceKey(input.CiphertextBlob, input.KeyId, input.EncryptionAlgorithm, asking),
    )
    const algorithm = input.EncryptionAlgorithm ?? SYMMETRIC
    return {
      KeyId: asking.arn(key),
      Plaintext: output.plaintext,
      EncryptionAlgorithm: algorithm,
      ...(algorithm === SYMMETRIC ? { KeyMaterialId: materialId(key, output.version) } : {}),
    }
  },
  recover(error, input, asking) {
    const reference = input.KeyId === undefined ? undefined : asking.reference(input.KeyId)
    return wrongKey(error, input.CiphertextBlob, input.KeyId, reference, asking)
  },
})

export const reEncrypt = handler<'ReEncrypt', 'reencrypt'>({
  native: 'reencrypt',
  input(input, asking) {
    refuseModifiers(input.DryRunModifiers)
    const ciphertext = requireBlob(input.CiphertextBlob)
    const from = input.SourceEncryptionAlgorithm
    const to = input.DestinationEncryptionAlgorithm
    return {
      ciphertext,
      sourceKey: sourceKey(ciphertext, input.SourceKeyId, from, asking),
      key: asking.reference(input.DestinationKeyId),
      context: contextOf(input.SourceEncryptionContext, from).context ?? {},
      // AWS binds no context anew where none is given.
      newContext: contextOf(input.DestinationEncryptionContext, to).context ?? {},
      ...rsaPadding(from),
      ...(to === undefined || paddingOf(to) === undefined ? {} : { newPadding: paddingOf(to) }),
    }
  },
  examine(key, input, asking) {
    const blob = input.CiphertextBlob
    const keyId = input.SourceKeyId
    const algorithm = input.SourceEncryptionAlgorithm
    if (asking.isMet(sourceKey(blob, keyId, algorithm, asking)))
      assertDecrypts(key, { blob, keyId, algorithm }, asking, 'ReEncryptFrom')
    if (asking.isMet(asking.reference(input.DestinationKeyId)))
      assertEncrypts(key, asking, input.DestinationEncryptionAlgorithm, 'ReEncryptTo')
  },
  output(output, input, asking) {
    const from = input.SourceEncryptionAlgorithm ?? SYMMETRIC
    const to = input.DestinationEncryptionAlgorithm ?? SYMMETRIC
    const source = asking.key(
      sourceKey(input.CiphertextBlob, input.SourceKeyId, input.SourceEncryptionAlgorithm, asking),
    )
    const destination = asking.key(asking.reference(input.DestinationKeyId))
    return {
      CiphertextBlob: output.ciphertext,
      SourceKeyId: asking.arn(source),
      KeyId: asking.arn(destination),
      SourceEncryptionAlgorithm: from,
      DestinationEncryptionAlgorithm: to,
      ...(from === SYMMETRIC
        ? { SourceKeyMaterialId: materialId(source, output.source.version) }
        : {}),
      ...(to === SYMMETRIC
        ? { DestinationKeyMaterialId: materialId(destination, output.version) }
        : {}),
    }
  },
  recover(error, input, asking) {
    const source = input.SourceKeyId === undefined ? undefined : asking.reference(input.SourceKeyId)
    // Which of the two keys is missing is told by what was found.
    const destination = asking.facts?.key(asking.reference(input.DestinationKeyId))
    const found = asking.source !== undefined && asking.facts?.key(asking.source) !== undefined
    if (error.code === 'not_found' && destination === undefined && (found || source !== undefined))
      return undefined
    if (error.code === 'forbidden') {
      // Both keys are asked for, one after the other, and the right to each has a name of its own.
      const reference = asking.reference(input.DestinationKeyId)
      if (asking.source !== undefined && asking.isMet(asking.source))
        return accessDenied(asking, { action: 'ReEncryptTo', reference })
      if (source !== undefined)
        return accessDenied(asking, { action: 'ReEncryptFrom', reference: source })
    }
    return wrongKey(error, input.CiphertextBlob, input.SourceKeyId, source, asking)
  },
})
