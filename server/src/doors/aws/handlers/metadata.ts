import type { OutputOf as NativeOutput } from '@claviger/contract'
import { hasReplicas, KeyError, keyRefusal, type Key } from '#model'
import { algorithmLists } from '../algorithms.ts'
import { keyArn, multiRegionId } from '../arn.ts'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { pendingDeletion, wrongUsage } from '../failures.ts'
import type { OutputOf } from '../members.ts'
import { keySpecOf, keyUsageOf, type KeySpec, type KeyUsage } from '../specs.ts'

/** What AWS says of a key: DescribeKey's KeyMetadata. */

type Metadata = NonNullable<OutputOf<'DescribeKey'>['KeyMetadata']>
type View = NativeOutput<'key.get'>

/** What AWS calls what a key is. @throws AwsException NotFoundException for a key that AWS has no word for */
export function specAndUsage(
  key: Pick<Key, 'algorithm' | 'usage'>,
  arn: string,
): { readonly spec: KeySpec; readonly usage: KeyUsage } {
  const spec = keySpecOf(key.algorithm)
  if (spec === undefined) throw new AwsException('NotFoundException', `Key '${arn}' does not exist`)
  return { spec, usage: keyUsageOf(key.usage) }
}

/** @throws AwsException InvalidKeyUsageException for a key that is for something else */
export function assertUsage(
  key: Key,
  usage: Key['usage'],
  asking: Asking,
  operation: string = asking.operation,
) {
  const spec = keySpecOf(key.algorithm)
  if (spec === undefined || key.usage !== usage) {
    const arn = asking.arn(key)
    throw wrongUsage(arn, specAndUsage(key, arn).usage, operation)
  }
  return { spec, usage: keyUsageOf(usage) }
}

/** What may still be done with a key in every state but this (developer guide, key states, row TagResource). */
export function assertNotPendingDeletion(key: Key, _input: unknown, asking: Asking): void {
  if (key.destroyAt !== undefined) throw pendingDeletion(asking.arn(key), hasReplicas(key))
}

/** Neither disabled, nor pending deletion or import (developer guide, key states, footnotes 1, 3 and 5). @throws KeyError wrong_state */
export function assertInForce(key: Key, asking: Asking): void {
  const refused = keyRefusal(key)
  const hindrance = refused?.hindrance ?? (asking.withoutMaterial ? 'awaiting-material' : undefined)
  if (hindrance !== undefined)
    throw new KeyError('wrong_state', refused?.reason ?? 'it has no material', { key, hindrance })
}

export function originOf(origin: Key['origin']): 'AWS_KMS' | 'EXTERNAL' {
  return origin === 'imported' ? 'EXTERNAL' : 'AWS_KMS'
}

type State = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingReplicaDeletion' | 'PendingImport'

/** SP 800-57's states in AWS's words: what is revoked, not yet active or past its dates is disabled, and cannot be enabled. */
export function stateOf(view: View): State {
  if (view.destroyAt !== undefined) {
    const { multiRegion } = view
    const waits =
      multiRegion !== undefined &&
      multiRegion.primary === view.region &&
      multiRegion.members.length > 1
    return waits ? 'PendingReplicaDeletion' : 'PendingDeletion'
  }
  if (view.revocation !== undefined) return 'Disabled'
  if (view.awaitsMaterial === true) return 'PendingImport'
  return view.state === 'active' ? 'Enabled' : 'Disabled'
}

/** All that AWS says of a key. */
export function metadataOf(view: View, asking: Asking): Metadata {
  const { region, multiRegion } = view
  const id = multiRegion === undefined ? view.id : multiRegionId(multiRegion.id)
  const place = { region: region ?? asking.region, account: asking.account }
  const arn = keyArn(place, id)
  const { spec, usage } = specAndUsage(view, arn)
  const state = stateOf(view)
  const imported = view.origin === 'imported' && view.awaitsMaterial !== true
  return {
    AWSAccountId: asking.account,
    KeyId: id,
    Arn: arn,
    CreationDate: view.createdAt,
    Enabled: state === 'Enabled',
    Description: view.description,
    KeyUsage: usage,
    KeyState: state,
    ...(view.destroyAt === undefined || state === 'PendingReplicaDeletion'
      ? {}
      : { DeletionDate: view.destroyAt }),
    ...(state === 'PendingReplicaDeletion' && view.destroyDays !== undefined
      ? { PendingDeletionWindowInDays: view.destroyDays }
      : {}),
    Origin: originOf(view.origin),
    ...(imported
      ? {
          ExpirationModel:
            view.materialExpiresAt === undefined
              ? 'KEY_MATERIAL_DOES_NOT_EXPIRE'
              : 'KEY_MATERIAL_EXPIRES',
          ...(view.materialExpiresAt === undefined ? {} : { ValidTo: view.materialExpiresAt }),
        }
      : {}),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: spec,
    KeySpec: spec,
    ...algorithmLists(spec, usage),
    MultiRegion: multiRegion !== undefined,
    ...(multiRegion === undefined
      ? {}
      : { MultiRegionConfiguration: multiRegionOf(multiRegion, region, id, asking) }),
    ...(spec === 'SYMMETRIC_DEFAULT' && (view.origin === 'generated' || imported)
      ? { CurrentKeyMaterialId: view.materialId }
      : {}),
  }
}

function multiRegionOf(
  { primary, members }: NonNullable<View['multiRegion']>,
  region: string | undefined,
  id: string,
  asking: Asking,
) {
  const related = (where: string) => ({
    Arn: keyArn({ region: where, account: asking.account }, id),
    Region: where,
  })
  return {
    MultiRegionKeyType: primary === region ? 'PRIMARY' : 'REPLICA',
    PrimaryKey: related(primary),
    ReplicaKeys: members
      .filter((member) => member.region !== primary)
      .map((member) => related(member.region)),
  }
}
