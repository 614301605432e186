import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** Cases of single versions: of one that waits, of one that had a next one waiting, and of related keys that are destroyed meanwhile. */

const DAY_MS = 86_400_000
const house = await startHouse()
after(() => house.close())

async function eventsOf(key: string, event: string) {
  const entries = await house.entries()
  return entries.filter((each) => each.event === event && each.key === key)
}

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

test('the case of an old version stops nobody from verifying what newer ones made', async () => {
  const message = Buffer.from('made by the newest')
  for (const algorithm of ['Ed25519', 'HMAC-SHA-256'] as const) {
    const { id: key } = await house.createKey({ algorithm })
    await house.perform('key.rotate', { key })
    await house.perform('compromise.open', { ...opening(key, 1), principals: [] })
    const { valid, version } =
      algorithm === 'Ed25519'
        ? await house.perform('verify', {
            key,
            message,
            signature: (await house.perform('sign', { key, message })).signature,
          })
        : await house.perform('verifyMac', {
            key,
            message,
            mac: (await house.perform('mac', { key, message })).mac,
          })
    assert.deepEqual([valid, version], [true, 2], algorithm)
    const named = { key, message, version: 1 }
    const code =
      algorithm === 'Ed25519'
        ? await house.codeOf('verify', { ...named, signature: message })
        : await house.codeOf('verifyMac', { ...named, mac: message })
    assert.equal(code, 'wrong_state', algorithm)
  }
})

test('a compromised public key is in no key set, though its case is open and names the caller', async () => {
  const { id: principal } = (await house.perform('whoami', {})).principal
  const setOf = async (key: string) => (await house.perform('key.jwks', { key })).keys
  const { id: key } = await house.createKey({ algorithm: 'Ed25519' })
  const [compromised] = await setOf(key)
  await house.perform('compromise.open', { ...opening(key, 1), principals: [principal] })
  const [next, ...others] = await setOf(key)
  assert.deepEqual([next?.kid === compromised?.kid, others], [false, []])
  const { id: other } = await house.createKey({ algorithm: 'Ed25519' })
  await house.perform('compromise.open', { ...opening(other), principals: [principal] })
  assert.deepEqual(await setOf(other), [])
})

test('what takes the place of a version, or of its key, lives as long as that was to, and not for ever', async () => {
  const now = house.clock.now()
  const [protects, processes] = [10 * DAY_MS, 20 * DAY_MS]
  const dates = { protectStopAt: now + protects, processStopAt: now + processes }
  const { id: key } = await house.createKey({ activateAt: now, ...dates })
  await house.perform('compromise.open', opening(key, 1))
  const { replacement } = await house.perform('compromise.open', opening(key))
  for (const each of [key, replacement.key]) {
    const { items } = await house.perform('key.versions', { key: each, limit: 10 })
    const { activatedAt = 0, protectStopAt, processStopAt } = items.at(-1) ?? {}
    assert.equal(protectStopAt, activatedAt + protects)
    assert.equal(processStopAt, activatedAt + processes)
  }
})

test('a step of the case of a version that is taken again says nothing of the whole key, which goes on', async () => {
  const { id: key } = await house.createKey()
  const { id } = await house.perform('compromise.open', opening(key, 1))
  await house.perform('compromise.revoke', { case: id })
  await house.perform('compromise.revoke', { case: id })
  await house.perform('encrypt', { key, plaintext: Buffer.from('x') })
  const revoked = await eventsOf(key, 'compromise.revoke')
  assert.deepEqual(
    revoked.map(({ version }) => version),
    [1, 1],
  )
})

test('a case that was closed without revoking does not answer afterwards that it has', async () => {
  const { id: key } = await house.createKey()
  const { id } = await house.perform('compromise.open', opening(key))
  await house.perform('compromise.close', { case: id, anyway: 'a false alarm' })
  assert.equal(await house.codeOf('compromise.revoke', { case: id }), 'wrong_state')
  await house.perform('key.revoke', { key, reason: 'keyCompromise' })
})
