import type { OperationName } from '@claviger/contract'
import type { Key } from '#model'
import { defaultKeyPolicy, kmsOperation } from '#operations'
import { keyArn, keyNotFound, multiRegionId } from '../arn.ts'
import type { Asking } from '../asking.ts'
import { AwsException } from '../exceptions.ts'
import { notPrimary } from '../failures.ts'
import { requestUuid } from '../request.ts'
import { algorithmOf, keySpecOf, nativeUsageOf, usageForNewKey } from '../specs.ts'
import { handler } from './handler.ts'
import { assertInForce, assertNotPendingDeletion, metadataOf } from './metadata.ts'
import { moreOf, pageOf } from './paging.ts'
import { malformed } from './policies.ts'
import { labelsOf } from './tags.ts'

/** Making keys, showing them, and having them in several regions. */

export const createKey = handler<'CreateKey', 'key.create'>({
  native: 'key.create',
  input(input, asking) {
    if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined) {
      throw new AwsException(
        'ValidationException',
        'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
      )
    }
    const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
    const usage = usageForNewKey(spec, input.KeyUsage)
    const algorithm = algorithmOf(spec)
    const { Origin = 'AWS_KMS' } = input
    if (
      algorithm === undefined ||
      (Origin !== 'AWS_KMS' && Origin !== 'EXTERNAL') ||
      input.CustomKeyStoreId !== undefined ||
      input.XksKeyId !== undefined
    ) {
      throw new AwsException(
        'UnsupportedOperationException',
        'Key spec SM2 and custom key stores are not supported',
      )
    }
    return {
      algorithm,
      usage: nativeUsageOf(usage),
      exportable: false,
      origin: Origin === 'EXTERNAL' ? 'imported' : 'generated',
      region: asking.region,
      ...(input.MultiRegion === true ? { multiRegion: true } : {}),
      ...(input.Description === undefined ? {} : { description: input.Description }),
      ...(input.Tags === undefined ? {} : { labels: labelsOf(input.Tags) }),
      ...(input.Policy === undefined ? {} : { policy: input.Policy }),
      ...(input.BypassPolicyLockoutSafetyCheck === undefined
        ? {}
        : { bypassPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck }),
    }
  },
  output: (output, _input, asking) => ({ KeyMetadata: metadataOf(output, asking) }),
  recover: malformed,
})

export const describeKey = handler<'DescribeKey', 'key.get'>({
  native: 'key.get',
  input: (input, asking) => ({ key: asking.reference(input.KeyId) }),
  output: (output, _input, asking) => ({ KeyMetadata: metadataOf(output, asking) }),
})

export const listKeys = handler<'ListKeys', 'key.list'>({
  native: 'key.list',
  input: (input) => pageOf(input, 100, 1_000),
  output: (output, _input, asking) => ({
    Keys: output.items
      // What AWS has no word for cannot be shown to its clients.
      .filter((view) => keySpecOf(view.algorithm) !== undefined && !isDestroyed(view.state))
      .map((view) => {
        const id = view.multiRegion === undefined ? view.id : multiRegionId(view.multiRegion.id)
        const place = { region: view.region ?? asking.region, account: asking.account }
        return { KeyId: id, KeyArn: keyArn(place, id) }
      }),
    ...moreOf(output.cursor),
  }),
})

function isDestroyed(state: string): boolean {
  return state === 'destroyed' || state === 'destroyed-compromised'
}

export const updateKeyDescription = handler<'UpdateKeyDescription', 'key.update'>({
  native: 'key.update',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    description: input.Description,
  }),
  examine: assertNotPendingDeletion,
  output: () => undefined,
})

export const getKeyLastUsage = handler<'GetKeyLastUsage', 'key.lastUse'>({
  native: 'key.lastUse',
  input: (input, asking) => ({ key: asking.reference(input.KeyId, 'no aliases') }),
  output(output, input, asking) {
    const { last } = output
    return {
      KeyId: asking.keyArn(asking.reference(input.KeyId)),
      ...(last === undefined
        ? {}
        : {
            KeyLastUsage: {
              Operation: kmsOperation(last.operation as OperationName, {}, 'apply'),
              Timestamp: last.at,
              KmsRequestId: requestUuid(last.request),
            },
          }),
      // The ledger has everything since the key was made.
      TrackingStartDate: output.createdAt,
      KeyCreationDate: output.createdAt,
    }
  },
})

export const replicateKey = handler<'ReplicateKey', 'key.replicate'>({
  native: 'key.replicate',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    region: input.ReplicaRegion,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(input.Tags === undefined ? {} : { labels: labelsOf(input.Tags) }),
    ...(input.Policy === undefined ? {} : { policy: input.Policy }),
    ...(input.BypassPolicyLockoutSafetyCheck === undefined
      ? {}
      : { bypassPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck }),
  }),
  examine: assertPrimary,
  output: (output, input, asking) => ({
    ReplicaKeyMetadata: metadataOf(output, asking),
    ReplicaPolicy: input.Policy ?? defaultKeyPolicy(asking.account),
    // Recorded from AWS: without tags the member is not there.
    ...(input.Tags === undefined || input.Tags.length === 0 ? {} : { ReplicaTags: input.Tags }),
  }),
  recover: malformed,
})

export const updatePrimaryRegion = handler<'UpdatePrimaryRegion', 'key.setPrimary'>({
  native: 'key.setPrimary',
  input: (input, asking) => ({
    key: asking.reference(input.KeyId, 'no aliases'),
    region: input.PrimaryRegion,
  }),
  examine: assertPrimary,
  output: () => undefined,
  recover(error, input, asking) {
    const key = asking.facts?.key(asking.reference(input.KeyId))
    if (error.code !== 'not_found' || key === undefined) return undefined
    const place = { region: input.PrimaryRegion, account: asking.account }
    return keyNotFound(keyArn(place, asking.keyId(key)))
  },
})

/** Only a primary key, in a state to be used, is copied or replaced (developer guide, key states). */
function assertPrimary(key: Key, _input: unknown, asking: Asking): void {
  const arn = asking.arn(key)
  if (key.multiRegion === undefined || key.multiRegion.primary !== key.region) throw notPrimary(arn)
  assertInForce(key, asking)
}
