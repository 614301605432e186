import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { operations } from '@claviger/contract'
import type { GatedName } from '#operations'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { inputsFor } from '../harness/inputs.ts'
import { Load } from '../harness/load.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { temporaryFolder } from '../harness/server-process.ts'
import { storeWith } from '../harness/store-with.ts'

/** The seal and the root key behind it: sealed means sealed, and neither a new seal nor a new root key loses anything. */

const twoOfThree = { kind: 'shares', shares: 3, threshold: 2 } as const

/** A key of some algorithms, and what proves later that it is still the same. */
async function makeKeys(house: TestHouse) {
  const proofs: (() => Promise<unknown>)[] = []
  const plaintext = Buffer.from('kept')
  for (let count = 0; count < 3; count += 1) {
    const { id: key } = await house.createKey()
    const { ciphertext } = await house.perform('encrypt', { key, plaintext })
    await house.perform('key.rotate', { key })
    proofs.push(async () => {
      assert.deepEqual(
        Buffer.from((await reopened().perform('decrypt', { ciphertext })).plaintext),
        plaintext,
      )
    })
  }
  const { id: key } = await house.createKey({ algorithm: 'P-256' })
  const message = Buffer.from('signed')
  const { signature } = await house.perform('sign', { key, message })
  proofs.push(async () => {
    assert.equal((await reopened().perform('verify', { key, message, signature })).valid, true)
  })
  let current = house
  const reopened = () => current
  return async (now: TestHouse) => {
    current = now
    for (const proof of proofs) await proof()
  }
}

async function assertSound(house: TestHouse): Promise<void> {
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  const report = await verifyHouse(house)
  assert.ok(report.ok, report.summary)
}

test('sealed, everything is refused but health, status and unseal; k shares bring all keys back', async () => {
  await using house = await startHouse({ seal: twoOfThree })
  const keysWork = await makeKeys(house)
  const inputs = inputsFor(house)
  const given = new Map<GatedName, unknown>()
  for (const name of Object.keys(inputs) as GatedName[]) given.set(name, await inputs[name]())
  await house.perform('system.seal', {})
  assert.equal(house.house.keysHeld(), 0)
  for (const [name, input] of given) {
    assert.equal(await house.codeOf(name, input as never), 'sealed', name)
    assert.equal(await house.codeOf(name, input as never, { token: undefined }), 'sealed', name)
  }
  assert.equal(house.house.status().state, 'sealed')
  const erase = house.house.gate.performAsSystem('key.erase', house.house.custody.tenant, {
    key: 'k',
  })
  assert.equal(await codeOf(erase), 'sealed')
  const [first = '', second = '', third = ''] = house.shares
  assert.equal(await house.unseal([first]), false)
  assert.equal(house.house.status().progress, 1)
  // The same share again is no second one.
  assert.equal(await house.unseal([first]), false)
  assert.equal(house.house.status().progress, 1)
  assert.equal(house.house.status().state, 'sealed')
  assert.equal(await house.unseal([third]), true)
  await keysWork(house)
  await house.perform('system.seal', {})
  assert.equal(await house.unseal([second, third]), true)
  await keysWork(house)
  await assertSound(house)
})

test('the list above is every operation of the contract but the ceremonies', () => {
  const ceremonies = Object.values(operations)
    .filter((row) => row.effect === 'ceremony')
    .map((row) => row.name)
  assert.deepEqual(ceremonies, [
    'system.health',
    'system.ready',
    'system.status',
    'system.init',
    'system.unseal',
  ])
})

test('sealing while others use keys: what was told is recorded, and nothing succeeds after it', async () => {
  await using house = await startHouse({ thread: true, seal: twoOfThree })
  const { id: key } = await house.createKey()
  const { next } = await house.store.head()
  let sealed = false
  let told = 0
  const codes = new Set<string>()
  await using load = new Load(32, async () => {
    const sentAfter = sealed
    const code = await house.codeOf('encrypt', { key, plaintext: Buffer.from('a') })
    if (code === 'ok') told += 1
    codes.add(code)
    assert.ok(!(sentAfter && code === 'ok'), 'a use succeeded after the seal')
  })
  await load.more(500)
  await house.perform('system.seal', {})
  sealed = true
  await load.more(100)
  await load.end()
  assert.deepEqual(codes, new Set(['ok', 'sealed']))
  const entries = await house.entries(next)
  assert.ok(
    entries.filter(({ event, outcome }) => event === 'encrypt' && outcome === 'ok').length >= told,
  )
})

