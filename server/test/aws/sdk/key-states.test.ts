import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { assertRefused, DAY_MS, OTHER_REGION, present, startAwsHouse } from '../house.ts'
import {
  bring,
  importMaterial,
  makeKey,
  states,
  type MadeKey,
  type State,
} from './keys-in-states.ts'
import { sayWho, type StateRow } from './state-row.ts'
import { refusalOf, stateRows } from './state-table.ts'

/** The states of keys: what is done in which, and how one leads to another. */

const { kms, client, owner, clock, house } = await startAwsHouse()
sayWho(kms, owner.arn)

/** A key for a row in a state, with what was got ready while it was enabled. */
async function ready(row: StateRow, state: State) {
  const external = row.key?.Origin === 'EXTERNAL'
  const waits = state === 'PendingImport'
  const key = await makeKey(kms, {
    ...row.key,
    ...(waits ? { Origin: 'EXTERNAL' } : {}),
    ...(state === 'PendingReplicaDeletion' ? { MultiRegion: true } : {}),
  })
  const symmetric = row.key?.KeySpec === undefined
  const imports = external || (waits && row.prepare !== undefined && symmetric)
  if (imports) await importMaterial(kms, key.id, randomBytes(32))
  const enabled = !waits || imports
  const prepared = await row.prepare?.(kms, enabled ? key : await makeKey(kms, row.key), state)
  if (enabled) await bring(kms, key, state)
  return { key, prepared }
}

for (const row of stateRows) {
  test(`${row.operation}${row.key?.Origin === 'EXTERNAL' ? ' of an imported key' : ''}`, async () => {
    for (const [at, state] of states.entries()) {
      const told = present(row.told[at])
      const { key, prepared } = await ready(row, state)
      const asked = row.ask(kms, key.id, prepared)
      if (told === 'ok') {
        await asked.catch((error: unknown) => {
          throw new Error(`refused where the key is ${state}`, { cause: error })
        })
      } else await assertRefused(asked, ...refusalOf(told, key.arn, state))
    }
  })
}

async function stateOf({ id }: MadeKey): Promise<string | undefined> {
  return (await kms.describeKey({ KeyId: id })).KeyMetadata?.KeyState
}

test('disabled and enabled, twice each', async () => {
  const key = await makeKey(kms)
  for (const [change, state] of [
    ['disableKey', 'Disabled'],
    ['disableKey', 'Disabled'],
    ['enableKey', 'Enabled'],
    ['enableKey', 'Enabled'],
  ] as const) {
    await kms[change]({ KeyId: key.id })
    assert.equal(await stateOf(key), state)
  }
})

test('a deletion that is called off leaves the key disabled', async () => {
  const key = await makeKey(kms)
  const { KeyMetadata: before } = await kms.describeKey({ KeyId: key.id })
  const scheduled = await kms.scheduleKeyDeletion({ KeyId: key.id, PendingWindowInDays: 7 })
  assert.equal(scheduled.KeyId, key.arn)
  assert.equal(scheduled.KeyState, 'PendingDeletion')
  assert.equal(scheduled.PendingWindowInDays, 7)
  const days = (present(scheduled.DeletionDate).getTime() - clock.now()) / DAY_MS
  assert.ok(days > 6.9 && days <= 7, `${days}`)
  const { KeyMetadata: pending } = await kms.describeKey({ KeyId: key.id })
  const { DeletionDate, ...rest } = present(pending)
  assert.deepEqual(rest, { ...before, KeyState: 'PendingDeletion', Enabled: false })
  assert.equal(present(DeletionDate).getTime(), scheduled.DeletionDate?.getTime())
  assert.equal((await kms.cancelKeyDeletion({ KeyId: key.id })).KeyId, key.arn)
  const { KeyMetadata: after } = await kms.describeKey({ KeyId: key.id })
  assert.deepEqual(after, { ...before, KeyState: 'Disabled', Enabled: false })
  await kms.enableKey({ KeyId: key.id })
  assert.deepEqual((await kms.describeKey({ KeyId: key.id })).KeyMetadata, before)
})

test('a window is 7 to 30 days, and 30 where none is given', async () => {
  const key = await makeKey(kms)
  for (const PendingWindowInDays of [0, 1, 6, 31, 366])
    await assertRefused(
      kms.scheduleKeyDeletion({ KeyId: key.id, PendingWindowInDays }),
      'ValidationException',
    )
  assert.equal((await kms.scheduleKeyDeletion({ KeyId: key.id })).PendingWindowInDays, 30)
})

