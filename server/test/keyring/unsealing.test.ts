import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '#store'
import { startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'

test('until every tenant key is there the server is sealed, to everybody and to its jobs', async () => {
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  let holds = false
  const wrapStore = (store: Store): Store =>
    storeWith(store, {
      scan: async (kind, after, limit) => {
        if (holds && kind === 'tenant') {
          reached.resolve()
          await held.promise
        }
        return store.scan(kind, after, limit)
      },
    })
  await using house = await startHouse({ wrapStore })
  await house.perform('system.seal', {})
  holds = true
  const unsealing = house.unseal()
  await reached.promise
  assert.equal(await house.codeOf('whoami', {}), 'sealed')
  assert.equal(house.house.serving(), false)
  assert.equal(house.house.status().state, 'sealed')
  held.resolve()
  assert.equal(await unsealing, true)
  assert.equal(await house.codeOf('whoami', {}), 'ok')
})
