import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '@claviger/contract'
import type { GatedName } from '#operations'
import { SystemCredential } from '../../src/access/credential.ts'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse, type TestHouse } from '../harness/house.ts'
import { inputsFor } from '../harness/inputs.ts'
import { snapshot } from '../harness/snapshot.ts'

/** The first promise: everything that uses or changes something passes the gate, which refuses, changes nothing, and records. */

const guarded = Object.values(operations)
  .filter((row) => row.effect === 'use' || row.effect === 'change')
  // Where one proves who one is, a credential is not looked at: what else proves it is tested with those operations.
  .filter((row) => row.action !== 'none')
  .map((row) => row.name as GatedName)

/** Without those for what is one's own, which a program is told are for persons, before or behind any right. */
const givenByRights = guarded.filter((name) => !/^(login|logout|factor|password)\b/.test(name))

const DAY_MS = 86_400_000

/** Callers that nobody believes, each with how it comes about; every one of them had a good token once, or something like it. */
const strangers: readonly (readonly [
  what: string,
  make: (house: TestHouse) => Promise<string | undefined>,
])[] = [
  ['no token', async () => undefined],
  ['something that is no token', async () => 'clv_hello'],
  ['a token of the right shape', async () => `clv_${'0'.repeat(32)}_${'A'.repeat(43)}`],
  [
    'the id of a good token with another secret',
    async (house) => `${house.token.slice(0, -43)}${'A'.repeat(43)}`,
  ],
  [
    'a revoked token',
    async (house) => {
      const { token, tokenId } = await house.createUser('owner')
      await house.perform('token.revoke', { token: tokenId })
      return token
    },
  ],
  [
    'a token of a disabled principal',
    async (house) => {
      const { id, token } = await house.createUser('owner')
      await house.perform('principal.disable', { principal: id })
      return token
    },
  ],
]

/** Refused with a code, nothing changed, and one entry more, which says so. */
async function assertDenied(
  house: TestHouse,
  name: GatedName,
  doing: () => Promise<unknown>,
  code: string,
) {
  const before = await snapshot(house.store)
  const { next } = await house.store.head()
  assert.equal(await codeOf(doing()), code, name)
  assert.deepEqual(await snapshot(house.store), before, `${name} changed something`)
  const [entry, ...others] = await house.entries(next)
  assert.equal(others.length, 0, `${name} left more than one entry`)
  assert.ok(entry !== undefined, `${name} left no entry`)
  const { event, outcome, reason, revision, changed } = entry
  assert.deepEqual(
    { event, outcome, reason, revision, changed },
    { event: name, outcome: 'denied', reason: code, revision: undefined, changed: undefined },
  )
  return entry
}

for (const [what, make] of strangers) {
  test(`with ${what}, every use and change is refused and recorded`, async () => {
    await using house = await startHouse()
    const inputs = inputsFor(house)
    const token = await make(house)
    for (const name of guarded) {
      const input = await inputs[name]()
      const caller = { token, source: name }
      const entry = await assertDenied(
        house,
        name,
        () => house.perform(name, input, caller),
        'unauthenticated',
      )
      assert.equal(entry.principal, 'anonymous')
    }
  })
}

test('an expired token is refused, whether or not its session is held', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { token } = await house.createUser('owner')
  const unheld = (await house.createUser('owner')).token
  await house.perform('random', { length: 1 }, { token })
  clock.advance(DAY_MS - 1)
  await house.perform('random', { length: 1 }, { token })
  clock.advance(1)
  const inputs = inputsFor(house)
  for (const name of guarded) {
    const input = await inputs[name]()
    for (const stranger of [token, unheld]) {
      const caller = { token: stranger, source: name }
      await assertDenied(house, name, () => house.perform(name, input, caller), 'unauthenticated')
    }
  }
})

test('without a binding, every use and change is refused and recorded under its principal', async () => {
  await using house = await startHouse()
  const inputs = inputsFor(house)
  const { id, token } = await house.createUser()
  for (const name of givenByRights) {
    const input = await inputs[name]()
    const entry = await assertDenied(
      house,
      name,
      () => house.perform(name, input, { token }),
      'forbidden',
    )
    assert.equal(entry.principal, id)
    assert.equal(entry.binding, undefined)
  }
})

test('a binding that has expired allows nothing, whether or not it was used before', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id, token } = await house.createUser()
  const expiresAt = clock.now() + 60_000
  await house.perform('binding.create', {
    role: 'owner',
    principal: id,
    scope: { kind: 'tenant' },
    expiresAt,
  })
  const { id: key } = await house.createKey()
  await house.perform('encrypt', { key, plaintext: Buffer.from('a') }, { token })
  clock.advance(60_000)
  const inputs = inputsFor(house)
  for (const name of givenByRights) {
    const input = await inputs[name]()
    await assertDenied(house, name, () => house.perform(name, input, { token }), 'forbidden')
  }
})

test('what does not exist cannot be told from what is forbidden', async () => {
  await using house = await startHouse()
  const { token } = await house.createUser()
  const { id: key } = await house.createKey({ alias: 'here' })
  const there = '00000000-0000-4000-8000-000000000000'
  for (const reference of [key, 'here', there, 'nowhere']) {
    const plaintext = Buffer.from('a')
    const entry = await assertDenied(
      house,
      'encrypt',
      () => house.perform('encrypt', { key: reference, plaintext }, { token }),
      'forbidden',
    )
    assert.equal(entry.key, undefined)
  }
})

test('nothing that is only shaped like the credential of a job is believed', async () => {
  await using house = await startHouse()
  const { id: key } = await house.createKey()
  const tenant = house.house.custody.tenant
  const forged = [
    { kind: 'system', tenant },
    Object.create(SystemCredential.prototype, {
      kind: { value: 'system' },
      tenant: { value: tenant },
    }),
  ] as never[]
  for (const credential of forged) {
    const perform = () =>
      house.house.gate.perform({
        operation: 'encrypt',
        credential,
        door: 'test',
        source: '127.0.0.1',
        request: 'forged',
        read: () => ({ key, plaintext: Buffer.from('a') }),
      })
    await assertDenied(house, 'encrypt', perform, 'unauthenticated')
  }
})
