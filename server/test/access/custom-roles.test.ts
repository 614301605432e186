import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGranting } from './granting.ts'

/** Roles of a tenant's own. */

const { owner, person, newKey } = await startGranting()
const plaintext = Buffer.from('x').toString('base64')

test('a role allows its actions, and a change of it counts at once', async () => {
  const key = await newKey()
  const { id: principal, client } = await person()
  const role = 'sealer'
  await owner.call('role.create', { role, summary: 'Encrypts', actions: ['encrypt', 'encrypt'] })
  const { id: binding } = await owner.call('binding.create', { principal, role })
  await client.call('encrypt', { key, plaintext })
  await client.refuse('forbidden', 'key.get', { key })
  const changed = await owner.call('role.update', { role, actions: ['key.get'] })
  assert.deepEqual(changed, { role, summary: 'Encrypts', actions: ['key.get'] })
  await client.refuse('forbidden', 'encrypt', { key, plaintext })
  await client.call('key.get', { key })
  const { items } = await owner.call('role.list', {})
  assert.deepEqual(items.at(-1), changed)
  await owner.refuse('conflict', 'role.delete', { role })
  await owner.call('binding.delete', { binding })
  await owner.call('role.delete', { role })
  await owner.refuse('not_found', 'role.update', { role, actions: ['key.get'] })
  await owner.refuse('not_found', 'binding.create', { principal, role })
})

test('what is refused as a role', async () => {
  for (const actions of [['*'], ['none'], ['any'], ['encypt'], ['constructor']])
    await owner.refuse('invalid_request', 'role.create', { role: 'refused', actions })
  for (const role of ['Upper', '1st', 'a b', ''])
    await owner.refuse('invalid_request', 'role.create', { role, actions: ['encrypt'] })
  await owner.refuse('conflict', 'role.create', { role: 'auditor', actions: ['encrypt'] })
  await owner.call('role.create', { role: 'twice', actions: ['encrypt'] })
  await owner.refuse('conflict', 'role.create', { role: 'twice', actions: ['decrypt'] })
  await owner.refuse('conflict', 'role.delete', { role: 'auditor' })
})

test('whoever has a role cannot add to it what they do not have', async () => {
  const { id: principal, client } = await person()
  await owner.call('binding.create', { principal, role: 'security-officer' })
  await owner.call('role.create', { role: 'mine', actions: ['key.get'] })
  await owner.call('binding.create', { principal, role: 'mine' })
  await client.refuse('forbidden', 'role.update', { role: 'mine', actions: ['key.get', 'decrypt'] })
  await client.call('role.update', { role: 'mine', actions: ['key.get', 'role.list'] })
})

test("a role of another tenant's is as good as none", async () => {
  await owner.call('role.create', { role: 'ours', actions: ['encrypt'] })
  const { token } = await owner.call('tenant.create', { name: 'others' })
  const other = owner.as(token)
  const { id: principal } = await other.call('principal.create', { name: 'other' })
  await other.refuse('not_found', 'binding.create', { principal, role: 'ours' })
})