test('a new seal: the old shares open nothing any more, and the keys are the same', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  await using house = await startHouse({ path, seal: twoOfThree })
  const keysWork = await makeKeys(house)
  const old = house.shares
  const [, ...tooFew] = old.slice(1)
  const refused = { proof: tooFew, seal: twoOfThree }
  assert.equal(await house.codeOf('system.reissueSeal', refused), 'invalid_share')
  const reissue = {
    proof: old.slice(0, 2),
    seal: { kind: 'shares', shares: 5, threshold: 3 },
  } as const
  const issued = await house.perform('system.reissueSeal', {
    ...reissue,
    proof: [...reissue.proof],
  })
  const shares = issued.shares ?? []
  assert.equal(shares.length, 5)
  assert.equal(await house.codeOf('system.rotateRoot', { proof: [...old] }), 'invalid_share')
  await house.perform('system.seal', {})
  assert.equal(await codeOf(house.unseal(old)), 'invalid_share')
  assert.equal(house.house.status().state, 'sealed')
  await house.close()

  await assert.rejects(startHouse({ path, shares: old }), { code: 'invalid_share' })
  await using again = await startHouse({ path, shares: shares.slice(1, 4) })
  await keysWork(again)
  const toPassphrase = {
    proof: shares.slice(0, 3),
    seal: { kind: 'passphrase', passphrase: 'correct horse battery' },
  } as const
  await again.perform('system.reissueSeal', { ...toPassphrase, proof: [...toPassphrase.proof] })
  await again.close()

  await assert.rejects(startHouse({ path, shares: shares.slice(1, 4) }), { code: 'invalid_share' })
  await assert.rejects(startHouse({ path, passphrase: 'correct horse battery staple' }), {
    code: 'invalid_share',
  })
  await using last = await startHouse({ path, passphrase: 'correct horse battery' })
  await keysWork(last)
  await assertSound(last)
})

test('a new root key under load: no request fails, and after a restart everything opens', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  await using house = await startHouse({ path, thread: true, seal: twoOfThree })
  const { shares } = house
  const keysWork = await makeKeys(house)
  const other = await house.perform('tenant.create', { name: 'other' })
  const { id: key } = await house.createKey()
  const foreign = await house.perform(
    'key.create',
    { algorithm: 'AES-256-GCM', exportable: false },
    { token: other.token },
  )
  const plaintext = Buffer.from('a')
  await using load = new Load(16, async (user) => {
    await house.perform('encrypt', { key, plaintext })
    await house.perform('encrypt', { key: foreign.id, plaintext }, { token: other.token })
    if (user === 0) await house.createKey()
    if (user === 1) await house.perform('key.rotate', { key: foreign.id }, { token: other.token })
    if (user === 2) await house.perform('tenant.list', { limit: 10 })
  })
  for (let generation = 2; generation <= 6; generation += 1) {
    await load.more(50)
    const rotated = await house.perform('system.rotateRoot', { proof: shares.slice(0, 2) })
    assert.deepEqual(rotated, { generation, tenants: 2 })
  }
  await load.end()
  await keysWork(house)
  await assertSound(house)
  await house.perform('system.seal', {})
  assert.equal(await house.unseal(shares.slice(1)), true)
  await keysWork(house)
  await house.close()

  await using again = await startHouse({ path, shares })
  await keysWork(again)
  await again.perform('encrypt', { key: foreign.id, plaintext }, { token: other.token })
  await assertSound(again)
})

test('tenants that are made while the root key is replaced are not lost', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'claviger.db')
  await using house = await startHouse({ path, thread: true })
  const { shares } = house
  const made: string[] = []
  await using making = new Load(4, async () => {
    made.push((await house.perform('tenant.create', { name: 'other' })).token)
  })
  for (let generation = 2; generation <= 8; generation += 1) {
    await making.more(5)
    await house.perform('system.rotateRoot', { proof: [...shares] })
  }
  await making.end()
  await house.close()

  await using again = await startHouse({ path, shares })
  for (const token of made) {
    const { id } = await again.perform(
      'key.create',
      { algorithm: 'AES-256-GCM', exportable: false },
      { token },
    )
    await again.perform('encrypt', { key: id, plaintext: Buffer.from('a') }, { token })
  }
  await assertSound(again)
})

for (const name of ['system.rotateRoot', 'system.reissueSeal'] as const) {
  test(`${name}, told as failed though it was written: the server goes on, and starts again`, async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'claviger.db')
    let isFaulty = false
    await using house = await startHouse({
      path,
      wrapStore: (store) =>
        storeWith(store, {
          async commit(batch) {
            const result = await store.commit(batch)
            if (isFaulty) throw new Error('the answer of the disk was lost')
            return result
          },
        }),
    })
    const { shares } = house
    const keysWork = await makeKeys(house)
    isFaulty = true
    const input =
      name === 'system.rotateRoot'
        ? { proof: [...shares] }
        : {
            proof: [...shares],
            seal: { kind: 'passphrase' as const, passphrase: 'correct horse battery' },
          }
    assert.equal(await house.codeOf(name, input as never), 'ledger_unavailable')
    isFaulty = false
    while (house.house.ledger.failed) await new Promise((resolve) => setTimeout(resolve, 10))
    await keysWork(house)
    await house.perform('tenant.create', { name: 'other' })
    await assertSound(house)
    await house.close()
    await using again = await startHouse({
      path,
      ...(name === 'system.rotateRoot' ? { shares } : { passphrase: 'correct horse battery' }),
    })
    await keysWork(again)
    await assertSound(again)
  })
}
