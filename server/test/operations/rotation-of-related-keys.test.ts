import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { base64 } from '../rest/client.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Multi-Region keys have their versions in common: what the primary key gets, all of them get, in one change. */

const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const DAY_MS = 86_400_000
const plaintext = base64('everywhere')

/** A primary key and its replica. */
async function related() {
  const multiRegion = { region: 'eu-central-1', multiRegion: true }
  const { id: primary } = await owner.call('key.create', multiRegion)
  const { id: replica } = await owner.call('key.replicate', { key: primary, region: 'us-east-1' })
  return { primary, replica }
}

async function versionsOf(key: string) {
  const { items } = await owner.call('key.versions', { key })
  return items.map(({ version, materialId, rotatedBy, state }) => ({
    version,
    materialId,
    rotatedBy,
    state,
  }))
}

/** Ciphertext of a replica names the shared id, and is opened with the primary's material. */
async function assertSameMaterial(...keys: readonly string[]) {
  for (const key of keys) {
    const { ciphertext } = await owner.call('encrypt', { key, plaintext })
    assert.equal((await owner.call('decrypt', { ciphertext })).plaintext, plaintext)
  }
}

test('a rotation of the primary key is one of them all', async () => {
  const { primary, replica } = await related()
  const before = await owner.call('ledger.head', {})
  const { version } = await owner.call('key.rotate', { key: primary })
  assert.equal(version, 2)
  assert.equal((await owner.call('ledger.head', {})).revision, before.revision + 1)
  assert.deepEqual(await versionsOf(replica), await versionsOf(primary))
  assert.equal((await owner.call('encrypt', { key: replica, plaintext })).version, 2)
  await assertSameMaterial(primary, replica)
  await owner.refuse('wrong_usage', 'key.rotate', { key: replica })
  await owner.refuse('wrong_usage', 'key.autoRotate', { key: replica, days: 9 })
})

test('a suspended replica gets the version, too', async () => {
  const { primary, replica } = await related()
  await owner.call('key.suspend', { key: replica })
  await owner.call('key.rotate', { key: primary })
  await owner.call('key.resume', { key: replica })
  await assertSameMaterial(replica)
})

test('the calendar is shared, and goes where the primary goes', async () => {
  const { primary, replica } = await related()
  const { rotation } = await owner.call('key.autoRotate', { key: primary, days: 5 })
  assert.deepEqual((await owner.call('key.get', { key: replica })).rotation, rotation)
  const { id: third } = await owner.call('key.replicate', { key: primary, region: 'ap-south-1' })
  assert.deepEqual((await owner.call('key.get', { key: third })).rotation, rotation)
  clock.advance(5 * DAY_MS)
  await house.runJob('rotation')
  await owner.call('key.setPrimary', { key: primary, region: 'us-east-1' })
  clock.advance(5 * DAY_MS)
  await house.runJob('rotation')
  const versions = await versionsOf(replica)
  assert.deepEqual(
    versions.map(({ rotatedBy }) => rotatedBy),
    [undefined, 'age', 'age'],
  )
  for (const key of [primary, third]) assert.deepEqual(await versionsOf(key), versions)
  const nextAt = new Date(clock.now() + 5 * DAY_MS).toISOString()
  for (const key of [primary, replica, third])
    assert.equal((await owner.call('key.get', { key })).rotation?.nextAt, nextAt)
  await assertSameMaterial(primary, replica, third)
  await owner.call('key.autoRotate', { key: replica, off: true })
  assert.equal((await owner.call('key.get', { key: third })).rotation, undefined)
})

/** Related keys with imported material. */
async function imported() {
  const multiRegion = { region: 'eu-central-1', multiRegion: true, origin: 'imported' } as const
  const { id: primary } = await owner.call('key.create', multiRegion)
  const unsafePlaintext = base64(randomBytes(32))
  await owner.call('key.import', { key: primary, unsafePlaintext })
  const { id: replica } = await owner.call('key.replicate', { key: primary, region: 'us-east-1' })
  return { primary, replica, unsafePlaintext }
}

