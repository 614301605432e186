import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createSeal, openSeal, parseSealDescription, unwrapRootKey, wrapRootKey } from '#seal'

const invalidShare = { name: 'ClavigerError', code: 'invalid_share' }

test('a server is initialized, restarted, and gets new custodians', async () => {
  const rootKey = randomBytes(32)
  const first = await createSeal({ kind: 'shares', threshold: 2, shares: 3 })
  const stored = JSON.stringify(first.description)
  const wrapped = wrapRootKey(first.sealKey, rootKey, first.description, 1)
  const shares = first.shares ?? []

  // After a restart there is the disk, and two custodians.
  const description = parseSealDescription(JSON.parse(stored))
  const sealKey = await openSeal(description, shares.slice(1))
  assert.deepEqual(unwrapRootKey(sealKey, wrapped, description, 1), rootKey)

  // Re-issue: the same root key under a new seal.
  const second = await createSeal({ kind: 'passphrase', passphrase: 'grape lantern seventeen' })
  const rewrapped = wrapRootKey(second.sealKey, rootKey, second.description, 1)
  assert.equal(second.shares, undefined)
  assert.deepEqual(unwrapRootKey(second.sealKey, rewrapped, second.description, 1), rootKey)
  const third = await createSeal({ kind: 'shares', threshold: 2, shares: 3 })
  const again = wrapRootKey(third.sealKey, rootKey, third.description, 1)

  // All old shares together open nothing that is stored now, and neither does the key they make.
  await assert.rejects(openSeal(second.description, shares), invalidShare)
  await assert.rejects(openSeal(third.description, shares), invalidShare)
  const oldKey = await openSeal(first.description, shares)
  for (const [now, kept] of [
    [second, rewrapped],
    [third, again],
  ] as const) {
    assert.throws(() => unwrapRootKey(oldKey, kept, now.description, 1), { code: 'internal' })
  }
})

test('proof is enough different shares of the seal', async () => {
  const {
    sealKey,
    shares = [],
    description,
  } = await createSeal({ kind: 'shares', threshold: 2, shares: 3 })
  const [one = '', two = ''] = shares
  assert.deepEqual(await openSeal(description, [one, two]), sealKey)
  assert.deepEqual(await openSeal(description, [one, one, two]), sealKey)
  for (const proof of [[], [one], [one, one], [one, ''], ['a passphrase instead']]) {
    await assert.rejects(openSeal(description, proof), invalidShare)
  }
})

test('proof is the passphrase and nothing else', async () => {
  const passphrase = 'grape lantern seventeen'
  const { sealKey, description } = await createSeal({ kind: 'passphrase', passphrase })
  assert.deepEqual(await openSeal(description, [passphrase]), sealKey)
  for (const proof of [[], [passphrase, passphrase]])
    await assert.rejects(openSeal(description, proof), invalidShare)
})

test('a description is parsed strictly, and holds no secret', async () => {
  const {
    sealKey,
    shares = [],
    description,
  } = await createSeal({ kind: 'shares', threshold: 2, shares: 2 })
  assert.deepEqual(parseSealDescription(JSON.parse(JSON.stringify(description))), description)
  const text = JSON.stringify(description)
  for (const form of ['hex', 'base64', 'latin1'] as const)
    assert.ok(!text.includes(sealKey.toString(form)))
  for (const share of shares) assert.ok(!text.includes(share.slice(30)))
  const bad = [
    undefined,
    null,
    7,
    'shares',
    [],
    {},
    { ...description, kind: 'none' },
    { ...description, sealKey: 'x' },
    { ...description, threshold: '2' },
    { ...description, check: undefined },
    { ...description, threshold: 3 },
  ]
  for (const stored of bad) assert.throws(() => parseSealDescription(stored), { code: 'internal' })
})
