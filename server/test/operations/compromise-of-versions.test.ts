import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** Cases of single versions: of one that waits, of one that had a next one waiting, and of related keys that are destroyed meanwhile. */

const house = await startHouse()
after(() => house.close())

function opening(key: string, version?: number) {
  return {
    key,
    reason: 'found',
    since: house.clock.now(),
    hours: 24,
    ...(version === undefined ? {} : { version }),
  }
}

async function statesOf(key: string) {
  const { items } = await house.perform('key.versions', { key, limit: 100 })
  return items.map(({ state }) => state)
}

async function publishing() {
  const { id: key } = await house.createKey({ algorithm: 'Ed25519' })
  await house.perform('key.setRotation', { key, everyDays: 30, publishNext: true })
  return key
}

test('a version that waits has protected nothing: it is revoked, and not used by the next rotation', async () => {
  const key = await publishing()
  await assert.rejects(house.perform('compromise.open', opening(key, 2)), {
    code: 'wrong_state',
    message: /waits.*revoke/,
  })
  await house.perform('key.revoke', { key, version: 2, reason: 'keyCompromise' })
  await house.perform('key.rotate', { key })
  assert.deepEqual(await statesOf(key), ['deactivated', 'compromised', 'active', 'pre-activation'])
})

test('the next public key is shown again, though the one before was revoked while it waited', async () => {
  const key = await publishing()
  await house.perform('key.revoke', { key, version: 2, reason: 'keyCompromise' })
  await house.perform('compromise.open', opening(key, 1))
  assert.deepEqual(await statesOf(key), ['deactivated', 'compromised', 'active', 'pre-activation'])
})

test('a suspended key on its way to its destruction is not contained, as one that is not suspended is not', async () => {
  const { id: key } = await house.createKey()
  await house.perform('key.suspend', { key })
  await house.perform('key.destroy', { key, days: 7, acknowledge: 'all' })
  assert.equal(await house.codeOf('compromise.open', opening(key)), 'wrong_state')
})
