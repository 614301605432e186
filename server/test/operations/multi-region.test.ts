import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { KeyError } from '#model'
import { verifyHouse } from '../harness/read-ledger.ts'
import { restDoorOver } from '../rest/socket-free.ts'
import { elsewhere, here, plaintext, startRelatives, there } from './relatives.ts'

/** Multi-Region keys: replicas, and the primary one among them. Rotation has a file of its own, and so has the end. */

const { house, get, family, membersOf, encrypt, pass } = await startRelatives()
const { owner } = restDoorOver(house)

/** What stands in the way of an operation, as doors are told it. */
async function hindrance(doing: Promise<unknown>) {
  try {
    await doing
  } catch (error) {
    assert.ok(error instanceof KeyError)
    return [error.code, error.hindrance, error.key.id]
  }
  return undefined
}

test('a replica has the material, and its own description, labels, names and state', async () => {
  const source = await owner.call('key.create', {
    region: here,
    multiRegion: true,
    alias: 'source',
    description: 'the source',
    labels: { env: 'prod' },
  })
  await owner.call('key.rotate', { key: source.id })
  const shown = await owner.call('key.replicate', {
    key: source.id,
    region: there,
    description: 'the copy',
    labels: { env: 'copy' },
  })
  const replica = await owner.call('key.get', { key: shown.id })
  assert.deepEqual(shown, replica)
  assert.notEqual(replica.id, source.id)
  assert.deepEqual(
    [replica.description, replica.labels, replica.aliases, replica.version, replica.region],
    ['the copy', { env: 'copy' }, [], 2, there],
  )
  for (const field of ['algorithm', 'usage', 'origin', 'owner', 'exportable'] as const)
    assert.equal(replica[field], source[field])
  assert.deepEqual(
    (await owner.call('key.get', { key: 'source' })).multiRegion,
    replica.multiRegion,
  )
  await owner.call('key.suspend', { key: replica.id })
  await owner.call('encrypt', { key: source.id, plaintext: 'eA==' })
  await owner.refuse('wrong_state', 'encrypt', { key: replica.id, plaintext: 'eA==' })
  await owner.call('key.update', { key: source.id, description: '' })
  assert.equal((await owner.call('key.get', { key: replica.id })).description, 'the copy')
})

test('a key that has lost an old version is still replicated, without it', async () => {
  const { primary: key } = await family([])
  await house.perform('key.rotate', { key })
  await house.perform('key.destroyVersion', {
    key,
    version: 1,
    days: 1,
    anyway: 'nothing was encrypted',
  })
  await pass(1)
  const { id: replica } = await house.perform('key.replicate', { key, region: there })
  const { items } = await house.perform('key.versions', { key: replica, limit: 10 })
  assert.deepEqual(
    items.map(({ version, state }) => [version, state]),
    [
      [1, 'destroyed'],
      [2, 'active'],
    ],
  )
  const ciphertext = await encrypt(key)
  assert.equal(await house.codeOf('decrypt', { ciphertext }, { region: there }), 'ok')
})

for (const [algorithm, usage] of [
  ['AES-128-GCM', 'encrypt'],
  ['RSA-2048', 'encrypt'],
  ['Ed25519', 'sign'],
  ['HMAC-SHA-256', 'mac'],
  ['X25519', 'agree'],
  ['ML-KEM-768', 'encapsulate'],
] as const) {
  test(`${algorithm}: what the primary does, the replica undoes`, async () => {
    const { primary: key, replicas } = await family([there], { algorithm, usage })
    const replica = replicas[0] ?? ''
    const message = Buffer.from('message')
    switch (usage) {
      case 'encrypt': {
        const { ciphertext } = await house.perform('encrypt', { key, plaintext })
        const opened = await house.perform('decrypt', { ciphertext, key: replica })
        assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
        return
      }
      case 'sign': {
        const { signature } = await house.perform('sign', { key, message })
        const verified = await house.perform('verify', { key: replica, message, signature })
        assert.equal(verified.valid, true)
        return
      }
      case 'mac': {
        const { mac } = await house.perform('mac', { key, message })
        assert.equal((await house.perform('verifyMac', { key: replica, message, mac })).valid, true)
        return
      }
      case 'encapsulate': {
        const { encapsulation, sharedSecret } = await house.perform('encapsulate', { key })
        const opened = await house.perform('decapsulate', { key: replica, encapsulation })
        assert.deepEqual(Buffer.from(opened.sharedSecret), Buffer.from(sharedSecret))
        return
      }
      case 'agree': {
        const [one, other] = [
          await house.perform('key.public', { key }),
          await house.perform('key.public', { key: replica }),
        ]
        assert.equal(one.pem, other.pem)
        return
      }
      default:
        usage satisfies never
    }
  })
}

