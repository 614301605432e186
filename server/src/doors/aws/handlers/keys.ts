import { AwsException } from '../exceptions.ts'
import { algorithmOf, nativeUsageOf, usageForNewKey } from '../specs.ts'
import { handler } from './handler.ts'
import { metadataOf } from './metadata.ts'
import { labelsOf } from './tags.ts'

/** CreateKey and DescribeKey. */

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
})

export const describeKey = handler<'DescribeKey', 'key.get'>({
  native: 'key.get',
  input: (input, asking) => ({ key: asking.reference(input.KeyId) }),
  output: (output, _input, asking) => ({ KeyMetadata: metadataOf(output, asking) }),
})
