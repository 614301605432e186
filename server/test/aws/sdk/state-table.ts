import type { CreateKeyRequest, KMS } from '@aws-sdk/client-kms'
import type { MadeKey, State } from './keys-in-states.ts'
import { ownArn, use, type StateRow, type Told, type Tolds } from './state-row.ts'
import { uses } from './state-uses.ts'

/** What AWS documents of the states of keys: which operation takes a key in which state, and how it refuses the others. */

const change: Tolds = ['ok', 'ok', 3, 3, 'ok']
const always: Tolds = ['ok', 'ok', 'ok', 'ok', 'ok']

const external: CreateKeyRequest = { Origin: 'EXTERNAL' }
const multiRegion: CreateKeyRequest = { MultiRegion: true }
let names = 0
async function aliasOf(kms: KMS, { id }: MadeKey): Promise<string> {
  const AliasName = `alias/of-${(names += 1)}`
  await kms.createAlias({ AliasName, TargetKeyId: id })
  return AliasName
}

async function grantOf(kms: KMS, { id }: MadeKey): Promise<string | undefined> {
  const grant = await kms.createGrant({
    KeyId: id,
    GranteePrincipal: ownArn(kms),
    RetiringPrincipal: ownArn(kms),
    Operations: ['DescribeKey'],
  })
  return grant.GrantId
}

