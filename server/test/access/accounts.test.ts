import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, startHouse } from '../harness/house.ts'

/** What AWS clients know a tenant by: twelve digits that no other tenant has. */

test('an account is one of a tenant alone, given or made of its id', async () => {
  await using house = await startHouse()
  const { account: first } = await house.perform('whoami', {})
  const { tenant } = await house.perform('tenant.create', { name: 'a', account: '111122223333' })
  assert.equal(tenant.account, '111122223333')
  const { tenant: other } = await house.perform('tenant.create', { name: 'b' })
  assert.match(other.account, /^\d{12}$/)
  for (const account of [first, tenant.account, other.account]) {
    assert.equal(await house.codeOf('tenant.create', { name: 'c', account }), 'conflict')
  }
  const { items } = await house.perform('tenant.list', { limit: 10 })
  assert.deepEqual(
    new Set(items.map(({ account }) => account)),
    new Set([first, tenant.account, other.account]),
  )
})

test('of many that want the same account at once one gets it', async () => {
  await using house = await startHouse()
  const codes = await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      codeOf(house.perform('tenant.create', { name: `t${at}`, account: '111122223333' })),
    ),
  )
  assert.deepEqual(codes.toSorted(), [...Array.from({ length: 7 }, () => 'conflict'), 'ok'])
})
