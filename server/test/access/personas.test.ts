import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { RoleName } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { enrolled } from '../harness/person.ts'

/** Five people and what each of them finds: who sets it up, who builds on it, who looks on, who leaves, and who needs others. */

const MINUTE = 60_000
const tenant = { kind: 'tenant' } as const
const as = (token: string) => ({ token })
const plaintext = Buffer.from('4111 1111 1111 1111')

async function start() {
  const clock = new DrivenClock()
  return { clock, house: await startHouse({ clock }) }
}

async function personWith(house: TestHouse, role: RoleName) {
  const person = await enrolled(house)
  await house.perform('binding.create', { role, principal: person.id, scope: tenant })
  return person
}

/** What a security officer does on the first day; the service's token is the last of it. */
async function setUp(house: TestHouse, officer: string) {
  const by = as(officer)
  await house.perform(
    'separation.create',
    { name: 'those who use and those who look', duties: ['key-user', 'auditor'] },
    by,
  )
  await house.perform(
    'stepUpRule.create',
    {
      name: 'prove it before you take a key away',
      actions: ['key.export'],
      scope: tenant,
      factors: ['totp', 'passkey'],
      maxAgeSeconds: 300,
    },
    by,
  )
  await house.perform(
    'approvalPolicy.create',
    {
      name: 'two others',
      actions: ['key.export'],
      scope: tenant,
      approvals: 2,
      principals: [],
      groups: [],
      hours: 4,
    },
    by,
  )
  const { id } = await house.perform('principal.create', { name: 'shop', kind: 'service' }, by)
  await house.perform(
    'binding.create',
    { role: 'encrypter', principal: id, scope: { kind: 'labels', selector: 'team=shop' } },
    by,
  )
  const { token } = await house.perform(
    'token.create',
    { principal: id, description: 'shop', days: 30 },
    by,
  )
  return { id, token }
}

test('a security officer sets the tenant up, and has no key herself', async () => {
  const { house } = await start()
  await using _ = house
  const { id: key } = await house.createKey({ labels: { team: 'shop' } })
  const officer = await personWith(house, 'security-officer')
  const { id: principal } = await setUp(house, officer.token)
  const held = await house.perform('access.what', { principal, limit: 100 }, as(officer.token))
  assert.ok(held.items.length > 0)
  for (const [name, input] of [
    ['encrypt', { key, plaintext }],
    ['key.suspend', { key }],
    ['key.create', { algorithm: 'AES-256-GCM' }],
  ] as const)
    assert.equal(await house.codeOf(name, input as never, as(officer.token)), 'forbidden', name)
  // She gives no right to herself, by whatever way.
  const own = { role: 'key-user', principal: officer.id, scope: tenant }
  assert.equal(await house.codeOf('binding.create', own, as(officer.token)), 'forbidden')
  const { id: group } = await house.perform('group.create', { name: 'us' }, as(officer.token))
  await house.perform('binding.create', { role: 'key-user', principal: group, scope: tenant })
  const joining = { group, principal: officer.id }
  assert.equal(await house.codeOf('group.add', joining, as(officer.token)), 'forbidden')
})

test("a developer's service encrypts under one label, and does nothing else", async () => {
  const { house } = await start()
  await using _ = house
  const { id: key } = await house.createKey({ labels: { team: 'shop' } })
  const { id: foreign } = await house.createKey({ labels: { team: 'payroll' } })
  const officer = await personWith(house, 'security-officer')
  const { token } = await setUp(house, officer.token)
  const { ciphertext } = await house.perform('encrypt', { key, plaintext }, as(token))
  await house.perform('datakey', { key }, as(token))
  const refused = [
    ['decrypt', { ciphertext }],
    ['encrypt', { key: foreign, plaintext }],
    ['key.get', { key: foreign }],
    ['key.rotate', { key }],
    ['token.create', { principal: officer.id, description: '', days: 1 }],
    ['ledger.search', { order: 'descending', limit: 1 }],
  ] as const
  for (const [name, input] of refused)
    assert.equal(await house.codeOf(name, input as never, as(token)), 'forbidden', name)
  const why = { key: foreign, principal: officer.id, operation: 'encrypt' } as const
  const explained = await house.perform('access.explain', why, as(officer.token))
  assert.equal(explained.allowed, false)
})

