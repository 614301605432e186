import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { defaultSettings } from '#model'
import { startHouse } from '../harness/house.ts'

/** The settings of a tenant: what they are at first, that they bound what is made, and that no other tenant has them. */

const DAY_MS = 86_400_000
const house = await startHouse()
after(() => house.close())
const { id: principal } = await house.perform('principal.create', { name: 'app', kind: 'service' })

async function tokenDays(days?: number): Promise<number> {
  const made = await house.perform('token.create', { principal, description: '', days })
  return Math.round((made.expiresAt - made.createdAt) / DAY_MS)
}

test('at first they are the defaults, and bound nothing that was allowed before', async () => {
  assert.deepEqual(await house.perform('settings.get', {}), { ...defaultSettings })
  assert.equal(await tokenDays(), 90)
  assert.equal(await tokenDays(366), 366)
  const made = await house.perform('accessKey.create', { principal, description: '' })
  assert.equal(made.expiresAt, undefined)
})

test('a limit holds for what is made after it, and the refusal names it', async () => {
  const changed = await house.perform('settings.update', { tokenDays: 30, accessKeyDays: 60 })
  assert.deepEqual(changed, { ...defaultSettings, tokenDays: 30, accessKeyDays: 60 })
  assert.deepEqual(await house.perform('settings.get', {}), changed)
  assert.equal(await tokenDays(), 30)
  assert.equal(await tokenDays(7), 7)
  await assert.rejects(tokenDays(31), { code: 'invalid_request', message: /30 days \(tokenDays/ })
  const made = await house.perform('accessKey.create', { principal, description: '' })
  assert.equal(made.expiresAt, made.createdAt + 60 * DAY_MS)
  const longer = house.perform('accessKey.create', { principal, description: '', days: 61 })
  await assert.rejects(longer, { code: 'invalid_request', message: /60 days \(accessKeyDays/ })
})

test('what is changed is recorded, and what is not named stays', async () => {
  const { next } = await house.store.head()
  await house.perform('settings.update', { secretIdDays: 10 })
  const [entry] = await house.entries(next)
  assert.equal(entry?.event, 'settings.update')
  assert.deepEqual(entry.detail, { secretIdDays: 10 })
  assert.equal((await house.perform('settings.get', {})).tokenDays, 30)
})

test('another tenant has its own', async () => {
  const { token } = await house.perform('tenant.create', { name: 'other' })
  assert.deepEqual(await house.perform('settings.get', {}, { token }), { ...defaultSettings })
})

test('two at once: both are kept', async () => {
  await Promise.all([
    house.perform('settings.update', { idleMinutes: 5 }),
    house.perform('settings.update', { loginHours: 8 }),
  ])
  const { idleMinutes, loginHours } = await house.perform('settings.get', {})
  assert.deepEqual({ idleMinutes, loginHours }, { idleMinutes: 5, loginHours: 8 })
})