test('what cannot be replicated', async () => {
  const { primary, replicas } = await family([there])
  const replica = replicas[0] ?? ''
  const replicate = (key: string, region = elsewhere) =>
    house.perform('key.replicate', { key, region })
  assert.deepEqual(await hindrance(replicate(replica)), ['wrong_usage', undefined, replica])
  const plain = (await house.createKey({ region: here })).id
  assert.deepEqual(await hindrance(replicate(plain)), ['wrong_usage', undefined, plain])
  await owner.refuse('conflict', 'key.replicate', { key: primary, region: there })
  await owner.refuse('conflict', 'key.replicate', { key: primary, region: here })
  await owner.refuse('not_found', 'key.replicate', { key: 'nobody', region: here })
  await owner.refuse('invalid_request', 'key.replicate', { key: primary, region: 'a b' })
  await house.perform('key.suspend', { key: primary })
  assert.deepEqual(await hindrance(replicate(primary)), ['wrong_state', 'suspended', primary])
  await house.perform('key.destroy', { key: primary, days: 7 })
  assert.deepEqual(await hindrance(replicate(primary)), [
    'wrong_state',
    'pending-destruction',
    primary,
  ])
  const { primary: waiting } = await family([], { origin: 'imported' })
  assert.deepEqual(await hindrance(replicate(waiting)), [
    'wrong_state',
    'awaiting-material',
    waiting,
  ])
})

test('whoever replicates must be allowed to copy the key, and to make such keys', async () => {
  const { primary } = await family([], { labels: { env: 'prod' } })
  const { id: principal, token } = await house.createUser()
  const replicate = (env: string, region: string) =>
    house.codeOf('key.replicate', { key: primary, region, labels: { env } }, { token })
  assert.equal(await replicate('prod', there), 'forbidden')
  const bind = (selector: string) =>
    house.perform('binding.create', {
      principal,
      role: 'key-admin',
      scope: { kind: 'labels', selector },
    })
  await bind('env=test')
  assert.equal(await replicate('test', there), 'forbidden')
  await bind('env=prod')
  assert.equal(await replicate('other', there), 'forbidden')
  assert.equal(await replicate('test', there), 'ok')
  assert.equal(await replicate('prod', elsewhere), 'ok')
})

test('the replica has a policy of its own, if any', async () => {
  const { policy: text } = await house.perform('policy.get', { key: (await house.createKey()).id })
  const { primary } = await family([], { policy: text })
  const bare = await owner.call('key.replicate', { key: primary, region: there })
  assert.equal((await owner.call('policy.get', { key: bare.id })).own, false)
  const policed = await owner.call('key.replicate', {
    key: primary,
    region: elsewhere,
    policy: text,
  })
  assert.deepEqual(await owner.call('policy.get', { key: policed.id }), { policy: text, own: true })
  const admin = await house.createUser('key-admin')
  const input = { key: primary, region: 'sa-east-1', policy: text }
  assert.equal(await house.codeOf('key.replicate', input, { token: admin.token }), 'forbidden')
})

test('the primary gives its place away, and what only the primary does goes with it', async () => {
  const { primary, replicas } = await family([there, elsewhere])
  const [second = '', third = ''] = replicas
  const moved = await owner.call('key.setPrimary', { key: primary, region: there })
  assert.equal(moved.multiRegion?.primary, there)
  for (const key of [primary, second, third])
    assert.equal((await owner.call('key.get', { key })).multiRegion?.primary, there)
  await owner.refuse('wrong_usage', 'key.rotate', { key: primary })
  await owner.refuse('wrong_usage', 'key.replicate', { key: primary, region: 'sa-east-1' })
  await owner.refuse('wrong_usage', 'key.setPrimary', { key: primary, region: elsewhere })
  await owner.call('key.rotate', { key: second })
  const fourth = await owner.call('key.replicate', { key: second, region: 'sa-east-1' })
  assert.equal(fourth.version, 2)
  // Ciphertexts go on naming the first.
  assert.equal(fourth.multiRegion?.id, primary)
  const { ciphertext } = await owner.call('encrypt', { key: fourth.id, plaintext: 'eA==' })
  assert.equal((await owner.call('decrypt', { ciphertext })).key, primary)
})

test('who cannot be the primary', async () => {
  const { primary, replicas } = await family([there, elsewhere])
  const [suspended = '', scheduled = ''] = replicas
  await owner.refuse('not_found', 'key.setPrimary', { key: primary, region: 'sa-east-1' })
  await owner.refuse('conflict', 'key.setPrimary', { key: primary, region: here })
  await house.perform('key.suspend', { key: suspended })
  await house.perform('key.destroy', { key: scheduled, days: 7 })
  const move = (region: string) =>
    hindrance(house.perform('key.setPrimary', { key: primary, region }))
  assert.deepEqual(await move(there), ['wrong_state', 'suspended', suspended])
  assert.deepEqual(await move(elsewhere), ['wrong_state', 'pending-destruction', scheduled])
  await house.perform('key.resume', { key: suspended })
  const { id: principal, token } = await house.createUser()
  const bind = (key: string) =>
    house.perform('binding.create', { principal, role: 'key-admin', scope: { kind: 'key', key } })
  await bind(primary)
  const input = { key: primary, region: there }
  assert.equal(await house.codeOf('key.setPrimary', input, { token }), 'forbidden')
  await bind(suspended)
  assert.equal(await house.codeOf('key.setPrimary', input, { token }), 'ok')
})

