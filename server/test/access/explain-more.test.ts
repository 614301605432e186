import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGranting } from './granting.ts'

/** Who may do something, what somebody may do, what nobody uses, and each step of an explanation. */

const { owner, account, person, newKey } = await startGranting()
const plaintext = Buffer.from('x').toString('base64')

test('who may: by a binding, by a group, by a policy and by a grant', async () => {
  const key = await newKey()
  const [direct, member, named, granted, nobody] = [
    await person(),
    await person(),
    await person(),
    await person(),
    await person(),
  ]
  const { id: binding } = await owner.call('binding.create', {
    principal: direct.id,
    role: 'encrypter',
    conditions: { bytesMax: 0 },
    scope: { kind: 'key', key },
  })
  const { id: group } = await owner.call('group.create', { name: 'who' })
  await owner.call('group.add', { group, principal: member.id })
  const { id: ofGroup } = await owner.call('binding.create', { principal: group, role: 'key-user' })
  await owner.call('grant.create', { key, grantee: granted.name, operations: ['Encrypt'] })
  const root = `arn:aws:iam::${account}:root`
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
      {
        Sid: 'Named',
        Effect: 'Allow',
        Principal: { AWS: named.arn },
        Action: 'kms:Encrypt',
        Resource: '*',
      },
    ],
  })
  await owner.call('policy.put', { key, policy })
  const { items } = await owner.call('access.who', { key, operation: 'encrypt' })
  const of = ({ id }: { id: string }) => items.find(({ principal }) => principal === id)
  assert.equal(of(nobody), undefined)
  // Nobody says how long the message would be, so what asks for that does not hold.
  assert.equal(of(direct), undefined)
  assert.partialDeepStrictEqual(of(member), { via: 'binding', by: ofGroup, group })
  assert.partialDeepStrictEqual(of(named), { via: 'policy', by: 'policy:Named' })
  assert.partialDeepStrictEqual(of(granted), { via: 'grant', conditional: true })
  const what = async (principal: string) =>
    (await owner.call('access.what', { principal })).items.map(
      ({ via, by, scope, conditional }) => [via, by, scope, conditional],
    )
  assert.deepEqual(await what(direct.id), [['binding', binding, `key ${key}`, true]])
  assert.deepEqual(await what(member.id), [['binding', ofGroup, 'tenant', false]])
  assert.deepEqual(await what(named.id), [['policy', 'policy:Named', `key ${key}`, false]])
  assert.deepEqual(
    (await what(granted.id)).map(([via]) => via),
    ['grant'],
  )
  assert.deepEqual(await what(nobody.id), [])
})

test('an explanation supposes what it is told, and says each step', async () => {
  const key = await newKey()
  const { id: principal } = await person()
  const conditions = {
    networks: ['10.0.0.0/8'],
    doors: ['rest'],
    bytesMax: 4,
    factors: { anyOf: ['passkey' as const] },
    times: { from: '08:00', until: '18:00', zone: 'UTC' },
  }
  const { id } = await owner.call('binding.create', { principal, role: 'encrypter', conditions })
  const supposed = {
    key,
    principal,
    operation: 'encrypt',
    source: '10.1.1.1',
    door: 'rest',
    bytes: 4,
    factors: ['passkey' as const],
    at: '2026-01-05T12:00:00.000Z',
  }
  const { allowed, by, steps } = await owner.call('access.explain', supposed)
  assert.deepEqual([allowed, by], [true, id])
  assert.deepEqual(steps, [{ rule: 'role bindings', says: `${id} allows it` }])
  for (const change of [
    { source: '11.1.1.1' },
    { door: 'aws' },
    { bytes: 5 },
    { factors: [] },
    { at: '2026-01-05T20:00:00.000Z' },
  ]) {
    const refused = await owner.call('access.explain', { ...supposed, ...change })
    assert.equal(refused.allowed, false, JSON.stringify(change))
    assert.deepEqual(
      refused.steps.map(({ rule }) => rule),
      ['role bindings', 'grants'],
    )
  }
})

test('the tenant itself is asked about without a key', async () => {
  const { id: principal } = await person()
  const ask = () => owner.call('access.explain', { principal, operation: 'principal.create' })
  assert.equal((await ask()).allowed, false)
  await owner.call('binding.create', { principal, role: 'security-officer' })
  assert.equal((await ask()).allowed, true)
})

test('a binding that allowed nothing since a time is unused', async () => {
  const key = await newKey()
  const { id: principal, client } = await person()
  const { id } = await owner.call('binding.create', { principal, role: 'encrypter' })
  const unused = async (since: number) =>
    (await owner.call('access.unused', { since: new Date(since).toISOString(), limit: 1_000 }))
      .items
  const later = Date.now() + 60_000
  const before = (await unused(later)).find((one) => one.id === id)
  assert.deepEqual([before?.principal, before?.lastUsedAt], [principal, undefined])
  await client.call('encrypt', { key, plaintext })
  assert.notEqual((await unused(later)).find((one) => one.id === id)?.lastUsedAt, undefined)
  assert.equal(
    (await unused(Date.now() - 60_000)).find((one) => one.id === id),
    undefined,
  )
})
