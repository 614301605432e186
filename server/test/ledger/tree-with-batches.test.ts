import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, type Submission } from '#ledger'
import { systemClock } from '#model'
import { openSqliteStore } from '#store'

/** The tree follows with the batches, so that the job which signs checkpoints never has much to do at once. */

const submission: Submission = {
  records: () => [{ event: 'encrypt', outcome: 'ok', principal: 'p', door: 'rest', request: 'r' }],
  counters: () => [],
  change: undefined,
  revision: 0,
  recheck: () => Promise.resolve(undefined),
}

test('a tree whose ledger goes on is never far behind it', async () => {
  const store = await openSqliteStore(':memory:')
  const ledger = new Ledger({
    store,
    clock: systemClock,
    publish: () => {},
    report: (event) => assert.fail(event),
  })
  await ledger.open()
  for (let round = 0; round < 100; round += 1) {
    await Promise.all(Array.from({ length: 50 }, () => ledger.record(submission)))
    const { size } = await store.integrate(0)
    assert.ok(ledger.entries - size < 1_100, `${size} of ${ledger.entries}`)
  }
  await ledger.close()
  await store.close()
})
