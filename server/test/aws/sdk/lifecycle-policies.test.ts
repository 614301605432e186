import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused, present, refused, REGION, startAwsHouse } from '../house.ts'

/** What lifecycle policies do not allow is denied to AWS's clients in AWS's words, and recorded. */

const { house, kms, owner, account } = await startAwsHouse()
const ask = (
  rules: object,
  scope: { kind: 'tenant' } | { kind: 'key'; key: string } = { kind: 'tenant' },
) => owner.rest.call('lifecyclePolicy.create', { name: 'house rules', scope, rules })

function denied(operation: string, resource: string, words: string): RegExp {
  const said =
    `User: ${owner.arn} is not authorized to perform: kms:${operation} on resource: ${resource} ` +
    `with an explicit deny in a lifecycle policy. The lifecycle policy 'house rules' does not allow it: ${words}`
  return new RegExp(`^${RegExp.escape(said)}`)
}

test('each operation that would break a policy is denied', async () => {
  const metadata = present(
    (await kms.createKey({ Tags: [{ TagKey: 'env', TagValue: 'a' }] })).KeyMetadata,
  )
  const KeyId = present(metadata.KeyId)
  const arn = `arn:aws:kms:${REGION}:${account}:key/${KeyId}`
  const primary = present(
    (await kms.createKey({ MultiRegion: true, Tags: [{ TagKey: 'env', TagValue: 'a' }] }))
      .KeyMetadata?.KeyId,
  )
  for (const each of [KeyId, primary])
    await kms.enableKeyRotation({ KeyId: each, RotationPeriodInDays: 100 })
  await ask({ strengthMin: 128, labels: ['env'], rotation: { everyDays: 200 } })
  await ask({ destructionDaysMin: 14 }, { kind: 'key', key: KeyId })
  const DENIED = 'AccessDeniedException'
  const missing = 'it has no label env'
  await assertRefused(kms.createKey({}), DENIED, denied('CreateKey', '*', missing))
  const Tags = [{ TagKey: 'env', TagValue: 'prod' }]
  await assertRefused(
    kms.createKey({ Tags, KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }),
    DENIED,
    denied('CreateKey', '*', 'the strength is 112 bits, not 128'),
  )
  assert.ok((await kms.createKey({ Tags })).KeyMetadata)
  await assertRefused(
    kms.untagResource({ KeyId, TagKeys: ['env'] }),
    DENIED,
    denied('UntagResource', arn, missing),
  )
  await assertRefused(
    kms.replicateKey({ KeyId: primary, ReplicaRegion: 'us-west-2' }),
    DENIED,
    /kms:ReplicateKey .* it has no label env/,
  )
  await assertRefused(
    kms.disableKeyRotation({ KeyId }),
    DENIED,
    denied('DisableKeyRotation', arn, 'it is not rotated by itself within 200 days'),
  )
  await assertRefused(
    kms.enableKeyRotation({ KeyId, RotationPeriodInDays: 365 }),
    DENIED,
    denied('EnableKeyRotation', arn, 'it is not rotated by itself within 200 days'),
  )
  await assertRefused(
    kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 }),
    DENIED,
    denied('ScheduleKeyDeletion', arn, 'the window is 7 days, not 14 or more'),
  )
  const entry = (await house.entries()).at(-1)
  assert.equal(entry?.reason, 'policy_violated')
  assert.equal(entry?.key, KeyId)
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Enabled')
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 14 })
})

test('a key of the door ends when its cryptoperiod does', async () => {
  await ask({ cryptoperiods: { symmetricEncryption: { protect: 30 } } })
  const Tags = [{ TagKey: 'env', TagValue: 'prod' }]
  const KeyId = present((await kms.createKey({ Tags })).KeyMetadata?.KeyId)
  assert.equal((await kms.getKeyRotationStatus({ KeyId })).RotationPeriodInDays, 200)
  const view = await owner.rest.call('key.versions', { key: KeyId })
  const [version] = view.items
  const ends = Date.parse(version?.protectStopAt ?? '') - Date.parse(version?.activatedAt ?? '')
  assert.equal(ends, 30 * 86_400_000)
  assert.equal((await refused(kms.createKey({}))).type, 'AccessDeniedException')
})
