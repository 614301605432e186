import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'

/** Material that goes is in no file any more when it is said to be gone: neither in the database nor in its log. */

const WINDOW_MS = 2 * 86_400_000

async function scene() {
  const folder = await temporaryFolder()
  const clock = new DrivenClock()
  const path = join(folder.path, 'claviger.db')
  const house = await startHouse({ path, clock })
  return {
    house,
    path,
    wrappedOf: async (key: string) =>
      Buffer.from(
        (await house.store.key(key))?.versions[0]?.material ?? assert.fail('no material'),
      ),
    /** The files of the store that hold something. */
    filesWith: (bytes: Uint8Array) =>
      readdirSync(folder.path).filter((name) =>
        readFileSync(join(folder.path, name)).includes(bytes),
      ),
    destroy: async () => {
      clock.advance(WINDOW_MS)
      await house.renewToken()
      await house.runJob('destruction')
    },
    [Symbol.asyncDispose]: async () => {
      await house.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('the material of a destroyed key, of a destroyed version, and imported material that was deleted', async () => {
  await using all = await scene()
  const { house, wrappedOf, filesWith } = all
  const { id: whole } = await house.createKey()
  const { id: old } = await house.createKey()
  const { id: imported } = await house.perform('key.import', {
    algorithm: 'AES-256-GCM',
    exportable: false,
    unsafePlaintext: randomBytes(32),
  })
  const wrapped = [await wrappedOf(whole), await wrappedOf(old), await wrappedOf(imported)]
  for (const each of wrapped) assert.notDeepEqual(filesWith(each), [])
  await house.perform('key.rotate', { key: old })
  await house.perform('key.destroyVersion', { key: old, version: 1, days: 1 })
  await house.perform('key.destroy', { key: whole, days: 1, acknowledge: 'all' })
  await all.destroy()
  await house.perform('key.deleteMaterial', { key: imported })
  for (const each of wrapped) assert.deepEqual(filesWith(each), [])
})

test('what was wrapped under a seal, or under a root key, that was replaced', async () => {
  await using all = await scene()
  const { house, filesWith } = all
  const wrapped = async () => {
    const { tenant } = house.house.custody
    const rows = await house.store.rows([
      { kind: 'system', id: 'seal' },
      { kind: 'tenant', id: tenant },
    ])
    return rows.map((row) => row?.material ?? assert.fail('no material'))
  }
  const first = await wrapped()
  for (const each of first) assert.notDeepEqual(filesWith(each), [])
  await house.perform('system.rotateRoot', { proof: [...house.shares] })
  for (const each of first) assert.deepEqual(filesWith(each), [])
  const [root = assert.fail('no seal')] = await wrapped()
  const seal = { kind: 'shares', shares: 2, threshold: 2 } as const
  await house.perform('system.reissueSeal', { proof: [...house.shares], seal })
  assert.deepEqual(filesWith(root), [])
})

test('where another process reads the store meanwhile, it goes with the first change after that', async () => {
  await using all = await scene()
  const { house, wrappedOf, filesWith } = all
  const { id: key } = await house.createKey()
  const wrapped = await wrappedOf(key)
  await house.perform('key.destroy', { key, days: 1, acknowledge: 'all' })
  const reader = new DatabaseSync(all.path)
  reader.exec('BEGIN; SELECT count(*) FROM stored_row')
  await all.destroy()
  assert.equal((await house.perform('key.get', { key })).state, 'destroyed')
  assert.notDeepEqual(filesWith(wrapped), [])
  reader.close()
  await house.createKey()
  assert.deepEqual(filesWith(wrapped), [])
})