const life: readonly StateRow[] = [
  {
    operation: 'CancelKeyDeletion',
    told: [4, 4, 'ok', 'ok', 4],
    ask: (kms, KeyId) => kms.cancelKeyDeletion({ KeyId }),
  },
  {
    operation: 'ScheduleKeyDeletion',
    told: change,
    ask: (kms, KeyId) => kms.scheduleKeyDeletion({ KeyId }),
  },
  {
    operation: 'EnableKey',
    told: ['ok', 'ok', 3, 3, 5],
    ask: (kms, KeyId) => kms.enableKey({ KeyId }),
  },
  {
    operation: 'DisableKey',
    told: ['ok', 'ok', 3, 3, 5],
    ask: (kms, KeyId) => kms.disableKey({ KeyId }),
  },
  {
    operation: 'EnableKeyRotation',
    told: ['ok', 1, 3, 3, 6],
    ask: (kms, KeyId) => kms.enableKeyRotation({ KeyId }),
  },
  {
    operation: 'DisableKeyRotation',
    told: ['ok', 1, 3, 3, 6],
    ask: (kms, KeyId) => kms.disableKeyRotation({ KeyId }),
  },
  {
    operation: 'GetKeyRotationStatus',
    told: ['ok', 'ok', 'ok', 'ok', 6],
    ask: (kms, KeyId) => kms.getKeyRotationStatus({ KeyId }),
  },
  {
    operation: 'RotateKeyOnDemand',
    told: use,
    ask: (kms, KeyId) => kms.rotateKeyOnDemand({ KeyId }),
  },
  {
    operation: 'UpdateKeyDescription',
    told: change,
    ask: (kms, KeyId) => kms.updateKeyDescription({ KeyId, Description: 'new' }),
  },
  {
    operation: 'TagResource',
    told: change,
    ask: (kms, KeyId) => kms.tagResource({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
  },
  {
    operation: 'UntagResource',
    told: change,
    ask: (kms, KeyId) => kms.untagResource({ KeyId, TagKeys: ['a'] }),
  },
  {
    operation: 'ReplicateKey',
    key: multiRegion,
    told: use,
    ask: (kms, KeyId) => kms.replicateKey({ KeyId, ReplicaRegion: 'ap-south-1' }),
  },
  {
    operation: 'UpdatePrimaryRegion',
    key: multiRegion,
    told: use,
    // A key with a replica is never pending deletion alone.
    prepare: async (kms, { id }, state) => {
      if (state === 'Enabled') await kms.replicateKey({ KeyId: id, ReplicaRegion: 'ap-south-1' })
      return undefined
    },
    ask: (kms, KeyId) => kms.updatePrimaryRegion({ KeyId, PrimaryRegion: 'ap-south-1' }),
  },
]

const importing = {
  WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
  WrappingKeySpec: 'RSA_2048',
} as const

const imports: readonly StateRow[] = [
  {
    operation: 'GetParametersForImport',
    told: [9, 9, 9, 9, 'ok'],
    ask: (kms, KeyId) => kms.getParametersForImport({ KeyId, ...importing }),
  },
  {
    operation: 'GetParametersForImport',
    key: external,
    told: ['ok', 'ok', 3, 3, 'ok'],
    ask: (kms, KeyId) => kms.getParametersForImport({ KeyId, ...importing }),
  },
  {
    operation: 'DeleteImportedKeyMaterial',
    told: [9, 9, 9, 9, 'ok'],
    ask: (kms, KeyId) => kms.deleteImportedKeyMaterial({ KeyId }),
  },
  {
    operation: 'DeleteImportedKeyMaterial',
    key: external,
    told: always,
    ask: (kms, KeyId) => kms.deleteImportedKeyMaterial({ KeyId }),
  },
]

const naming: readonly StateRow[] = [
  {
    operation: 'CreateAlias',
    told: change,
    ask: (kms, KeyId) =>
      kms.createAlias({ AliasName: `alias/new-${(names += 1)}`, TargetKeyId: KeyId }),
  },
  {
    operation: 'UpdateAlias',
    told: change,
    prepare: async (kms) => aliasOf(kms, { id: await other(kms), arn: '' }),
    ask: (kms, KeyId, alias) => kms.updateAlias({ AliasName: alias as string, TargetKeyId: KeyId }),
  },
  {
    operation: 'UpdateAlias (away from it)',
    told: always,
    prepare: aliasOf,
    ask: async (kms, _KeyId, alias) =>
      kms.updateAlias({ AliasName: alias as string, TargetKeyId: await other(kms) }),
  },
  {
    operation: 'DeleteAlias',
    told: always,
    prepare: aliasOf,
    ask: (kms, _KeyId, alias) => kms.deleteAlias({ AliasName: alias as string }),
  },
  { operation: 'ListAliases', told: always, ask: (kms, KeyId) => kms.listAliases({ KeyId }) },
]

/** A key like the one that is tried. */
async function other(kms: KMS): Promise<string> {
  return (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
}

const reads: readonly StateRow[] = [
  { operation: 'DescribeKey', told: always, ask: (kms, KeyId) => kms.describeKey({ KeyId }) },
  { operation: 'GetKeyPolicy', told: always, ask: (kms, KeyId) => kms.getKeyPolicy({ KeyId }) },
  {
    operation: 'PutKeyPolicy',
    told: always,
    prepare: async (kms, { id }) => (await kms.getKeyPolicy({ KeyId: id })).Policy,
    ask: (kms, KeyId, policy) => kms.putKeyPolicy({ KeyId, Policy: policy as string }),
  },
  {
    operation: 'ListKeyPolicies',
    told: always,
    ask: (kms, KeyId) => kms.listKeyPolicies({ KeyId }),
  },
  {
    operation: 'ListKeyRotations',
    told: always,
    ask: (kms, KeyId) => kms.listKeyRotations({ KeyId }),
  },
  {
    operation: 'ListResourceTags',
    told: always,
    ask: (kms, KeyId) => kms.listResourceTags({ KeyId }),
  },
  { operation: 'ListGrants', told: always, ask: (kms, KeyId) => kms.listGrants({ KeyId }) },
  {
    operation: 'GetKeyLastUsage',
    told: always,
    ask: (kms, KeyId) => kms.getKeyLastUsage({ KeyId }),
  },
  {
    operation: 'RevokeGrant',
    told: always,
    prepare: grantOf,
    ask: (kms, KeyId, grant) => kms.revokeGrant({ KeyId, GrantId: grant as string }),
  },
  {
    operation: 'RetireGrant',
    told: always,
    prepare: grantOf,
    ask: (kms, KeyId, grant) => kms.retireGrant({ KeyId, GrantId: grant as string }),
  },
]

export const stateRows: readonly StateRow[] = [...uses, ...life, ...imports, ...naming, ...reads]

/** The exception of a footnote. */
export function refusalOf(
  told: Exclude<Told, 'ok'>,
  arn: string,
  state: State,
): readonly [type: string, message: string] {
  switch (told) {
    case 1:
      return ['DisabledException', `${arn} is disabled.`]
    case 3:
      return [
        'KMSInvalidStateException',
        state === 'PendingReplicaDeletion'
          ? `${arn} is pending deletion (or pending replica deletion).`
          : `${arn} is pending deletion.`,
      ]
    case 4:
      return ['KMSInvalidStateException', `${arn} is not pending deletion.`]
    case 5:
      return ['KMSInvalidStateException', `${arn} is pending import.`]
    case 6:
    case 9:
      return [
        'UnsupportedOperationException',
        `${arn} origin is ${told === 6 ? 'EXTERNAL' : 'AWS_KMS'} which is not valid for this operation.`,
      ]
  }
}