test('a replica takes the material of its primary, and no other', async () => {
  const { primary, replica, unsafePlaintext } = await imported()
  await owner.refuse('wrong_state', 'encrypt', { key: replica, plaintext })
  const other = base64(randomBytes(32))
  await owner.refuse('conflict', 'key.import', { key: replica, unsafePlaintext: other })
  const pending = { unsafePlaintext: other, pending: true }
  await owner.refuse('wrong_usage', 'key.import', { key: replica, ...pending })
  const filled = await owner.call('key.import', { key: replica, unsafePlaintext })
  const { materialId } = await owner.call('key.get', { key: primary })
  assert.equal(filled.materialId, materialId)
  await assertSameMaterial(primary, replica)
})

test('new material waits, and is rotated to, in every region', async () => {
  const { primary, replica, unsafePlaintext } = await imported()
  await owner.call('key.import', { key: replica, unsafePlaintext })
  const next = { unsafePlaintext: base64(randomBytes(32)), pending: true }
  const { materialId } = await owner.call('key.import', { key: primary, ...next })
  // As AWS wants it done; it is there already.
  assert.equal((await owner.call('key.import', { key: replica, ...next })).materialId, materialId)
  await owner.refuse('wrong_usage', 'key.deleteMaterial', { key: replica, materialId })
  await owner.call('key.rotate', { key: primary })
  assert.deepEqual(await versionsOf(replica), await versionsOf(primary))
  await assertSameMaterial(primary, replica)

  const third = { unsafePlaintext: base64(randomBytes(32)) }
  await owner.call('key.import', { key: primary, ...third, pending: true })
  const waiting = (await owner.call('key.versions', { key: replica })).items[2]
  await owner.call('key.deleteMaterial', {
    key: primary,
    materialId: waiting?.materialId ?? '',
  })
  assert.equal((await versionsOf(replica)).length, 2)
  await owner.call('key.import', { key: primary, ...third })
  assert.equal((await owner.call('encrypt', { key: replica, plaintext })).version, 3)
  await assertSameMaterial(primary, replica)
})

test('a replica that lacks the waiting material holds up the rotation', async () => {
  const { primary, unsafePlaintext } = await imported()
  const next = { unsafePlaintext: base64(randomBytes(32)), pending: true }
  await owner.call('key.import', { key: primary, ...next })
  const { id: late } = await owner.call('key.replicate', { key: primary, region: 'sa-east-1' })
  await owner.refuse('wrong_state', 'key.rotate', { key: primary })
  for (const material of [{ unsafePlaintext }, next])
    await owner.call('key.import', { key: late, ...material })
  await owner.call('key.rotate', { key: primary })
  await assertSameMaterial(primary, late)
})

test('of related keys whose waiting material ends, none has it any more', async () => {
  const { primary, replica } = await imported()
  const materialExpiresAt = new Date(clock.now() + DAY_MS).toISOString()
  await owner.call('key.import', {
    key: primary,
    unsafePlaintext: base64(randomBytes(32)),
    pending: true,
    materialExpiresAt,
  })
  clock.advance(DAY_MS)
  await house.runJob('expiry')
  for (const key of [primary, replica]) assert.equal((await versionsOf(key)).length, 1)
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
})

test('each lives on as long as its own version was to, where that is not as long as the primary one', async () => {
  const { primary, replica } = await related()
  const protectStopAt = clock.now() + 2 * DAY_MS
  await house.perform('key.update', { key: replica, protectStopAt })
  await house.perform('key.setRotation', { key: primary, everyDays: 1 })
  clock.advance(DAY_MS)
  await house.renewToken()
  await house.runJob('rotation')
  const endOf = async (key: string) => {
    const { items } = await house.perform('key.versions', { key, limit: 10 })
    return items.at(-1)?.protectStopAt
  }
  assert.equal(await endOf(primary), undefined)
  assert.equal(await endOf(replica), clock.now() + 2 * DAY_MS)
})
