import assert from 'node:assert/strict'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Store } from '#store'
import { startHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** Not only commits write: a checkpoint that cannot be saved closes the store, too, and it must be opened again. */

test('where a checkpoint cannot be saved for a while, the server serves again afterwards', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  await using house = await startHouse({ path })
  const user = await house.createUser()
  const aside = `${path}.checkpoint.new`
  mkdirSync(aside)
  await assert.rejects(house.runJob('checkpoints'), { code: 'ledger_unavailable' })
  rmdirSync(aside)
  // Nothing is held of this token yet, so that it has to be read.
  assert.equal(await house.codeOf('whoami', {}, { token: user.token }), 'ok')
  assert.equal(house.house.serving(), true)
  await house.checkpoint()
})

test('where the store cannot be opened again, the server says that it does not serve, and goes on when it can be', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  let isGone = false
  const wrapStore = (store: Store): Store =>
    storeWith(store, {
      recover: () => (isGone ? Promise.reject(new Error('the disk is gone')) : store.recover()),
    })
  await using house = await startHouse({ path, wrapStore })
  const aside = `${path}.checkpoint.new`
  mkdirSync(aside)
  isGone = true
  await assert.rejects(house.runJob('checkpoints'), { code: 'ledger_unavailable' })
  assert.equal(house.house.serving(), false)
  rmdirSync(aside)
  isGone = false
  while (house.house.ledger.failed) await new Promise((resolve) => setTimeout(resolve, 10))
  await house.createKey()
  await house.checkpoint()
})
