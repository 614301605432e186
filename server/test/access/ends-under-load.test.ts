import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, startHouse, type Entry, type TestHouse } from '../harness/house.ts'
import { performSigned, type SigningCredentials } from '../harness/signed.ts'

/**
 * The third promise for signed requests: while many are under way their credential ends, and by the order of the ledger alone nothing
 * is done with it afterwards.
 */

const USERS = 16
/** Successes before the end, so that it comes in the middle. */
const SUCCESSES_BEFORE = 64

/** Does the same again and again, many at a time, ends it in the middle, and tells what they were refused with. */
async function under(doing: () => Promise<unknown>, end: () => Promise<unknown>) {
  let successes = 0
  const middle = Promise.withResolvers<void>()
  const users = Array.from({ length: USERS }, async () => {
    for (;;) {
      const code = await codeOf(doing())
      if (code !== 'ok') return code
      successes += 1
      if (successes >= SUCCESSES_BEFORE) middle.resolve()
    }
  })
  const all = Promise.all(users)
  // Where everything is refused from the beginning there is no middle, and the assertions say so.
  await Promise.race([middle.promise, all])
  await end()
  return new Set(await all)
}

function assertNoneAfter(
  entries: readonly Entry[],
  isEnd: (entry: Entry) => boolean,
  isUse: (entry: Entry) => boolean,
): void {
  const end = entries.find(isEnd)?.index ?? Number.NaN
  const uses = entries.filter((entry) => entry.outcome === 'ok' && isUse(entry))
  assert.ok(uses.length >= SUCCESSES_BEFORE)
  for (const { index } of uses) assert.ok(index < end, `entry ${index} stands after entry ${end}`)
}

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
