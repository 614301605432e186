import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** A version that was revoked while it waited never comes into use, and neither does another under its number. */

const house = await startHouse()
after(() => house.close())
const revocation = { version: 2, reason: 'keyCompromise' } as const

async function versionsOf(key: string) {
  const { items } = await house.perform('key.versions', { key, limit: 100 })
  return items.map(({ version, state }) => `${version} ${state}`)
}

/** Imports material into a key, and the same again only where it is given. */
function give(key: string, unsafePlaintext = randomBytes(32), pending?: true) {
  return house.perform('key.import', {
    key,
    exportable: false,
    unsafePlaintext,
    ...(pending === undefined ? {} : { pending }),
  })
}

test('what was made ahead and revoked stays so, though nothing is made ahead any more', async () => {
  const { id: key } = await house.createKey({ algorithm: 'Ed25519' })
  await house.perform('key.setRotation', { key, everyDays: 30, publishNext: true })
  await house.perform('key.revoke', { key, ...revocation })
  await house.perform('key.setRotation', { key, off: true })
  assert.deepEqual(await versionsOf(key), ['1 active', '2 compromised'])
  await house.perform('key.rotate', { key })
  assert.deepEqual(await versionsOf(key), ['1 deactivated', '2 compromised', '3 active'])
})

test('imported material that was revoked is not brought back by deleting it', async () => {
  const { id: key } = await house.createKey({ origin: 'imported' })
  const known = randomBytes(32)
  await give(key)
  const { materialId } = await give(key, Buffer.from(known), true)
  await house.perform('key.revoke', { key, ...revocation })
  await house.perform('key.deleteMaterial', { key, materialId })
  for (const pending of [true, undefined] as const)
    await assert.rejects(give(key, Buffer.from(known), pending), { code: 'wrong_state' })
  assert.equal(await house.codeOf('key.rotate', { key }), 'wrong_state')
  // Other material comes after it.
  await give(key, randomBytes(32), true)
  await assert.rejects(give(key, Buffer.from(known), true), { code: 'conflict' })
  await house.perform('key.rotate', { key })
  assert.deepEqual(await versionsOf(key), ['1 deactivated', '2 compromised', '3 active'])
})

test('each of related keys can have the material of such a version deleted', async () => {
  const multiRegion = { region: 'here', multiRegion: true, origin: 'imported' } as const
  const { id: primary } = await house.createKey(multiRegion)
  const first = randomBytes(32)
  await give(primary, Buffer.from(first))
  const { id: replica } = await house.perform('key.replicate', { key: primary, region: 'there' })
  await give(replica, Buffer.from(first))
  const { materialId } = await give(primary, randomBytes(32), true)
  await house.perform('key.revoke', { key: primary, ...revocation })
  for (const key of [replica, primary]) {
    await house.perform('key.deleteMaterial', { key, materialId })
    const { items } = await house.perform('key.versions', { key, limit: 10 })
    assert.deepEqual([items[1]?.state, items[1]?.material], ['compromised', 'absent'])
  }
})

test('a number that was revoked stays when what waited after it is not made ahead any more', async () => {
  const { id: key } = await house.createKey({ algorithm: 'Ed25519' })
  const ahead = { key, everyDays: 30, publishNext: true } as const
  await house.perform('key.setRotation', ahead)
  await house.perform('key.revoke', { key, ...revocation })
  await house.perform('key.setRotation', ahead)
  assert.deepEqual(await versionsOf(key), ['1 active', '2 compromised', '3 pre-activation'])
  await house.perform('key.setRotation', { key, off: true })
  assert.deepEqual(await versionsOf(key), ['1 active', '2 compromised'])
  await house.perform('key.rotate', { key })
  assert.deepEqual(await versionsOf(key), ['1 deactivated', '2 compromised', '3 active'])
})

test('a number that was revoked is not given again when what waited after it is deleted', async () => {
  const { id: key } = await house.createKey({ origin: 'imported' })
  await give(key)
  await give(key, undefined, true)
  await house.perform('key.revoke', { key, ...revocation })
  const { materialId } = await give(key, undefined, true)
  await house.perform('key.deleteMaterial', { key, materialId })
  assert.deepEqual(await versionsOf(key), ['1 active', '2 compromised'])
  await give(key, undefined, true)
  await house.perform('key.rotate', { key })
  assert.deepEqual(await versionsOf(key), ['1 deactivated', '2 compromised', '3 active'])
})
