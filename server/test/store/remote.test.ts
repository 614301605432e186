import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { openStoreThread } from '#store'
import { storeConformance } from './conformance.ts'
import { batchOf, filePlaces } from './harness.ts'

storeConformance('SQLite on a thread', {
  place: filePlaces((path) => openStoreThread({ path })),
  persistent: true,
  histories: 4,
})

test('entries that cover their buffer move to the thread, and a view into more is copied', async () => {
  const store = await openStoreThread({ path: ':memory:' })
  const whole = batchOf(['whole'])
  const larger = Buffer.concat([
    Buffer.from('before'),
    batchOf(['view']).entries,
    Buffer.from('after'),
  ])
  const view = batchOf(['view'], { entries: larger.subarray(6, 12) })
  const commits = [store.commit(whole), store.commit(view)]
  assert.equal(whole.entries.length, 0)
  assert.equal(larger.toString('latin1'), 'before\0\x04viewafter')
  await Promise.all(commits)
  const entries = await store.entries(0, 9)
  assert.deepEqual(
    entries.map(({ bytes }) => Buffer.from(bytes).toString()),
    ['whole', 'view'],
  )
  // A batch that was given away cannot be committed again, and says so instead of committing nothing.
  await assert.rejects(store.commit(whole), TypeError)
  assert.equal((await store.head()).next, 2)
  await store.close()
})

test('a database that cannot be opened is refused with its reason, and leaves no thread', async () => {
  await assert.rejects(
    openStoreThread({ path: '/nonexistent/claviger.db' }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ledger_unavailable')
      assert.match(String(error.cause), /ENOENT/)
      return true
    },
  )
})

/** A store on a thread that has much to do. */
async function busyStore() {
  const { promise, resolve } = Promise.withResolvers<Worker>()
  process.once('worker', resolve)
  const store = await openStoreThread({ path: ':memory:' })
  const thread = await promise
  const asked = Array.from({ length: 50 }, () => store.commit(batchOf(['entry'])))
  return { store, thread, settled: Promise.allSettled(asked) }
}

test('when the thread dies, what is outstanding and what comes later is refused', async () => {
  const { store, thread, settled } = await busyStore()
  await thread.terminate()
  // Some may have been answered before; none may be left hanging, and none may say anything but yes or unavailable.
  for (const outcome of await settled) {
    if (outcome.status === 'rejected')
      assert.equal((outcome.reason as { code?: string }).code, 'ledger_unavailable')
  }
  await assert.rejects(store.head(), { code: 'ledger_unavailable' })
  await assert.rejects(store.recover(), { code: 'ledger_unavailable' })
  await store.close()
})

test('an answer that cannot be read ends the thread: all is refused, and closing does not wait', async () => {
  const { store, thread, settled } = await busyStore()
  const ended = once(thread, 'exit')
  thread.emit('messageerror', new Error('unreadable'))
  assert.ok((await settled).every(({ status }) => status === 'rejected'))
  await assert.rejects(store.head(), { code: 'ledger_unavailable' })
  await Promise.all([store.close(), ended])
})
