import type { OutputOf as NativeOutput } from '@claviger/contract'
import { keyRefusal, type Key } from '#model'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { nothingPendingRotation, notPrimary, wrongOrigin } from '../failures.ts'
import { handler } from './handler.ts'
import { assertInForce, specAndUsage } from './metadata.ts'
import { moreOf, pageOf } from './paging.ts'

/** Rotation: at AWS of symmetric keys only. */

const PERIOD_DAYS = 365

/** AWS gives this type no text here. */
function assertSymmetric(key: Key, asking: Asking): void {
  if (specAndUsage(key, asking.arn(key)).spec !== 'SYMMETRIC_DEFAULT')
    throw new AwsException('UnsupportedOperationException', '', 'wrong_usage')
}

/** A replica is rotated with its primary key. */
function assertNotReplica(key: Key, asking: Asking): void {
  if (key.multiRegion !== undefined && key.multiRegion.primary !== key.region)
    throw notPrimary(asking.arn(key))
}

/** Automatic rotation is for symmetric keys whose material is made here (developer guide, key states, footnotes 1, 3 and 7). */
function assertRotatable(key: Key, _input: unknown, asking: Asking): void {
  if (key.origin === 'imported') throw wrongOrigin(asking.arn(key), 'EXTERNAL')
  assertSymmetric(key, asking)
  assertNotReplica(key, asking)
  assertInForce(key, asking)
}

export const enableKeyRotation = handler<'EnableKeyRotation', 'key.autoRotate'>({
  native: 'key.autoRotate',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    days: input.RotationPeriodInDays ?? PERIOD_DAYS,
  }),
  examine: assertRotatable,
  output: () => undefined,
})

export const disableKeyRotation = handler<'DisableKeyRotation', 'key.autoRotate'>({
  native: 'key.autoRotate',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases'), off: true }),
  examine: assertRotatable,
  output: () => undefined,
})

/** Of keys that are never rotated by themselves the answer is no; only of imported ones AWS refuses it. */
export const getKeyRotationStatus = handler<'GetKeyRotationStatus', 'key.get'>({
  native: 'key.get',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases') }),
  examine(key, _input, asking) {
    if (key.origin === 'imported') throw wrongOrigin(asking.arn(key), 'EXTERNAL')
  },
  output(output, input, asking) {
    // Of a key that is pending deletion the answer is no, until the deletion is called off (developer guide, rotation of keys).
    const rotation = output.destroyAt === undefined ? output.rotation : undefined
    const days = rotation?.triggers.everyDays
    return {
      KeyId: asking.keyArn(asking.reference(input.KeyId)),
      KeyRotationEnabled: days !== undefined,
      ...(days === undefined
        ? {}
        : { RotationPeriodInDays: days, NextRotationDate: rotation?.nextAt }),
    }
  },
})

export const rotateKeyOnDemand = handler<'RotateKeyOnDemand', 'key.rotate'>({
  native: 'key.rotate',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases') }),
  // Recorded from AWS: a state comes before the kind of key, all but a missing material.
  examine(key, _input, asking) {
    if (keyRefusal(key) !== undefined) assertInForce(key, asking)
    assertSymmetric(key, asking)
    assertNotReplica(key, asking)
    assertInForce(key, asking)
    if (key.origin === 'imported' && key.pending === undefined)
      throw nothingPendingRotation(asking.arn(key))
  },
  output: (_output, input, asking) => ({ KeyId: asking.keyArn(asking.reference(input.KeyId)) }),
})

/** AWS knows two ways to a new version; whatever happened by itself is automatic. */
const onDemand: ReadonlySet<Version['rotatedBy']> = new Set([undefined, 'demand', 'import'])

type Version = NativeOutput<'key.versions'>['items'][number]

/** Which of a key's materials it is. */
function materialState(version: Version, current: boolean): string {
  if (version.material === 'pending') return 'PENDING_ROTATION'
  return current ? 'CURRENT' : 'NON_CURRENT'
}

function rotationEntry(version: Version, key: Key, asking: Asking) {
  const imported = key.origin === 'imported'
  return {
    KeyId: asking.keyId(key),
    KeyMaterialId: version.materialId,
    ...(version.description === undefined ? {} : { KeyMaterialDescription: version.description }),
    ...(imported
      ? { ImportState: version.material === 'absent' ? 'PENDING_IMPORT' : 'IMPORTED' }
      : {}),
    KeyMaterialState: materialState(version, version.version === key.version),
    ...(imported && version.material !== 'absent'
      ? {
          ExpirationModel:
            version.materialExpiresAt === undefined
              ? 'KEY_MATERIAL_DOES_NOT_EXPIRE'
              : 'KEY_MATERIAL_EXPIRES',
        }
      : {}),
    ...(version.materialExpiresAt === undefined ? {} : { ValidTo: version.materialExpiresAt }),
    // The first material was not rotated to, and what waits is not yet.
    ...(version.version === 1 || version.material === 'pending'
      ? {}
      : {
          RotationDate: version.activatedAt ?? version.createdAt,
          RotationType: onDemand.has(version.rotatedBy) ? 'ON_DEMAND' : 'AUTOMATIC',
        }),
  }
}

/** Natively a cursor is the number of the last version shown, and the first version is no rotation. */
const AFTER_FIRST = '1'

/** A material that waits for its rotation is the last version, and not worth a page of its own where it is not shown. */
function cursorAmongRotations(cursor: string | undefined, { pending }: Key): string | undefined {
  return pending !== undefined && cursor === String(pending - 1) ? undefined : cursor
}

export const listKeyRotations = handler<'ListKeyRotations', 'key.versions'>({
  native: 'key.versions',
  input(input, asking) {
    const page = pageOf(input, 100, 1_000)
    const all = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL'
    return {
      key: asking.reference(input.KeyId, 'no aliases'),
      ...(all ? page : { cursor: AFTER_FIRST, ...page }),
    }
  },
  examine: (key, _input, asking) => assertSymmetric(key, asking),
  output(output, input, asking) {
    const key = asking.key(asking.reference(input.KeyId))
    const all = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL'
    return {
      Rotations: output.items
        .filter((version) => all || (version.version !== 1 && version.material !== 'pending'))
        .map((version) => rotationEntry(version, key, asking)),
      ...moreOf(all ? output.cursor : cursorAmongRotations(output.cursor, key)),
    }
  },
})
