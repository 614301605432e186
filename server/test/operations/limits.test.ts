import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** Limits of keys: a version protects so much and nothing more, to the last use, whoever asks at the same time and whatever crashes. */

const plaintext = Buffer.from('four')
const REACHED = 'limit_reached'

function encrypt(house: TestHouse, key: string): Promise<string> {
  return house.codeOf('encrypt', { key, plaintext })
}

async function usesOf(house: TestHouse, key: string, version = 1) {
  return (await house.store.key(key))?.counters.get(version)
}

test('beyond a limit nothing is protected, everything is processed, and a next version begins anew', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: key, limits } = await house.createKey({ usesMax: 4 })
  assert.deepEqual(limits, { uses: 4 })
  const { ciphertext } = await house.perform('encrypt', { key, plaintext })
  assert.equal(await encrypt(house, key), 'ok')
  // Uses of every kind count, and only those that protect are refused.
  await house.perform('decrypt', { ciphertext })
  assert.equal(await encrypt(house, key), 'ok')
  for (let more = 0; more < 2; more += 1) {
    assert.equal(await encrypt(house, key), REACHED)
    assert.equal(await house.codeOf('datakey', { key }), REACHED)
  }
  await house.perform('decrypt', { ciphertext })
  assert.deepEqual(await usesOf(house, key), { uses: 5, bytes: 20, wraps: 0 })
  const refused = (await house.entries()).filter(({ reason }) => reason === REACHED)
  assert.deepEqual(
    refused.map(({ event, outcome, version }) => [event, outcome, version]),
    ['encrypt', 'datakey', 'encrypt', 'datakey'].map((event) => [event, 'refused', 1]),
  )
  await assert.rejects(house.perform('encrypt', { key, plaintext }), {
    message: /^Version 1 of the key protects no more: it is limited to 4 uses; rotate the key/,
  })
  await house.perform('key.rotate', { key })
  for (let used = 0; used < 4; used += 1) assert.equal(await encrypt(house, key), 'ok')
  assert.equal(await encrypt(house, key), REACHED)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

test('bytes and wraps have limits too; a batch counts with all its items, and is refused whole', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: bytes } = await house.createKey({ bytesMax: 10 })
  assert.equal(await encrypt(house, bytes), 'ok')
  const items = [{ plaintext }, { plaintext }]
  assert.equal(await house.codeOf('encryptBatch', { key: bytes, items }), REACHED)
  assert.equal(await encrypt(house, bytes), 'ok')
  assert.equal(await encrypt(house, bytes), REACHED)
  assert.equal((await usesOf(house, bytes))?.bytes, 8)
  const { id: wraps } = await house.createKey({ wrapsMax: 1 })
  assert.equal(await house.codeOf('datakey', { key: wraps }), 'ok')
  assert.equal(await house.codeOf('datakey', { key: wraps }), REACHED)
  const { id: signs } = await house.createKey({ algorithm: 'Ed25519', usesMax: 1 })
  const sign = { key: signs, message: plaintext }
  const { signature } = await house.perform('sign', sign)
  assert.equal(await house.codeOf('sign', sign), REACHED)
  await house.perform('verify', { ...sign, signature })
  const { ciphertext } = await house.perform('encrypt', {
    key: (await house.createKey()).id,
    plaintext,
  })
  assert.equal(await house.codeOf('reencrypt', { ciphertext, key: bytes }), REACHED)
})

test('of many at once exactly as many are answered as the limit allows', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: key } = await house.createKey({ usesMax: 37 })
  const { id: free } = await house.createKey()
  const codes = await Promise.all(
    Array.from({ length: 300 }, (_, at) => encrypt(house, at % 3 === 0 ? free : key)),
  )
  const of = (which: number) => codes.filter((_, at) => (at % 3 === 0 ? 0 : 1) === which)
  assert.deepEqual(new Set(of(0)), new Set(['ok']))
  assert.equal(of(1).filter((code) => code === 'ok').length, 37)
  assert.equal(of(1).filter((code) => code === REACHED).length, 163)
  assert.equal((await usesOf(house, key))?.uses, 37)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
})

/** A house whose commits can be held back, until what `hold` gives is called. */
async function startHeld() {
  let held: Promise<void> | undefined
  const house = await startHouse({
    clock: new DrivenClock(),
    wrapStore: (store) =>
      storeWith(store, {
        async commit(batch) {
          await held
          return store.commit(batch)
        },
      }),
  })
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    return resolve
  }
  return { house, hold }
}

test('uses that process go on around one that protects and just fits', async () => {
  const { house, hold } = await startHeld()
  await using _ = house
  const { id: other } = await house.createKey()
  for (const [more, expected] of [
    [0, []],
    [2, [REACHED, REACHED]],
  ] as const) {
    const { id: key } = await house.createKey({ usesMax: 5 })
    const { ciphertext } = await house.perform('encrypt', { key, plaintext })
    const decrypt = () => house.codeOf('decrypt', { ciphertext })
    await decrypt()
    await decrypt()
    const release = hold()
    // What comes while a batch is on its way makes up the next one.
    const first = encrypt(house, other)
    await new Promise((next) => setImmediate(() => setImmediate(() => setImmediate(next))))
    const all = [decrypt(), encrypt(house, key), decrypt(), decrypt()]
    for (let one = 0; one < more; one += 1) all.push(encrypt(house, key))
    release()
    await first
    assert.deepEqual(await Promise.all(all), ['ok', 'ok', 'ok', 'ok', ...expected])
    assert.equal((await usesOf(house, key))?.uses, 7)
  }
})