test('an auditor reads everything, and uses and changes nothing', async () => {
  const { house } = await start()
  await using _ = house
  const { id: key } = await house.createKey({ exportable: true })
  const { ciphertext } = await house.perform('encrypt', { key, plaintext })
  const officer = await personWith(house, 'security-officer')
  await setUp(house, officer.token)
  const auditor = await personWith(house, 'auditor')
  const by = as(auditor.token)
  const uses = { event: 'encrypt', key, order: 'descending', limit: 10 } as const
  const { items } = await house.perform('ledger.search', uses, by)
  assert.equal(items.length, 1)
  await house.perform('ledger.prove', { index: items[0]?.index ?? -1 }, by)
  for (const name of ['binding.list', 'principal.list', 'approvalPolicy.list', 'key.list'] as const)
    assert.ok((await house.perform(name, { limit: 100 }, by)).items.length > 0, name)
  const refused = [
    ['encrypt', { key, plaintext }],
    ['decrypt', { ciphertext }],
    ['key.destroy', { key, days: 7 }],
    ['binding.create', { role: 'decrypter', principal: auditor.id, scope: tenant }],
  ] as const
  for (const [name, input] of refused)
    assert.equal(await house.codeOf(name, input as never, by), 'forbidden', name)
  // The officer's separation keeps it so.
  const both = { role: 'key-user', principal: auditor.id, scope: tenant } as const
  assert.equal(await house.codeOf('binding.create', both), 'separation_violated')
})

test('a leaver is disabled, and is gone at once with everything', async () => {
  const { clock, house } = await start()
  await using _ = house
  const { id: key } = await house.createKey()
  const officer = await personWith(house, 'security-officer')
  const leaver = await personWith(house, 'key-user')
  clock.advance(MINUTE)
  const { token: second = '' } = await house.perform('login', leaver.login(0), { token: undefined })
  for (const token of [leaver.token, second])
    await house.perform('encrypt', { key, plaintext }, as(token))
  await house.perform('principal.disable', { principal: leaver.id }, as(officer.token))
  for (const token of [leaver.token, second])
    assert.equal(await house.codeOf('encrypt', { key, plaintext }, as(token)), 'unauthenticated')
  clock.advance(MINUTE)
  const again = leaver.login(0)
  assert.equal(await house.codeOf('login', again, { token: undefined }), 'unauthenticated')
  const entries = await house.entries()
  const end = entries.findIndex(({ event }) => event === 'principal.disable')
  const after = entries.slice(end + 1).filter(({ principal }) => principal === leaver.id)
  assert.ok(end > 0)
  assert.ok(after.every(({ outcome }) => outcome !== 'ok'))
})

test('an export needs a fresh proof and two others, each once, and is done once', async () => {
  const { clock, house } = await start()
  await using _ = house
  const { id: key } = await house.createKey({ exportable: true })
  const officer = await personWith(house, 'security-officer')
  await setUp(house, officer.token)
  const admin = await personWith(house, 'key-admin')
  const [first, second] = [await personWith(house, 'approver'), await personWith(house, 'approver')]
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3_072 })
  const wire = publicKey.export({ type: 'spki', format: 'der' })
  const input = { key, publicKey: wire }
  clock.advance(10 * MINUTE)
  assert.equal(await house.codeOf('key.export', input, as(admin.token)), 'step_up_required')
  await house.perform('login.stepUp', { code: admin.code() }, as(admin.token))
  assert.equal(await house.codeOf('key.export', input, as(admin.token)), 'approval_required')
  const asked = { key, publicKey: wire.toString('base64') }
  const { id: approval } = await house.perform(
    'approval.request',
    { operation: 'key.export', input: asked, comment: 'moving house' },
    as(admin.token),
  )
  const decision = { approval, comment: 'seen' }
  assert.equal(await house.codeOf('approval.approve', decision, as(admin.token)), 'forbidden')
  await house.perform('approval.approve', decision, as(first.token))
  assert.equal(await house.codeOf('approval.approve', decision, as(first.token)), 'conflict')
  const exporting = { ...as(admin.token), approval }
  assert.equal(await house.codeOf('key.export', input, exporting), 'forbidden')
  await house.perform('approval.approve', decision, as(second.token))
  const { wrapped } = await house.perform('key.export', input, exporting)
  assert.ok(wrapped.length > 0)
  assert.equal(await house.codeOf('key.export', input, exporting), 'forbidden')
})
