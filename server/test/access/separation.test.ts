import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGranting } from './granting.ts'

/** Duties that are kept apart, whatever the roles that have them are called. */

const { owner, person } = await startGranting()
const { id: separation } = await owner.call('separation.create', {
  name: 'keys and their use',
  duties: ['key-admin', 'key-user'],
})

test('no binding gives two duties, whatever the role is called', async () => {
  const { id: principal } = await person()
  await owner.call('role.create', { role: 'rotator', actions: ['key.rotate'] })
  const { id: binding } = await owner.call('binding.create', { principal, role: 'rotator' })
  for (const role of ['key-user', 'encrypter', 'owner'])
    await owner.refuse('separation_violated', 'binding.create', { principal, role })
  await owner.call('binding.create', { principal, role: 'auditor' })
  await owner.call('binding.delete', { binding })
  await owner.call('binding.create', { principal, role: 'key-user' })
})

test('nor does a group, from either side', async () => {
  const { id: principal } = await person()
  await owner.call('binding.create', { principal, role: 'signer' })
  const { id: group } = await owner.call('group.create', { name: 'admins' })
  await owner.call('group.add', { group, principal })
  await owner.refuse('separation_violated', 'binding.create', {
    principal: group,
    role: 'key-admin',
  })
  await owner.call('group.remove', { group, principal })
  await owner.call('binding.create', { principal: group, role: 'key-admin' })
  await owner.refuse('separation_violated', 'group.add', { group, principal })
})

test('nor does a role that is changed', async () => {
  const { id: principal } = await person()
  await owner.call('role.create', { role: 'changing', actions: ['key.get'] })
  await owner.call('binding.create', { principal, role: 'changing' })
  await owner.call('binding.create', { principal, role: 'decrypter' })
  await owner.refuse('separation_violated', 'role.update', {
    role: 'changing',
    actions: ['key.get', 'key.destroy'],
  })
  await owner.call('role.update', { role: 'changing', actions: ['key.get', 'key.list'] })
})

test('of two changes that each would do alone, one is done', async () => {
  const { id: principal } = await person()
  const outcomes = await Promise.allSettled([
    owner.call('binding.create', { principal, role: 'key-admin' }),
    owner.call('binding.create', { principal, role: 'key-user' }),
  ])
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('without it they may be given again', async () => {
  const { items } = await owner.call('separation.list', {})
  assert.deepEqual(
    items.map(({ id, duties }) => [id, duties]),
    [[separation, ['key-admin', 'key-user']]],
  )
  await owner.refuse('invalid_request', 'separation.create', {
    name: 'one',
    duties: ['auditor', 'auditor'],
  })
  await owner.call('separation.delete', { separation })
  await owner.refuse('not_found', 'separation.delete', { separation })
  const { id: principal } = await person()
  await owner.call('binding.create', { principal, role: 'key-admin' })
  await owner.call('binding.create', { principal, role: 'key-user' })
})

test('every separation holds: there are no more than are looked at', async () => {
  const { token } = await owner.call('tenant.create', { name: 'many separations' })
  const many = owner.as(token)
  const common = { duties: ['auditor', 'approver'] as const }
  for (let each = 1; each < 100; each += 1)
    await many.call('separation.create', { name: `same ${each}`, duties: [...common.duties] })
  const last = { name: 'last', duties: ['key-admin', 'key-user'] as ['key-admin', 'key-user'] }
  await many.call('separation.create', last)
  await many.refuse('conflict', 'separation.create', last)
  const { id: principal } = await many.call('principal.create', { name: 'both' })
  await many.call('binding.create', { principal, role: 'key-admin' })
  await many.refuse('separation_violated', 'binding.create', { principal, role: 'key-user' })
})
