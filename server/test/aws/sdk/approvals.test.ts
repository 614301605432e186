import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused, present, startAwsHouse } from '../house.ts'

/** What others must approve is denied to AWS's clients, which cannot say that it was; the same principal asks, and the server does it. */

const { house, kms, owner } = await startAwsHouse()

test('a deletion that others must approve is denied, and done by the server once they have', async () => {
  const KeyId = present((await kms.createKey({})).KeyMetadata?.KeyId)
  const { token } = await house.createUser('approver')
  await owner.rest.call('approvalPolicy.createDefaults', {})
  const DENIED = 'AccessDeniedException'
  const says = /with an explicit deny in an approval policy\. Others must approve this first \(1\)/
  await assertRefused(kms.scheduleKeyDeletion({ KeyId }), DENIED, says)
  const Policy = present((await kms.getKeyPolicy({ KeyId })).Policy)
  await assertRefused(kms.putKeyPolicy({ KeyId, Policy }), DENIED, says)
  const asked = { operation: 'key.destroy', input: { key: KeyId, days: 7 }, automatic: true }
  const { id } = await owner.rest.call('approval.request', asked)
  await house.perform('approval.approve', { approval: id, comment: '' }, { token })
  await house.runJob('execution')
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  assert.equal(KeyMetadata?.KeyState, 'PendingDeletion')
  const denials = (await house.entries()).filter(({ reason }) => reason === 'approval_required')
  assert.deepEqual(
    denials.map(({ event, door, outcome }) => [event, door, outcome]),
    [
      ['key.destroy', 'aws', 'denied'],
      ['policy.put', 'aws', 'denied'],
    ],
  )
})
