import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { WireOutputOf } from '@claviger/contract'
import type { Batch, CommitResult, Store } from '#store'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { readLedger, verifyHouse, verifyServer } from '../harness/read-ledger.ts'
import { startServerProcess, temporaryFolder } from '../harness/server-process.ts'
import { snapshot } from '../harness/snapshot.ts'
import { storeWith } from '../harness/store-with.ts'

/** The second promise: no answer leaves before its record is durable; where it cannot be made durable, nothing was done. */

/** A store whose commits a test holds back, or lets fail. */
class Disk {
  /** What a commit meets instead of the disk, while it is set. */
  fault: ((batch: Batch, commit: () => Promise<CommitResult>) => Promise<CommitResult>) | undefined
  recoveries = 0
  /** Whether opening it again fails too. */
  dead = false

  wrap = (store: Store): Store =>
    storeWith(store, {
      commit: (batch) => {
        const commit = () => store.commit(batch)
        return this.fault === undefined ? commit() : this.fault(batch, commit)
      },
      recover: async () => {
        if (this.dead) throw new Error('the disk is still gone')
        this.recoveries += 1
        return store.recover()
      },
    })
}

/** A change and a use of every sort: what each does must be seen, or not be there. */
async function everySort(house: TestHouse, key: string, ciphertext: Uint8Array) {
  return [
    () => house.perform('encrypt', { key, plaintext: Buffer.from('a') }),
    () => house.perform('decrypt', { ciphertext }),
    () => house.perform('datakey', { key }),
    () => house.perform('random', { length: 8 }),
    () =>
      house.perform('key.create', { algorithm: 'AES-256-GCM', exportable: false, alias: 'new' }),
    () => house.perform('key.rotate', { key }),
    () => house.perform('key.suspend', { key }),
    () => house.perform('key.revoke', { key, reason: 'keyCompromise' }),
    () => house.perform('key.destroy', { key, days: 1 }),
    () => house.perform('principal.create', { name: 'new', kind: 'user' }),
    () => house.perform('tenant.create', { name: 'new' }),
  ] as const
}

async function withKey(disk: Disk, path?: string) {
  const house = await startHouse({ wrapStore: disk.wrap, ...(path === undefined ? {} : { path }) })
  const { id: key } = await house.createKey()
  const { ciphertext } = await house.perform('encrypt', { key, plaintext: Buffer.from('kept') })
  return { house, key, ciphertext }
}

async function settled(house: TestHouse): Promise<void> {
  while (house.house.ledger.failed) await new Promise((resolve) => setTimeout(resolve, 10))
}

test('while its commit is under way, an operation has no answer', async () => {
  const disk = new Disk()
  const { house, key, ciphertext } = await withKey(disk)
  await using _ = house
  for (const operation of await everySort(house, key, ciphertext)) {
    const held = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    disk.fault = async (_batch, commit) => {
      reached.resolve()
      await held.promise
      return commit()
    }
    let told = false
    const answer = codeOf(operation()).then((code) => {
      told = true
      return code
    })
    try {
      await reached.promise
      // Many turns of the event loop: nothing that is due could still be on its way.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      assert.equal(told, false)
    } finally {
      disk.fault = undefined
      held.resolve()
    }
    await answer
    assert.equal(told, true)
  }
})

test('a denial has no answer either while its record is not durable', async () => {
  const disk = new Disk()
  const { house, key } = await withKey(disk)
  await using _ = house
  const { token } = await house.createUser()
  disk.fault = () => Promise.reject(new Error('the disk is gone'))
  const plaintext = Buffer.from('a')
  assert.equal(await house.codeOf('encrypt', { key, plaintext }, { token }), 'ledger_unavailable')
})