test('two nodes over one store keep to it together', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const path = `${folder.path}/claviger.db`
  const one = await startHouse({ path, clock, node: 'one' })
  const { shares, token } = one
  const other = await startHouse({ path, clock, node: 'other', shares, token })
  const { id: key } = await one.createKey({ usesMax: 5 })
  const codes = []
  for (let round = 0; round < 4; round += 1)
    codes.push(await encrypt(one, key), await encrypt(other, key))
  assert.deepEqual(codes, ['ok', 'ok', 'ok', 'ok', 'ok', REACHED, REACHED, REACHED])
  await one.close()
  await other.close()
})

test('a limit counts from before it was set, from its answer on, and is taken away with 0', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: key } = await house.createKey()
  for (let used = 0; used < 3; used += 1) await encrypt(house, key)
  assert.deepEqual((await house.perform('key.update', { key, usesMax: 3, bytesMax: 99 })).limits, {
    uses: 3,
    bytes: 99,
  })
  assert.equal(await encrypt(house, key), REACHED)
  assert.deepEqual((await house.perform('key.update', { key, usesMax: 5 })).limits, {
    uses: 5,
    bytes: 99,
  })
  assert.equal(await encrypt(house, key), 'ok')
  await house.perform('key.update', { key, bytesMax: 0, usesMax: 0 })
  assert.equal((await house.perform('key.get', { key })).limits, undefined)
  for (let used = 0; used < 5; used += 1) assert.equal(await encrypt(house, key), 'ok')
})

test('a limit that is set while uses wait for the ledger holds for those that come after it', async () => {
  const { house, hold } = await startHeld()
  await using _ = house
  const { id: key } = await house.createKey()
  assert.equal(await encrypt(house, key), 'ok')
  const release = hold()
  const first = encrypt(house, key)
  const setting = house.codeOf('key.update', { key, usesMax: 2 })
  const later = Array.from({ length: 3 }, () => encrypt(house, key))
  release()
  await Promise.all([first, setting])
  await Promise.all(later)
  const events = (await house.entries())
    .filter((entry) => entry.key === key && ['encrypt', 'key.update'].includes(entry.event))
    .map(({ event, outcome, count = 1 }) => [event, outcome, count] as const)
  const set = events.findIndex(([event]) => event === 'key.update')
  const before = events.slice(0, set).filter(([, outcome]) => outcome === 'ok').length
  const after = events.slice(set + 1).filter(([, outcome]) => outcome === 'ok').length
  assert.ok(after <= Math.max(0, 2 - before), JSON.stringify(events))
  assert.equal(await encrypt(house, key), REACHED)
})

test('what was answered is counted after a crash, and the limit stands where it stood', async () => {
  await using folder = await temporaryFolder()
  const clock = new DrivenClock()
  const path = `${folder.path}/claviger.db`
  let house = await startHouse({ path, clock })
  const { id: key } = await house.createKey({ usesMax: 6 })
  let answered = 0
  for (let life = 0; life < 4; life += 1) {
    const codes = await Promise.all([encrypt(house, key), encrypt(house, key)])
    answered += codes.filter((code) => code === 'ok').length
    const { shares } = house
    // The store goes without the house being told.
    await house.store.close()
    await house.close().catch(() => undefined)
    house = await startHouse({ path, clock, shares })
  }
  assert.equal(answered, 6)
  assert.deepEqual(await usesOf(house, key), { uses: 6, bytes: 24, wraps: 0 })
  await house.close()
})

test('a soft trigger below the limit has the next version there before it is reached', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const { id: key } = await house.createKey({ usesMax: 6, rotation: { uses: 4 } })
  for (let round = 1; round <= 3; round += 1) {
    for (let used = 0; used < 5; used += 1) assert.equal(await encrypt(house, key), 'ok')
    await house.runJob('rotation')
    assert.equal((await house.perform('key.get', { key })).version, round + 1)
  }
})

test('policies ask for limits: new keys get them, none has higher ones, and none takes them away', async () => {
  await using house = await startHouse({ clock: new DrivenClock() })
  const ask = (limits: object) =>
    house.perform('lifecyclePolicy.create', {
      name: 'few',
      scope: { kind: 'tenant' },
      rules: { limits },
    })
  const { id: before } = await house.createKey()
  await ask({ uses: 100, wraps: 9 })
  await ask({ uses: 50 })
  const { id: key, limits } = await house.createKey({ wrapsMax: 3 })
  assert.deepEqual(limits, { uses: 50, wraps: 3 })
  const update = (id: string, given: object) => house.codeOf('key.update', { key: id, ...given })
  assert.equal(await update(key, { usesMax: 51 }), 'policy_violated')
  assert.equal(await update(key, { usesMax: 0 }), 'policy_violated')
  assert.equal(await update(key, { usesMax: 49 }), 'ok')
  const made = { algorithm: 'AES-256-GCM', exportable: false, usesMax: 60 }
  assert.equal(await house.codeOf('key.create', made), 'policy_violated')
  const { items } = await house.perform('policy.check', { limit: 10 })
  assert.deepEqual(
    items.map((one) => [one.key, one.violations.map(({ words }) => words).toSorted()]),
    [
      [
        before,
        [
          'its versions are not limited to 100 uses',
          'its versions are not limited to 50 uses',
          'its versions are not limited to 9 wraps',
        ],
      ],
    ],
  )
  for (let used = 0; used < 3; used += 1) await house.perform('datakey', { key: before })
})
