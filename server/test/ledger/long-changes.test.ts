import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { verifyHouse } from '../harness/read-ledger.ts'

/** A change may write more rows than one entry of the ledger can name: 65,535 bytes are the format's limit. */

async function assertSound(house: TestHouse): Promise<void> {
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  assert.deepEqual((await verifyHouse(house)).findings, [])
}

/** The entries of the change at the end of the ledger, by their part. */
async function partsOf(house: TestHouse, event: string) {
  const entries = await house.entries()
  const of = entries.filter((entry) => entry.event === event)
  return {
    parts: of.map(({ part }) => part),
    revisions: of.map(({ revision }) => revision !== undefined),
    rows: of.flatMap(({ changed = [] }) => changed.map(({ kind, id }) => `${kind} ${id}`)),
  }
}

test('a key with hundreds of versions is revoked, and nothing uses it after', async () => {
  await using house = await startHouse()
  const { id: key } = await house.createKey()
  const plaintext = Buffer.from('plaintext')
  const { ciphertext } = await house.perform('encrypt', { key, plaintext })
  for (let version = 2; version <= 520; version += 1) await house.perform('key.rotate', { key })
  await house.perform('key.revoke', { key, reason: 'keyCompromise' })
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
  const { parts, revisions, rows } = await partsOf(house, 'key.revoke')
  assert.deepEqual(parts, [undefined, 'rest', 'rest'])
  assert.deepEqual(revisions, [true, false, false])
  // The key, its versions, and the alarm that its compromise is.
  assert.equal(rows.length, 522)
  assert.equal(new Set(rows).size, 522)
  assert.equal(rows.filter((row) => row.startsWith('occurrence ')).length, 1)
  await assertSound(house)
})

test('a key with hundreds of long names is destroyed with them', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: key } = await house.createKey()
  const names = Array.from({ length: 1_010 }, (_, at) => `${'n'.repeat(250)}/${at}`)
  for (const alias of names) await house.perform('alias.create', { alias, key })
  await house.perform('key.destroy', { key, days: 1 })
  clock.advance(86_400_000)
  await house.renewToken()
  await house.runJob('destruction')
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed')
  const { parts, rows } = await partsOf(house, 'key.erase')
  assert.equal(parts.filter((part) => part === 'rest').length, parts.length - 1)
  assert.equal(rows.filter((row) => row.startsWith('alias ')).length, names.length)
  const { items } = await house.perform('alias.list', { limit: 10 })
  assert.deepEqual(items, [])
  await assertSound(house)
})
