import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'

/** What expires soon: every kind, the next one first, and neither what ended already nor what is another tenant's. */

const DAY_MS = 86_400_000
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const about = { description: 'soon' }

const expiring = async (days: number) => {
  const { items } = await house.perform('credential.expiring', { days })
  return items.filter(({ description }) => description === 'soon')
}

test('each kind is listed within its days, with its last use', async () => {
  const { id: principal } = await house.perform('principal.create', { name: 'a', kind: 'service' })
  await house.perform('binding.create', { principal, role: 'key-user', scope: { kind: 'tenant' } })
  const token = await house.perform('token.create', { principal, days: 4, ...about })
  const accessKey = await house.perform('accessKey.create', { principal, days: 3, ...about })
  const networks: string[] = []
  const secretId = await house.perform('secretId.create', {
    principal,
    networks,
    days: 2,
    ...about,
  })
  const fingerprint = 'a'.repeat(64)
  const certificate = await house.perform('certificate.create', {
    principal,
    fingerprint,
    days: 1,
    ...about,
  })
  await house.perform('accessKey.create', { principal, ...about })
  const gone = await house.perform('token.create', { principal, days: 1, ...about })
  await house.perform('token.revoke', { token: gone.id })
  await house.perform('random', { length: 8 }, { token: token.token })

  const found = await expiring(10)
  assert.deepEqual(
    found.map(({ kind, id, expiresAt }) => ({ kind, id, expiresAt })),
    [
      { kind: 'certificate', id: certificate.id, expiresAt: clock.now() + DAY_MS },
      { kind: 'secretId', id: secretId.id, expiresAt: clock.now() + 2 * DAY_MS },
      { kind: 'accessKey', id: accessKey.id, expiresAt: clock.now() + 3 * DAY_MS },
      { kind: 'token', id: token.id, expiresAt: clock.now() + 4 * DAY_MS },
    ],
  )
  assert.deepEqual(
    found.map(({ lastUsedAt }) => lastUsedAt),
    [undefined, undefined, undefined, clock.now()],
  )
  assert.equal((await expiring(2)).length, 2)
  assert.doesNotMatch(JSON.stringify(found), /clv|hash/)
  clock.advance(2 * DAY_MS)
  assert.equal((await expiring(10)).length, 2)
})

test('another tenant sees none of it', async () => {
  const { token } = await house.perform('tenant.create', { name: 'other' })
  const { items } = await house.perform('credential.expiring', { days: 366 }, { token })
  assert.ok(items.every(({ description }) => description !== 'soon'))
})