for (const [when, commits] of [
  ['before it wrote anything', false],
  ['after it had written everything', true],
] as const) {
  test(`a commit that fails ${when}: nothing is told, nothing half done, and it recovers`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'claviger.db')
    const disk = new Disk()
    const { house, key, ciphertext } = await withKey(disk, path)
    await using _ = house
    for (const operation of await everySort(house, key, ciphertext)) {
      const before = await snapshot(house.store)
      const { next } = await house.store.head()
      disk.fault = async (_batch, commit) => {
        disk.fault = undefined
        if (commits) await commit()
        throw new Error('the disk is gone')
      }
      assert.equal(await codeOf(operation()), 'ledger_unavailable')
      await settled(house)
      const entries = await house.entries(next)
      if (commits) assert.equal(entries.length, 1, 'what was written stands, with its record')
      else {
        assert.deepEqual(await snapshot(house.store), before)
        assert.equal(entries.length, 0)
      }
    }
    assert.ok(disk.recoveries > 0)
    await house.perform('random', { length: 8 })
    assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
    const report = await verifyHouse(house)
    assert.ok(report.ok, report.summary)
  })
}

test('while the store is gone everything is refused, also what waited; when it is back, all is well', async () => {
  await using folder = await temporaryFolder()
  const disk = new Disk()
  const { house, key, ciphertext } = await withKey(disk, join(folder.path, 'claviger.db'))
  await using _ = house
  const before = await snapshot(house.store)
  const { next } = await house.store.head()
  disk.dead = true
  disk.fault = () => Promise.reject(new Error('the disk is gone'))
  const operations = await everySort(house, key, ciphertext)
  const codes = await Promise.all(
    [...operations, ...operations].map((operation) => codeOf(operation())),
  )
  assert.deepEqual(new Set(codes), new Set(['ledger_unavailable']))
  // The disk would take it now, but the store has not been opened again.
  disk.fault = undefined
  for (const operation of operations) assert.equal(await codeOf(operation()), 'ledger_unavailable')
  disk.dead = false
  await settled(house)
  assert.deepEqual(await snapshot(house.store), before)
  assert.equal((await house.store.head()).next, next)
  assert.equal(
    Buffer.from((await house.perform('decrypt', { ciphertext })).plaintext).toString(),
    'kept',
  )
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('a real full disk: what was told is there, what was refused is not, and it goes on elsewhere', async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  const told: string[] = []
  const refused: string[] = []
  let uses = 0
  let first = ''
  {
    await using server = await startServerProcess({ data, fileKiBMax: 1_500 })
    first = (await server.call<WireOutputOf<'key.create'>>('POST', '/v1/keys', {})).id
    while (refused.length < 20) {
      const name = `key-${told.length + refused.length}`
      const created = await server.request('POST', '/v1/keys', {
        alias: name,
        description: 'x'.repeat(1_000),
      })
      if (created.status === 200) told.push(name)
      else {
        assert.equal(created.status, 503, created.body.toString())
        refused.push(name)
      }
      const used = await server.request('POST', `/v1/keys/${first}/encrypt`, { plaintext: 'AAAA' })
      if (used.status === 200) uses += 1
      else assert.equal(used.status, 503, used.body.toString())
    }
    assert.ok(told.length > 20, `only ${told.length} keys were made before the disk was full`)
    await server.kill9()
  }
  await using server = await startServerProcess({ data })
  const entries = await readLedger(server)
  const recorded = entries.filter(({ event, outcome }) => event === 'encrypt' && outcome === 'ok')
  assert.equal(recorded.length, uses)
  for (const name of told) await server.call('GET', `/v1/keys/${name}`)
  for (const name of refused) {
    assert.equal(
      (await server.request('GET', `/v1/keys/${name}`)).status,
      404,
      `${name} was refused, and is there`,
    )
  }
  const { findings } = await server.call<WireOutputOf<'system.doctor'>>(
    'POST',
    '/v1/system/doctor',
    {},
  )
  assert.deepEqual(findings, [])
  const report = await verifyServer(server)
  assert.ok(report.ok, report.summary)
})
