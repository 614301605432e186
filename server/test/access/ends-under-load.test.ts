import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { performSigned, type SigningCredentials } from '../harness/signed.ts'
import { assertNoneAfter, under } from '../harness/under-load.ts'

/**
 * The third promise for signed requests: while many are under way their credential ends, and by the order of the ledger alone nothing
 * is done with it afterwards.
 */

/** A principal with an access key, and a key that it may use. */
async function prepare(house: TestHouse) {
  const { id: key } = await house.createKey()
  const { id: principal } = await house.createUser('key-user')
  const made = await house.perform('accessKey.create', { principal, description: '' })
  const by: SigningCredentials = { accessKey: made.id, secret: made.secret }
  const encrypt = (credentials: SigningCredentials) =>
    performSigned(house, credentials, 'encrypt', { key, plaintext: Buffer.from('a') })
  return { key, principal, by, encrypt }
}

test('an access key is revoked', async () => {
  await using house = await startHouse()
  const { by, encrypt } = await prepare(house)
  const codes = await under(
    () => encrypt(by),
    () => house.perform('accessKey.revoke', { accessKey: by.accessKey }),
  )
  assert.deepEqual(codes, new Set(['unauthenticated']))
  assertNoneAfter(
    await house.entries(),
    ({ event }) => event === 'accessKey.revoke',
    ({ credential }) => credential === by.accessKey,
  )
})

test('the access key that a session was made with is revoked', async () => {
  await using house = await startHouse()
  const { by, encrypt } = await prepare(house)
  const session = await performSigned(house, by, 'session.create', { name: 'work', seconds: 900 })
  const codes = await under(
    () => encrypt(session),
    () => house.perform('accessKey.revoke', { accessKey: by.accessKey }),
  )
  assert.deepEqual(codes, new Set(['unauthenticated']))
  assertNoneAfter(
    await house.entries(),
    ({ event }) => event === 'accessKey.revoke',
    ({ credential }) => credential === session.accessKey,
  )
})

test('a trust is deleted while sessions rest on it, and while others are made', async () => {
  await using house = await startHouse()
  const { by, principal, encrypt } = await prepare(house)
  const role = await house.createUser('key-user')
  const trust = await house.perform('trust.create', {
    principal: role.id,
    by: { kind: 'principal', principal },
    seconds: 900,
  })
  const input = { principal: role.id, name: 'work', seconds: 900 }
  const session = await performSigned(house, by, 'session.create', input)
  let turn = 0
  const codes = await under(
    () =>
      (turn += 1) % 2 === 0 ? encrypt(session) : performSigned(house, by, 'session.create', input),
    () => house.perform('trust.delete', { trust: trust.id }),
  )
  assert.ok(codes.isSubsetOf(new Set(['unauthenticated', 'forbidden'])), [...codes].join())
  assertNoneAfter(
    await house.entries(),
    ({ event }) => event === 'trust.delete',
    ({ credential, event }) => credential === session.accessKey || event === 'session.create',
  )
})
