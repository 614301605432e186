import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/** What is approved is to give a role as it was when it was asked for, and not whatever becomes of it meanwhile. */

async function scene() {
  const house = await startHouse()
  const requester = await house.createUser('owner')
  const approver = await house.createUser('approver')
  const { id: principal } = await house.createUser()
  const about = { principals: [], groups: [], hours: 2, approvals: 1 }
  await house.perform('approvalPolicy.create', {
    ...about,
    name: 'giving rights',
    actions: ['binding.create', 'breakGlass.create'],
    scope: { kind: 'tenant' },
  })
  const role = (name: string, actions: string[]) =>
    house.perform('role.create', { role: name, actions, summary: '' })
  const change = (name: string, actions: string[]) =>
    house.perform('role.update', { role: name, actions, summary: '' })
  const approved = async (name: string, automatic = false) => {
    const input = { role: name, principal, scope: { kind: 'tenant' } }
    const asked = { operation: 'binding.create', input, comment: '', automatic }
    const { id, statement } = await house.perform('approval.request', asked, requester)
    await house.perform('approval.approve', { approval: id, comment: '' }, approver)
    return { id, statement }
  }
  const give = (name: string, approval: string) =>
    house.codeOf(
      'binding.create',
      { role: name, principal, scope: { kind: 'tenant' } },
      { ...requester, approval },
    )
  return { house, role, change, approved, give, requester }
}

test('a role that was changed, deleted or made since is another one than was approved', async () => {
  const { house: one, role, change, approved, give } = await scene()
  await using house = one
  await role('reader', ['key.get'])
  const first = await approved('reader')
  const rows = (JSON.parse(first.statement) as { rows: Record<string, number> }).rows
  const tenant = house.house.custody.tenant
  assert.ok((rows[`role/${tenant}/reader`] ?? 0) > 0)
  await change('reader', ['key.get', 'key.destroy'])
  assert.equal(await give('reader', first.id), 'forbidden')
  await change('reader', ['key.get'])
  assert.equal(await give('reader', first.id), 'forbidden')

  const second = await approved('reader')
  await house.perform('role.delete', { role: 'reader' })
  assert.equal(await give('reader', second.id), 'forbidden')
  await role('reader', ['key.destroy'])
  assert.equal(await give('reader', second.id), 'forbidden')

  const third = await approved('reader')
  await role('other', ['key.get'])
  assert.equal(await give('reader', third.id), 'ok')
  const builtIn = await approved('key-user')
  assert.equal(await give('key-user', builtIn.id), 'ok')
})

test('of an approved gift and a change of its role at once, never both as they were asked for', async () => {
  const { house: one, role, change, approved, give } = await scene()
  await using house = one
  for (let round = 0; round < 8; round += 1) {
    const name = `role-${round}`
    await role(name, ['key.get'])
    const { id } = await approved(name)
    const [code] = await Promise.all([give(name, id), change(name, ['key.destroy'])])
    const events = (await house.entries()).filter(({ outcome }) => outcome === 'ok')
    const given = events.findLastIndex(
      ({ event, detail }) => event === 'binding.create' && detail?.['role'] === name,
    )
    const changed = events.findLastIndex(({ event }) => event === 'role.update')
    // Either it was given before it was changed, or it was not given.
    assert.equal(code === 'ok', given !== -1, code)
    if (given !== -1) assert.ok(given < changed)
  }
})

test('what the server does by itself gives no other role either', async () => {
  const { house: one, role, change, approved, requester } = await scene()
  await using house = one
  await role('reader', ['key.get'])
  const { id } = await approved('reader', true)
  await change('reader', ['key.destroy'])
  await house.runJob('execution')
  const { state, failure } = await house.perform('approval.get', { approval: id }, requester)
  assert.deepEqual([state, failure?.code], ['failed', 'forbidden'])
})