test('material that is deleted or expires leaves a key that waits for it', async () => {
  const key = await makeKey(kms, { Origin: 'EXTERNAL' })
  assert.equal(await stateOf(key), 'PendingImport')
  const material = randomBytes(32)
  const id = await importMaterial(kms, key.id, material)
  const { KeyMetadata: there } = await kms.describeKey({ KeyId: key.id })
  assert.deepEqual(
    [there?.KeyState, there?.Origin, there?.ExpirationModel, there?.CurrentKeyMaterialId],
    ['Enabled', 'EXTERNAL', 'KEY_MATERIAL_DOES_NOT_EXPIRE', id],
  )
  const Plaintext = Buffer.from('the payroll')
  const { CiphertextBlob } = await kms.encrypt({ KeyId: key.id, Plaintext })
  const deleted = await kms.deleteImportedKeyMaterial({ KeyId: key.id })
  assert.deepEqual([deleted.KeyId, deleted.KeyMaterialId], [key.arn, id])
  const { KeyMetadata: gone } = await kms.describeKey({ KeyId: key.id })
  assert.deepEqual([gone?.KeyState, gone?.ExpirationModel], ['PendingImport', undefined])
  await assertRefused(importMaterial(kms, key.id, randomBytes(32)), 'IncorrectKeyMaterialException')
  const ValidTo = new Date(clock.now() + 2 * DAY_MS)
  await importMaterial(kms, key.id, material, { ValidTo })
  const { KeyMetadata: again } = await kms.describeKey({ KeyId: key.id })
  assert.deepEqual(
    [again?.KeyState, again?.ExpirationModel, again?.ValidTo],
    ['Enabled', 'KEY_MATERIAL_EXPIRES', new Date(Math.floor(ValidTo.getTime()))],
  )
  assert.deepEqual(
    Buffer.from(present((await kms.decrypt({ CiphertextBlob })).Plaintext)),
    Plaintext,
  )
})

test('what a replica has a primary key waits for', async () => {
  const key = await makeKey(kms, { MultiRegion: true })
  await kms.replicateKey({ KeyId: key.id, ReplicaRegion: OTHER_REGION })
  const there = client({ region: OTHER_REGION })
  const scheduled = await kms.scheduleKeyDeletion({ KeyId: key.id, PendingWindowInDays: 7 })
  assert.deepEqual(
    [scheduled.KeyState, scheduled.DeletionDate],
    ['PendingReplicaDeletion', undefined],
  )
  assert.equal((await there.describeKey({ KeyId: key.id })).KeyMetadata?.KeyState, 'Enabled')
  await there.scheduleKeyDeletion({ KeyId: key.id, PendingWindowInDays: 8 })
  const { KeyMetadata: waiting } = await kms.describeKey({ KeyId: key.id })
  assert.deepEqual(
    [waiting?.KeyState, waiting?.DeletionDate, waiting?.PendingDeletionWindowInDays],
    ['PendingReplicaDeletion', undefined, 7],
  )
  const replica = (await there.describeKey({ KeyId: key.id })).KeyMetadata
  assert.equal(replica?.PendingDeletionWindowInDays, undefined)
  clock.advance(8 * DAY_MS)
  await house.runJob('destruction')
  await house.runJob('destruction')
  const later = client({ systemClockOffset: clock.ahead })
  const { KeyMetadata: alone } = await later.describeKey({ KeyId: key.id })
  assert.deepEqual(
    [alone?.KeyState, alone?.PendingDeletionWindowInDays],
    ['PendingDeletion', undefined],
  )
  const left = present(alone?.DeletionDate).getTime() - clock.now()
  assert.ok(left > 6 * DAY_MS && left <= 7 * DAY_MS, String(left))
})

test('when a window ends the key is gone, as if it had never been', async () => {
  const sooner = client({ systemClockOffset: clock.ahead })
  const key = await makeKey(sooner)
  const { CiphertextBlob } = await sooner.encrypt({ KeyId: key.id, Plaintext: Buffer.from('x') })
  await sooner.scheduleKeyDeletion({ KeyId: key.id, PendingWindowInDays: 7 })
  clock.advance(8 * DAY_MS)
  await house.runJob('destruction')
  const later = client({ systemClockOffset: clock.ahead })
  await assertRefused(
    later.describeKey({ KeyId: key.id }),
    'NotFoundException',
    `Key '${key.arn}' does not exist`,
  )
  await assertRefused(
    later.decrypt({ CiphertextBlob }),
    'AccessDeniedException',
    'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
  )
})
