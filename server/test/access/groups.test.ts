import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGranting } from './granting.ts'

/** Roles that are given to groups, and to those who are in them at the time. */

const { house, owner, person, newKey } = await startGranting()
const plaintext = Buffer.from('x').toString('base64')

async function newGroup(name: string, role?: string) {
  const { id } = await owner.call('group.create', { name })
  if (role !== undefined) await owner.call('binding.create', { principal: id, role })
  return id
}

test('a member may what the group may, from the answer of each change on', async () => {
  const key = await newKey()
  const { id: principal, client } = await person()
  const use = { key, plaintext }
  await client.refuse('forbidden', 'encrypt', use)
  const group = await newGroup('apps')
  await owner.call('group.add', { group, principal })
  await client.refuse('forbidden', 'encrypt', use)
  const { id: binding, ...shown } = await owner.call('binding.create', {
    principal: group,
    role: 'encrypter',
  })
  assert.deepEqual([shown.group, shown.principal], [group, undefined])
  await client.call('encrypt', use)
  await owner.call('group.remove', { group, principal })
  await client.refuse('forbidden', 'encrypt', use)
  await owner.call('group.add', { group, principal })
  await client.call('encrypt', use)
  await owner.call('binding.delete', { binding })
  await client.refuse('forbidden', 'encrypt', use)
})

test('groups and their members are listed, and a group with roles stays', async () => {
  const { id: principal } = await person()
  const group = await newGroup('auditors', 'auditor')
  await owner.refuse('conflict', 'group.create', { name: 'auditors' })
  await owner.call('group.add', { group, principal })
  await owner.refuse('conflict', 'group.add', { group, principal })
  const { items } = await owner.call('group.members', { group })
  assert.deepEqual(
    items.map((one) => one.principal),
    [principal],
  )
  const { items: groups } = await owner.call('group.list', {})
  assert.ok(groups.some(({ id, name }) => id === group && name === 'auditors'))
  await owner.refuse('conflict', 'group.delete', { group })
  const { items: bindings } = await owner.call('binding.list', { group })
  for (const { id } of bindings) await owner.call('binding.delete', { binding: id })
  await owner.call('group.delete', { group })
  await owner.refuse('not_found', 'group.members', { group })
  await owner.refuse('not_found', 'group.add', { group, principal })
  await owner.refuse('not_found', 'group.remove', { group, principal })
})

test('nobody gives themselves what they do not have, directly or by a group', async () => {
  const { id: principal, client } = await person()
  await owner.call('binding.create', { principal, role: 'security-officer' })
  const refused = (role: string, to: string) =>
    client.refuse('forbidden', 'binding.create', { principal: to, role })
  await refused('key-user', principal)
  await refused('owner', (await person()).id)
  // What they have they may give on, also to themselves.
  await client.call('binding.create', { principal, role: 'security-officer' })
  const group = (await client.call('group.create', { name: 'own' })).id
  await client.call('group.add', { group, principal })
  await refused('key-user', group)
  const users = await newGroup('users', 'key-user')
  await client.refuse('forbidden', 'group.add', { group: users, principal })
  await client.call('group.add', { group: users, principal: (await person()).id })
})

test('nor by two changes at once, each of which would do alone', async () => {
  const { id: principal, client } = await person()
  await owner.call('binding.create', { principal, role: 'security-officer' })
  const { token } = client
  const key = await newKey()
  const bound = (to: string, role: string) => {
    const input = { principal: to, role, scope: { kind: 'tenant' as const } }
    return house.codeOf('binding.create', input, { token })
  }
  const group = await newGroup('at once')
  const joins = house.codeOf('group.add', { group, principal }, { token })
  const given = bound(group, 'encrypter')
  assert.deepEqual((await Promise.all([joins, given])).toSorted(), ['forbidden', 'ok'])
  const role = 'at-once'
  await owner.call('role.create', { role, summary: '', actions: ['role.list'] })
  const taken = bound(principal, role)
  const widened = house.codeOf('role.update', { role, actions: ['decrypt'] }, { token })
  assert.deepEqual((await Promise.all([taken, widened])).toSorted(), ['forbidden', 'ok'])
  await client.refuse('forbidden', 'encrypt', { key, plaintext })
})

test('nor what is taken from them at the same time', async () => {
  const { id: principal, client } = await person()
  await owner.call('binding.create', { principal, role: 'security-officer' })
  const { id: binding } = await owner.call('binding.create', { principal, role: 'encrypter' })
  const input = { principal, role: 'encrypter', scope: { kind: 'tenant' as const } }
  const ended = house.codeOf('binding.delete', { binding })
  const given = house.codeOf('binding.create', input, { token: client.token })
  const codes = await Promise.all([ended, given])
  assert.deepEqual(codes, ['ok', 'forbidden'])
  await client.refuse('forbidden', 'encrypt', { key: await newKey(), plaintext })
})

test('only an owner takes ownership away, and nobody takes their own: no tenant is left without one', async () => {
  const officer = await person()
  await owner.call('binding.create', { principal: officer.id, role: 'security-officer' })
  const second = await person()
  const { id: direct } = await owner.call('binding.create', {
    principal: second.id,
    role: 'owner',
  })
  const third = await person()
  const group = await newGroup('owners', 'owner')
  await owner.call('group.add', { group, principal: third.id })
  const [ofGroup] = (await owner.call('binding.list', { group })).items
  const binding = ofGroup?.id ?? ''
  const membership = { group, principal: third.id }
  for (const one of [direct, binding])
    await officer.client.refuse('forbidden', 'binding.delete', { binding: one })
  await officer.client.refuse('forbidden', 'group.remove', membership)
  await second.client.refuse('conflict', 'binding.delete', { binding: direct })
  await third.client.refuse('conflict', 'binding.delete', { binding })
  await third.client.refuse('conflict', 'group.remove', membership)
  await third.client.call('binding.delete', { binding: direct })
  await owner.call('group.remove', membership)
  await owner.call('binding.delete', { binding })
})

test("another tenant's groups are as good as none", async () => {
  const group = await newGroup('ours')
  const { token } = await owner.call('tenant.create', { name: 'others' })
  const other = owner.as(token)
  const { id: principal } = await other.call('principal.create', { name: 'other' })
  await other.refuse('not_found', 'group.add', { group, principal })
  await other.refuse('not_found', 'binding.create', { principal: group, role: 'auditor' })
  await owner.refuse('not_found', 'group.add', { group, principal })
})
