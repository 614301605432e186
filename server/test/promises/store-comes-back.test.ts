import assert from 'node:assert/strict'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Store } from '#store'
import { openDoors } from '../../src/server.ts'
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

test('while the store is gone, the log says once why, whatever is asked and however often it is tried to open it', async () => {
  let isGone = false
  let tries = 0
  const thrice = Promise.withResolvers<void>()
  const gone = () => Promise.reject(new Error('the disk is full'))
  const wrapStore = (store: Store): Store =>
    storeWith(store, {
      commit: (batch) => (isGone ? gone() : store.commit(batch)),
      recover() {
        tries += 1
        if (tries === 3) thrice.resolve()
        return isGone ? gone() : store.recover()
      },
    })
  const lines: { readonly level: number; readonly event?: string; readonly msg: string }[] = []
  const log = pino(
    { level: 'warn' },
    { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
  )
  await using house = await startHouse({ wrapStore, log })
  const door = openDoors(house.house, { log, awsPath: '/aws', isDraining: () => false })
  const ask = () =>
    door.respond({
      method: 'POST',
      path: '/v1/keys',
      query: '',
      headers: { authorization: `Bearer ${house.token}`, 'content-type': 'application/json' },
      distinctHeaders: () => ({}),
      body: Buffer.from('{}'),
      source: '127.0.0.1',
      secure: false,
      certificate: undefined,
      id: 'asked',
    })
  assert.equal((await ask()).status, 200)
  isGone = true
  for (let time = 0; time < 5; time += 1) assert.equal((await ask()).status, 503)
  await thrice.promise
  isGone = false
  while (house.house.ledger.failed) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal((await ask()).status, 200)
  assert.deepEqual(
    lines.map(({ event, msg }) => event ?? msg),
    ['write-failed', 'recovery-failed', 'recovered'],
  )
})