test('imported material is imported again for each replica, and is the same', async () => {
  const unsafePlaintext = randomBytes(32)
  const input = { algorithm: 'AES-256-GCM', exportable: false, region: here, multiRegion: true }
  const imported = () => Buffer.from(unsafePlaintext)
  const { id: key } = await house.perform('key.import', { ...input, unsafePlaintext: imported() })
  const ciphertext = await encrypt(key)
  const replica = await house.perform('key.replicate', { key, region: there })
  assert.equal(replica.awaitsMaterial, true)
  const use = { ciphertext, key: replica.id }
  assert.equal(await house.codeOf('decrypt', use), 'wrong_state')
  const bring = (material: Buffer) =>
    house.codeOf('key.import', { key: replica.id, exportable: false, unsafePlaintext: material })
  assert.equal(await bring(randomBytes(32)), 'conflict')
  assert.equal(await bring(imported()), 'ok')
  assert.equal(await house.codeOf('decrypt', use), 'ok')
})

test('a pending rotation and a new replica at once: whoever is second is planned anew', async () => {
  const { primary, replicas } = await family([there])
  const plans = await Promise.allSettled([
    house.perform('key.rotate', { key: primary }),
    house.perform('key.replicate', { key: primary, region: elsewhere }),
    house.perform('key.rotate', { key: primary }),
    house.perform('key.replicate', { key: primary, region: 'sa-east-1' }),
    house.perform('key.replicate', { key: primary, region: elsewhere }),
    house.perform('key.suspend', { key: replicas[0] ?? '' }),
  ])
  const codes = plans.map((plan) =>
    plan.status === 'fulfilled' ? 'ok' : (plan.reason as { code: string }).code,
  )
  assert.deepEqual(codes.toSorted(), ['conflict', 'ok', 'ok', 'ok', 'ok', 'ok'])
  const members = (await membersOf(primary)) ?? []
  assert.equal(members.length, 4)
  for (const key of members) {
    assert.deepEqual(await membersOf(key), members)
    assert.equal((await get(key)).version, 3)
  }
  assert.equal((await get(replicas[0] ?? '')).state, 'suspended')
  await house.perform('key.resume', { key: replicas[0] ?? '' })
  const ciphertext = await encrypt(members[2] ?? '')
  for (const key of members) assert.equal(await house.codeOf('decrypt', { ciphertext, key }), 'ok')
})

test('a key has at most a hundred related keys', async () => {
  const { primary } = await family(Array.from({ length: 99 }, (_, at) => `region-${at}`))
  await owner.refuse('conflict', 'key.replicate', { key: primary, region: 'one-more' })
  await house.perform('key.revoke', { key: primary, reason: 'superseded' })
})

test('after all of this nothing is amiss: every row is what the ledger says, and the ledger verifies', async () => {
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  assert.deepEqual((await verifyHouse(house)).findings, [])
})

test('whether a related key may become the primary one is asked with its own names', async () => {
  const { account } = await house.perform('whoami', {})
  const { id: principal, token } = await house.createUser()
  const { arn } = await house.perform('whoami', {}, { token })
  const move = (key: string) => house.codeOf('key.setPrimary', { key, region: there }, { token })
  const mover = { role: 'mover', summary: '', actions: ['key.replicate'] }
  await house.perform('role.create', mover)
  const scope = { kind: 'alias' as const, pattern: 'moved-*' }
  await house.perform('binding.create', { principal, role: 'mover', scope })
  const { id: key } = await house.createKey({ region: here, multiRegion: true, alias: 'moved-1' })
  const { id: replica } = await house.perform('key.replicate', { key, region: there })
  assert.equal(await move(key), 'forbidden')
  await house.perform('alias.create', { key: replica, alias: 'moved-2' })
  const names = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/moved-2' } }
  const root = `arn:aws:iam::${account}:root`
  const statements = [
    { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*' },
    { Effect: 'Deny', Principal: { AWS: arn }, Action: 'kms:*', Condition: names },
  ].map((statement) => ({ ...statement, Resource: '*' }))
  const policyOf = (some: readonly object[]) =>
    JSON.stringify({ Version: '2012-10-17', Statement: some })
  await house.perform('policy.put', { key: replica, policy: policyOf(statements) })
  assert.equal(await move(key), 'forbidden')
  await house.perform('policy.put', { key: replica, policy: policyOf(statements.slice(0, 1)) })
  assert.equal(await move(key), 'ok')
})
