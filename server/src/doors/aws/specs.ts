import { usagesOf } from '#model'
import { usageClash, usageMissing } from './failures.ts'
import type * as member from './schema/members.ts'
import type { ValueOf } from './schema/shapes.ts'

/** What keys are, in AWS's names. Those of the house stand beside them in the model, where key policies find them too. */
export { algorithmOf, keySpecOf, keyUsageOf, nativeUsageOf } from '#model'

export type KeySpec = ValueOf<typeof member.keySpec>
export type KeyUsage = ValueOf<typeof member.keyUsage>
export type DataKeyPairSpec = ValueOf<typeof member.dataKeyPairSpec>

/** The usage of a new key: only a symmetric one has a default. @throws AwsException ValidationException */
export function usageForNewKey(spec: KeySpec, usage: KeyUsage | undefined): KeyUsage {
  if (usage === undefined) {
    if (spec !== 'SYMMETRIC_DEFAULT') throw usageMissing()
    return 'ENCRYPT_DECRYPT'
  }
  if (!usagesOf(spec).includes(usage)) throw usageClash(usage, spec)
  return usage
}

/** Bytes of the data keys that have a name. */
export const dataKeyBytes = { AES_256: 32, AES_128: 16 } as const
