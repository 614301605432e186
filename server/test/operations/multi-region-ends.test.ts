import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyHouse } from '../harness/read-ledger.ts'
import { elsewhere, here, plaintext, startRelatives, there } from './relatives.ts'

const DAY_MS = 86_400_000

/** What ends one multi-Region key, or all that are related: revocation and destruction. */

const { house, clock, get, pass, family, membersOf, encrypt, destroy } = await startRelatives()

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
  await house.perform('key.destroy', { key: primary, days: 1, acknowledge: 'all' })
  await pass(2)
  assert.notEqual((await get(primary)).destroyAt, undefined)
  assert.notEqual((await get(primary)).state, 'destroyed')
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'wrong_state')
  assert.equal(await house.codeOf('decrypt', { ciphertext, key: second }), 'ok')
  await house.perform('key.destroy', { key: second, days: 1, acknowledge: 'all' })
  await pass(1)
  assert.equal((await get(second)).state, 'destroyed')
  for (const key of [primary, third]) assert.deepEqual(await membersOf(key), [primary, third])
  assert.notEqual((await get(primary)).state, 'destroyed')
  await house.perform('key.destroy', { key: third, days: 1, acknowledge: 'all' })
  await pass(1)
  assert.equal((await get(third)).state, 'destroyed')
  assert.notEqual((await get(primary)).state, 'destroyed')
  assert.deepEqual(await membersOf(primary), [primary])
  await pass(1)
  assert.equal((await get(primary)).state, 'destroyed')
  assert.deepEqual(await membersOf(primary), [])
})

test('the window of a primary key begins when the last of its replicas is gone', async () => {
  const { primary, replicas } = await family([there, elsewhere])
  for (const key of [primary, ...replicas])
    await house.perform('key.destroy', { key, days: 3, acknowledge: 'all' })
  assert.equal((await get(primary)).destroyDays, 3)
  await pass(3)
  for (const key of replicas) assert.equal((await get(key)).state, 'destroyed')
  const waiting = await get(primary)
  assert.deepEqual(
    [waiting.state, waiting.destroyDays, waiting.destroyAt],
    ['active', undefined, clock.now() + 3 * DAY_MS],
  )
  await pass(2)
  await house.perform('key.restore', { key: primary })
  const ciphertext = await encrypt(primary)
  assert.equal(await house.codeOf('decrypt', { ciphertext }), 'ok')
  // It has no replicas any more, and so it is like any other key.
  await house.perform('key.destroy', { key: primary, days: 3, acknowledge: 'all' })
  await pass(3)
  assert.equal((await get(primary)).state, 'destroyed')
})

test('a restored primary key has no window left', async () => {
  const { primary } = await family([there])
  await house.perform('key.destroy', { key: primary, days: 3, acknowledge: 'all' })
  await house.perform('key.restore', { key: primary })
  const { destroyAt, destroyDays } = await get(primary)
  assert.deepEqual([destroyAt, destroyDays], [undefined, undefined])
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

test('after all of this nothing is amiss: every row is what the ledger says, and the ledger verifies', async () => {
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  assert.deepEqual((await verifyHouse(house)).findings, [])
})
