import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '#store'
import { startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'

test('an entry that came while a checkpoint was being made is proved by the next one', async () => {
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  let holds = false
  const wrapStore = (store: Store): Store =>
    storeWith(store, {
      saveCheckpoint: async (checkpoint) => {
        if (holds) {
          holds = false
          reached.resolve()
          await held.promise
        }
        return store.saveCheckpoint(checkpoint)
      },
    })
  await using house = await startHouse({ wrapStore })
  await house.createKey()
  await house.runJob('checkpoints')
  await house.createKey()
  holds = true
  const signing = house.runJob('checkpoints')
  await reached.promise
  const { id: key } = await house.createKey()
  const index = (await house.entries()).findLast((entry) => entry.key === key)?.index
  assert.ok(index !== undefined)
  const proving = house.perform('ledger.prove', { index })
  proving.catch(() => undefined)
  // Until it waits for the checkpoint under way.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  held.resolve()
  await signing
  assert.equal((await proving).index, index)
})
