import { DAY_MS, KeyError, type ClavigerError, type Key } from '#model'
import { materialId } from '#operations'
import { wrappingBitsOf, wrappingOf } from '../algorithms.ts'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { anotherMaterialPending, wrongOrigin } from '../failures.ts'
import { handler } from './handler.ts'
import { specAndUsage } from './metadata.ts'

/** Imported key material. */

const VALID_DAYS_MAX = 365
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Tells our import tokens from other bytes. */
const TOKEN_PREFIX = 'clv-import-1:'
/** The nil UUID (RFC 9562 section 5.9), which nothing is ever called. */
const NO_PARAMETERS = '00000000-0000-0000-0000-000000000000'

/** Only of keys that are made for it (developer guide, key states, footnotes 8 and 9). */
function assertImported(key: Key, _input: unknown, asking: Asking): void {
  if (key.origin !== 'imported') throw wrongOrigin(asking.arn(key), 'AWS_KMS')
}

function assertImportable(key: Key, input: unknown, asking: Asking): void {
  assertImported(key, input, asking)
  if (key.destroyAt !== undefined) {
    throw new KeyError('wrong_state', 'the key is scheduled for destruction', {
      key,
      hindrance: 'pending-destruction',
    })
  }
}

export const getParametersForImport = handler<'GetParametersForImport', 'key.importParameters'>({
  native: 'key.importParameters',
  input(input, asking) {
    const wrapping = wrappingOf(input.WrappingAlgorithm)
    const bits = wrappingBitsOf(input.WrappingKeySpec)
    if (wrapping === undefined || bits === undefined) {
      throw new AwsException(
        'UnsupportedOperationException',
        `Wrapping algorithm ${input.WrappingAlgorithm} with ${input.WrappingKeySpec} is not supported`,
      )
    }
    return { key: asking.reference(input.KeyId, 'no aliases'), wrapping, bits }
  },
  examine: assertImportable,
  output: (output, input, asking) => ({
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
    ImportToken: Buffer.from(`${TOKEN_PREFIX}${output.id}`),
    PublicKey: output.publicKey,
    ParametersValidTo: output.expiresAt,
  }),
})

/** The id that GetParametersForImport gave; attacker-chosen. Undefined for bytes that are no token of ours. */
function parametersOf(token: Uint8Array): string | undefined {
  const text = Buffer.from(token).toString('latin1')
  const id = text.slice(TOKEN_PREFIX.length)
  return text.startsWith(TOKEN_PREFIX) && UUID.test(id) ? id : undefined
}

function expiryOf(model: string | undefined, validTo: number | undefined): number | undefined {
  if (model === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (validTo === undefined) return undefined
    throw new AwsException(
      'ValidationException',
      'ValidTo must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
    )
  }
  if (validTo === undefined) {
    throw new AwsException(
      'ValidationException',
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    )
  }
  return validTo
}

/** Only symmetric encryption keys may have one material after another; others keep their first (ImportKeyMaterial). */
function assertTakesNew(key: Key, asking: Asking): void {
  if (!asking.everHadMaterial) return
  const arn = asking.arn(key)
  if (specAndUsage(key, arn).spec === 'SYMMETRIC_DEFAULT') return
  throw new AwsException(
    'IncorrectKeyMaterialException',
    `${arn} keeps the material that was imported first.`,
  )
}

export const importKeyMaterial = handler<'ImportKeyMaterial', 'key.import'>({
  native: 'key.import',
  input(input, asking) {
    const expiresAt = expiryOf(input.ExpirationModel, input.ValidTo)
    if (input.ImportType === 'NEW_KEY_MATERIAL' && input.KeyMaterialId !== undefined) {
      throw new AwsException(
        'ValidationException',
        'KeyMaterialId must not be set if the ImportType is NEW_KEY_MATERIAL',
      )
    }
    return {
      key: asking.reference(input.KeyId, 'no aliases'),
      // A token that is none leads nowhere, and is refused once it is clear that the key takes material at all.
      parameters: parametersOf(input.ImportToken) ?? NO_PARAMETERS,
      wrapped: input.EncryptedKeyMaterial,
      exportable: false,
      ...(expiresAt === undefined ? {} : { materialExpiresAt: expiresAt }),
      // Unless it is said to be new, it is what the key had before, or its first.
      ...(input.ImportType === 'NEW_KEY_MATERIAL' ? { pending: true } : { existing: true }),
      ...(input.KeyMaterialId === undefined ? {} : { materialId: input.KeyMaterialId }),
      ...(input.KeyMaterialDescription === undefined
        ? {}
        : { materialDescription: input.KeyMaterialDescription }),
    }
  },
  examine(key, input, asking) {
    assertImportable(key, input, asking)
    if (parametersOf(input.ImportToken) === undefined)
      throw new AwsException('InvalidImportTokenException')
    if (input.ImportType === 'NEW_KEY_MATERIAL') assertTakesNew(key, asking)
    const latest = asking.now + VALID_DAYS_MAX * DAY_MS
    if (input.ValidTo !== undefined && (input.ValidTo <= asking.now || input.ValidTo > latest)) {
      throw new AwsException(
        'ValidationException',
        `ValidTo must be in the future, and at most ${VALID_DAYS_MAX} days ahead`,
      )
    }
  },
  output: (output, input, asking) => ({
    KeyId: asking.keyArn(asking.reference(input.KeyId)),
    KeyMaterialId: output.materialId,
  }),
  recover: importFailure,
})

/** The import's own errors, which the common way would say as something else. */
function importFailure(
  error: ClavigerError,
  input: { readonly KeyId: string },
  asking: Asking,
): AwsException | undefined {
  const found = asking.facts?.key(asking.reference(input.KeyId)) !== undefined
  switch (error.code) {
    case 'not_found':
      return found ? new AwsException('InvalidImportTokenException') : undefined
    case 'invalid_key_material':
      return new AwsException('IncorrectKeyMaterialException', error.message)
    case 'conflict':
      return error instanceof KeyError
        ? new AwsException('IncorrectKeyMaterialException', error.message)
        : new AwsException('KMSInvalidStateException', error.message)
    case 'wrong_state':
      return error instanceof KeyError
        ? secondPending(error, asking)
        : new AwsException('ExpiredImportTokenException')
    default:
      return undefined
  }
}

/** One material at a time waits for a rotation. */
function secondPending(error: KeyError, asking: Asking): AwsException | undefined {
  if (error.hindrance !== undefined || error.version === undefined) return undefined
  const pending = materialId(error.key, error.version)
  // The refused material would have been the one after it.
  const refused = materialId(error.key, error.version + 1)
  return anotherMaterialPending(refused, asking.arn(error.key), pending)
}

export const deleteImportedKeyMaterial = handler<'DeleteImportedKeyMaterial', 'key.deleteMaterial'>(
  {
    native: 'key.deleteMaterial',
    input: (input, asking) => ({
      key: asking.reference(input.KeyId, 'no aliases'),
      ...(input.KeyMaterialId === undefined ? {} : { materialId: input.KeyMaterialId }),
    }),
    examine: assertImported,
    output: (output, input, asking) => ({
      KeyId: asking.keyArn(asking.reference(input.KeyId)),
      KeyMaterialId: output.materialId,
    }),
  },
)
