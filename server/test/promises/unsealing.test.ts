import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { runSelfTests } from '#crypto'
import { systemClock } from '#model'
import { openSqliteStore, type Store } from '#store'
import { compose } from '../../src/compose.ts'
import { PUBLIC_URL, startHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** The seal opens when the ledger says so: nothing is served before, and what fails on the way leaves it closed. */

const origin = { door: 'test', source: '127.0.0.1', request: 'ceremony' }

/** A store whose commits wait, or fail, as a test says. */
class Commits {
  #before: () => Promise<void> = () => Promise.resolve()

  readonly wrap = (store: Store): Store =>
    storeWith(store, {
      commit: async (batch) => {
        await this.#before()
        return store.commit(batch)
      },
    })

  /** Commits wait from now on; resolves `reached` with the first that does. */
  hold() {
    const reached = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    this.#before = () => {
      reached.resolve()
      return held.promise
    }
    return { reached: reached.promise, release: held.resolve }
  }

  /** Commits fail from now on. */
  fail(): void {
    this.#before = () => Promise.reject(new Error('the disk is full'))
  }
}

/** A house with a key, closed again; what opens it, and its token. */
async function closedHouse(folder: string) {
  const path = join(folder, 'claviger.db')
  await using house = await startHouse({ path })
  const { id: key } = await house.createKey()
  return { path, key, token: house.token, shares: house.shares }
}

test('nothing is served between the last share and the record of it, and all of it after', async () => {
  await using folder = await temporaryFolder()
  const { path, key, token, shares } = await closedHouse(folder.path)
  const commits = new Commits()
  await using house = await startHouse({ path, wrapStore: commits.wrap })
  const use = () =>
    house.codeOf('encrypt', { key, plaintext: Buffer.from('the payroll') }, { token })
  const { reached, release } = commits.hold()
  const unsealed = house.unseal(shares)
  await reached
  const { state } = house.house.status()
  const isServing = house.house.serving()
  // What is let in would wait for the same commit.
  const early = use()
  const ours = assert.rejects(house.renewToken(), { code: 'sealed' })
  release()
  assert.equal(await early, 'sealed')
  await ours
  assert.deepEqual({ state, isServing }, { state: 'sealed', isServing: false })
  assert.equal(await unsealed, true)
  assert.equal(await use(), 'ok')
  assert.equal(house.house.status().state, 'unsealed')
  const events = (await house.entries()).map(({ event }) => event)
  assert.deepEqual(events.slice(events.lastIndexOf('system.unseal')), ['system.unseal', 'encrypt'])
})

test('an unsealing that cannot be recorded opens nothing', async () => {
  await using folder = await temporaryFolder()
  const { path, key, token, shares } = await closedHouse(folder.path)
  const commits = new Commits()
  await using house = await startHouse({ path, wrapStore: commits.wrap })
  commits.fail()
  await assert.rejects(house.unseal(shares), { code: 'ledger_unavailable' })
  assert.equal(house.house.status().state, 'sealed')
  const input = { key, plaintext: Buffer.from('the payroll') }
  assert.equal(await house.codeOf('encrypt', input, { token }), 'sealed')
})

test('an initialization that fails after its root key was made leaves nothing open', async () => {
  runSelfTests(systemClock)
  await using store = Object.assign(await openSqliteStore(':memory:'), {
    [Symbol.asyncDispose](): Promise<void> {
      return store.close()
    },
  })
  const house = await compose({
    // The keys that sign the ledger are read back last.
    store: storeWith(store, {
      rows: (references) =>
        references.some(({ id }) => id === 'log')
          ? Promise.reject(new Error('the disk is gone'))
          : store.rows(references),
    }),
    clock: systemClock,
    log: pino({ level: 'silent' }),
    origin: 'claviger.test/ledger',
    publicUrl: () => PUBLIC_URL,
    webhookNetworks: [],
    node: 'node',
  })
  const seal = { kind: 'shares', shares: 2, threshold: 2 } as const
  await assert.rejects(house.ceremonies.init({ seal, owner: 'owner' }, origin), /the disk is gone/)
  assert.equal(house.hierarchy.open, false)
  assert.throws(() => house.assertServing(), { code: 'sealed' })
})
