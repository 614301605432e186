import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { KeyError } from '#model'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Multi-Region keys: replicas, the primary one among them, and what ends one or all of them. Rotation has a file of its own. */

const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const DAY_MS = 86_400_000
const [here, there, elsewhere] = ['eu-central-1', 'us-east-1', 'ap-south-1'] as const
const plaintext = Buffer.from('plaintext')

/** A primary key `here`, and a replica in each of the regions. */
async function family(regions: readonly string[], input: Partial<InputOf<'key.create'>> = {}) {
  const primary = await house.createKey({ region: here, multiRegion: true, ...input })
  const replicas: string[] = []
  for (const region of regions)
    replicas.push((await house.perform('key.replicate', { key: primary.id, region })).id)
  return { primary: primary.id, replicas }
}

const get = (key: string) => house.perform('key.get', { key })
const membersOf = async (key: string) =>
  (await get(key)).multiRegion?.members.map((member) => member.key)
const encrypt = async (key: string) =>
  (await house.perform('encrypt', { key, plaintext })).ciphertext

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

async function pass(days: number): Promise<void> {
  clock.advance(days * DAY_MS)
  await house.renewToken()
  for (let round = 0; round < 2; round += 1) await house.runJob('destruction')
}

async function destroy(key: string): Promise<void> {
  await house.perform('key.destroy', { key, days: 1 })
  await pass(1)
  assert.match((await get(key)).state, /^destroyed/)
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

test('a revocation of any of them ends them all, each with a record', async () => {
  for (const at of [0, 1, 2]) {
    const { primary, replicas } = await family([there, elsewhere])
    const keys = [primary, ...replicas]
    const ciphertext = await encrypt(primary)
    const before = await house.store.head()
    const revoked = keys[at] ?? ''
    await house.perform('key.revoke', { key: revoked, reason: 'keyCompromise' })
    assert.equal((await house.store.head()).revision, before.revision + 1)
    for (const key of keys) {
      assert.equal((await get(key)).state, 'compromised')
      assert.equal(await house.codeOf('decrypt', { ciphertext, key }), 'wrong_state')
    }
    const records = (await house.entries(before.next)).filter(({ event }) => event === 'key.revoke')
    assert.deepEqual(new Set(records.map(({ key }) => key)), new Set(keys))
    assert.equal(records[0]?.key, revoked)
    assert.deepEqual(
      records.map(({ revision }) => revision !== undefined),
      [true, false, false],
    )
  }
})

test('so does the revocation of one version', async () => {
  const { primary, replicas } = await family([there])
  const first = await encrypt(primary)
  await house.perform('key.rotate', { key: primary })
  const second = await encrypt(primary)
  await house.perform('key.revoke', { key: replicas[0] ?? '', version: 1, reason: 'keyCompromise' })
  for (const key of [primary, ...replicas]) {
    assert.equal(await house.codeOf('decrypt', { ciphertext: first, key }), 'wrong_state')
    assert.equal(await house.codeOf('decrypt', { ciphertext: second, key }), 'ok')
  }
  // What comes later has the revoked version too, and does not use it.
  const later = await house.perform('key.replicate', { key: primary, region: elsewhere })
  const input = { ciphertext: first, key: later.id }
  assert.equal(await house.codeOf('decrypt', input), 'wrong_state')
})

test('a primary key is not destroyed before its replicas', async () => {
  const { primary, replicas } = await family([there, elsewhere])
  const [second = '', third = ''] = replicas
  const ciphertext = await encrypt(primary)
  await house.perform('key.destroy', { key: primary, days: 1 })
  await pass(2)
  assert.notEqual((await get(primary)).destroyAt, undefined)
  assert.notEqual((await get(primary)).state, 'destroyed')
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
  assert.equal(await house.codeOf('decrypt', { ciphertext, key: second }), 'ok')
  await house.perform('key.destroy', { key: second, days: 1 })
  await pass(1)
  assert.equal((await get(second)).state, 'destroyed')
  for (const key of [primary, third]) assert.deepEqual(await membersOf(key), [primary, third])
  assert.notEqual((await get(primary)).state, 'destroyed')
  await house.perform('key.destroy', { key: third, days: 1 })
  await pass(1)
  for (const key of [primary, third]) assert.equal((await get(key)).state, 'destroyed')
  assert.deepEqual(await membersOf(primary), [])
})

test('of a family whose replicas are due with it, nothing is left', async () => {
  const { primary, replicas } = await family([there, elsewhere])
  for (const key of [primary, ...replicas]) await house.perform('key.destroy', { key, days: 3 })
  await pass(3)
  for (const key of [primary, ...replicas]) assert.equal((await get(key)).state, 'destroyed')
})

test('where a replica was, another may be', async () => {
  const { primary, replicas } = await family([there])
  await destroy(replicas[0] ?? '')
  const { id } = await house.perform('key.replicate', { key: primary, region: there })
  const ciphertext = await encrypt(primary)
  const decrypted = await house.perform('decrypt', { ciphertext }, { region: there })
  assert.equal(decrypted.key, id)
})

test('the first key is destroyed, and the others go on, also those that come later', async () => {
  const { primary: first, replicas } = await family([there])
  const second = replicas[0] ?? ''
  const ciphertext = await encrypt(first)
  await house.perform('key.setPrimary', { key: first, region: there })
  await destroy(first)
  const third = (await house.perform('key.replicate', { key: second, region: elsewhere })).id
  // From a region, ciphertexts and the shared id lead to the key that is there.
  const decryptFrom = async (region: string) =>
    (await house.perform('decrypt', { ciphertext }, { region })).key
  assert.equal(await decryptFrom(there), second)
  assert.equal(await decryptFrom(elsewhere), third)
  assert.equal((await house.perform('key.get', { key: first }, { region: elsewhere })).id, third)
  // Where the first was, it is gone, until there is another.
  assert.equal(await house.codeOf('decrypt', { ciphertext }, { region: here }), 'wrong_state')
  const fourth = (await house.perform('key.replicate', { key: second, region: here })).id
  assert.equal(await decryptFrom(here), fourth)
  // Natively, a key is what its id says; the others serve where they are named.
  assert.equal((await get(first)).state, 'destroyed')
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
  assert.equal(await house.codeOf('decrypt', { ciphertext, key: second }), 'ok')
  await house.perform('key.rotate', { key: second })
  await house.perform('key.setPrimary', { key: second, region: elsewhere })
  const members = [second, third, fourth]
  for (const key of [first, ...members]) {
    const { multiRegion } = await get(key)
    assert.deepEqual(
      [multiRegion?.primary, multiRegion?.members.map((member) => member.key)],
      [elsewhere, members],
    )
  }
})

test('a compromise that is found after the destruction of one ends those that are left', async () => {
  for (const which of ['first', 'replica', 'left'] as const) {
    const { primary: first, replicas } = await family([there, elsewhere])
    const [second = '', third = ''] = replicas
    await house.perform('key.setPrimary', { key: first, region: there })
    await destroy(first)
    await destroy(third)
    await house.perform('key.rotate', { key: second })
    const { id: later } = await house.perform('key.replicate', { key: second, region: 'sa-east-1' })
    const key = { first, replica: third, left: later }[which]
    await house.perform('key.revoke', { key, reason: 'keyCompromise' })
    for (const left of [second, later]) {
      assert.equal((await get(left)).state, 'compromised', which)
      assert.equal(await house.codeOf('encrypt', { key: left, plaintext }), 'wrong_state')
    }
    assert.equal((await get(first)).state, 'destroyed-compromised')
  }
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

test('a revocation meets a new replica: there is none that it does not end', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { primary, replicas } = await family([there])
    const [replicated] = await Promise.allSettled([
      house.perform('key.replicate', { key: primary, region: elsewhere }),
      house.perform('key.revoke', { key: replicas[0] ?? '', reason: 'keyCompromise' }),
    ])
    const keys = [primary, ...replicas]
    if (replicated.status === 'fulfilled') keys.push(replicated.value.id)
    assert.deepEqual(await membersOf(primary), keys)
    for (const key of keys) assert.equal((await get(key)).state, 'compromised')
  }
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
