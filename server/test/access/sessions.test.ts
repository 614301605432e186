import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { WireOutputOf } from '@claviger/contract'
import { ClavigerError } from '#model'
import { SignatureError } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse } from '../harness/house.ts'
import { performSigned, performWith, signedBy, type SigningCredentials } from '../harness/signed.ts'
import { newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Temporary credentials: what they let their holder do, what the ledger says of them, and everything that ends them. */

const MINUTE_MS = 60_000
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)

type Made = Pick<WireOutputOf<'session.create'>, 'accessKey' | 'secret' | 'token' | 'principal'>

function credentials({ accessKey, secret, token }: Made): SigningCredentials {
  return { accessKey, secret, token }
}

/** Whether temporary credentials are believed. */
async function isGood(made: Made): Promise<boolean> {
  try {
    const who = await performSigned(house, credentials(made), 'whoami', {})
    assert.equal(who.principal.id, made.principal)
    return true
  } catch (error) {
    assert.ok(error instanceof SignatureError)
    return false
  }
}

/** A principal that may rotate keys, and another that may act as it. */
async function pair(seconds = 3_600) {
  const role = await newcomer(owner)
  await owner.call('binding.create', { principal: role.id, role: 'key-user' })
  const caller = await newcomer(owner)
  const trust = await owner.call('trust.create', {
    principal: role.id,
    by: { kind: 'principal', principal: caller.id },
    seconds,
  })
  return { role, caller, trust }
}

test('as oneself: the same rights, under a name', async () => {
  const { id, client } = await newcomer(owner, 'Anna')
  await owner.call('binding.create', { principal: id, role: 'key-user' })
  const made = await client.call('session.create', { name: 'laptop', seconds: 900 })
  assert.match(made.accessKey, /^ASIA[A-Z2-7]{16}$/)
  assert.equal(made.principal, id)
  assert.match(made.arn, /^arn:aws:sts::\d{12}:assumed-role\/Anna\/laptop$/)
  assert.equal(made.expiresAt, new Date(clock.now() + 900_000).toISOString())
  const who = await performSigned(house, credentials(made), 'whoami', {})
  assert.equal(who.arn, made.arn)
  assert.equal(who.credential, made.accessKey)
  const { id: key } = await owner.call('key.create', {})
  const plaintext = Buffer.from('a')
  await performSigned(house, credentials(made), 'encrypt', { key, plaintext })
  assert.equal(
    await codeOf(performSigned(house, credentials(made), 'key.rotate', { key })),
    'forbidden',
  )
})

test('the ledger has the making of a session, and its name with everything done in it', async () => {
  const { role, caller, trust } = await pair()
  const made = await caller.client.call('session.create', { principal: role.id, name: 'nightly' })
  const { id: key } = await owner.call('key.create', {})
  await performSigned(house, credentials(made), 'encrypt', { key, plaintext: Buffer.from('a') })
  const [creation, , use] = (await house.entries()).slice(-3)
  assert.deepEqual(
    [creation?.event, creation?.outcome, creation?.principal, creation?.subject, creation?.detail],
    [
      'session.create',
      'ok',
      caller.id,
      role.id,
      {
        session: 'nightly',
        accessKey: made.accessKey,
        seconds: 3_600,
        until: Date.parse(made.expiresAt),
        trust: trust.id,
      },
    ],
  )
  assert.deepEqual(
    [use?.event, use?.principal, use?.credential, use?.factors],
    ['encrypt', role.id, made.accessKey, ['temporary', 'session:nightly']],
  )
  const found = await owner.call('ledger.search', { principal: role.id })
  assert.equal(found.items.length, 1)
})

test('as another: by id or by name, with its rights and not the own ones', async () => {
  const { role, caller } = await pair()
  await owner.call('binding.create', { principal: caller.id, role: 'auditor' })
  const { name } = await owner.call('principal.get', { principal: role.id })
  const { id: key } = await owner.call('key.create', {})
  await caller.client.refuse('forbidden', 'encrypt', { key, plaintext: 'AA==' })
  for (const principal of [role.id, name]) {
    const made = await caller.client.call('session.create', { principal, name: 'work' })
    assert.equal(made.principal, role.id)
    assert.match(made.arn, new RegExp(`:assumed-role/${name}/work$`))
    await performSigned(house, credentials(made), 'encrypt', { key, plaintext: Buffer.from('a') })
    const search = { order: 'descending', limit: 1 } as const
    const denied = performSigned(house, credentials(made), 'ledger.search', search)
    assert.equal(await codeOf(denied), 'forbidden')
  }
})

test('without a trust it is forbidden, in the same words whether there is such a principal or not', async () => {
  const { role, caller } = await pair()
  const stranger = await newcomer(owner, 'a stranger')
  const { token, owner: theirs } = await owner.call('tenant.create', { name: 'other' })
  const foreigner = await newcomer(owner.as(token), 'theirs')
  const disabled = await newcomer(owner)
  await owner.call('trust.create', {
    principal: disabled.id,
    by: { kind: 'principal', principal: caller.id },
  })
  await owner.call('principal.disable', { principal: disabled.id })
  const details = new Set<string>()
  for (const principal of [
    stranger.id,
    'a stranger',
    'nobody',
    '00000000-0000-4000-8000-000000000000',
    theirs.id,
    foreigner.id,
    'theirs',
    disabled.id,
  ]) {
    const input = { principal, name: 'work' }
    details.add((await caller.client.refuse('forbidden', 'session.create', input)).detail)
  }
  assert.equal(details.size, 1)
  // A trust is for one direction, and for one principal.
  await role.client.refuse('forbidden', 'session.create', { principal: caller.id, name: 'work' })
  const other = { principal: role.id, name: 'work' }
  await stranger.client.refuse('forbidden', 'session.create', other)
  // Owners are no exception.
  await owner.refuse('forbidden', 'session.create', other)
})

test('it lasts as long as the trust allows, and no longer than what it was made with', async () => {
  const { role, caller, trust } = await pair(1_800)
  const input = { principal: role.id, name: 'work' }
  const refused = await caller.client.refuse('invalid_request', 'session.create', input)
  assert.equal(
    refused.detail,
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
  assert.equal(refused.field, 'seconds')
  await caller.client.call('session.create', { ...input, seconds: 1_800 })
  // Of several trusts the longest counts.
  const longer = { principal: role.id, by: trust.by, seconds: 7_200 }
  await owner.call('trust.create', longer)
  const made = await caller.client.call('session.create', { ...input, seconds: 7_200 })
  assert.equal(made.expiresAt, new Date(clock.now() + 7_200_000).toISOString())

  // A session makes no session that outlives it, as itself or as another.
  clock.advance(60 * MINUTE_MS)
  const again = await performSigned(house, credentials(made), 'session.create', {
    name: 'again',
    seconds: 43_200,
  })
  assert.equal(again.expiresAt, Date.parse(made.expiresAt))
  await owner.call('trust.create', {
    principal: caller.id,
    by: { kind: 'principal', principal: role.id },
    seconds: 43_200,
  })
  const chained = await performSigned(house, credentials(made), 'session.create', {
    principal: caller.id,
    name: 'chained',
    seconds: 43_200,
  })
  assert.equal(chained.expiresAt, Date.parse(made.expiresAt))
  assert.equal(chained.principal, caller.id)

  // Nor does a token's outlive the token.
  const { token } = await owner.call('token.create', { principal: caller.id, days: 1 })
  clock.advance(23 * 60 * MINUTE_MS)
  const late = await owner.as(token).call('session.create', { name: 'late', seconds: 43_200 })
  assert.equal(late.expiresAt, new Date(clock.now() + 60 * MINUTE_MS).toISOString())
  for (const seconds of [899, 43_201, 1.5]) {
    await caller.client.refuse('invalid_request', 'session.create', { name: 'work', seconds })
  }
})

test('it ends when it says, held or not', async () => {
  const { client } = await newcomer(owner)
  const held = await client.call('session.create', { name: 'held', seconds: 900 })
  const unheld = await client.call('session.create', { name: 'unheld', seconds: 900 })
  clock.advance(900_000 - 1)
  assert.ok(await isGood(held))
  clock.advance(1)
  for (const made of [held, unheld]) {
    await assert.rejects(
      performSigned(house, credentials(made), 'whoami', {}),
      (error) => error instanceof SignatureError && error.kind === 'expired-token',
    )
  }
})

/** What ends a session: each is done to a fresh pair, whose sessions were used before, or not. */
const ends: readonly (readonly [
  what: string,
  end: (parts: Awaited<ReturnType<typeof pair>> & { accessKey: string }) => Promise<unknown>,
])[] = [
  ['its trust is deleted', ({ trust }) => owner.call('trust.delete', { trust: trust.id })],
  ['its source key is revoked', ({ accessKey }) => owner.call('accessKey.revoke', { accessKey })],
  [
    'its principal is disabled',
    ({ role }) => owner.call('principal.disable', { principal: role.id }),
  ],
  [
    'the principal that made it is disabled',
    ({ caller }) => owner.call('principal.disable', { principal: caller.id }),
  ],
]

for (const [what, end] of ends) {
  test(`a session, and one made with it, end at once when ${what}`, async () => {
    const parts = await pair()
    const source = await owner.call('accessKey.create', { principal: parts.caller.id })
    const by = { accessKey: source.id, secret: source.secret }
    const input = { principal: parts.role.id, name: 'work', seconds: 900 }
    const make = () => performSigned(house, by, 'session.create', input)
    const [held, unheld] = [await make(), await make()]
    const chained = await performSigned(house, credentials(held), 'session.create', {
      name: 'again',
      seconds: 900,
    })
    assert.ok(await isGood(held))
    assert.ok(await isGood(chained))
    await end({ ...parts, accessKey: source.id })
    assert.deepEqual(
      [await isGood(held), await isGood(unheld), await isGood(chained)],
      [false, false, false],
    )
  })
}

test("a token's session ends with the token", async () => {
  const { id: principal } = await newcomer(owner)
  const { id, token } = await owner.call('token.create', { principal })
  const made = await owner.as(token).call('session.create', { name: 'work' })
  assert.ok(await isGood(made))
  await owner.call('token.revoke', { token: id })
  assert.equal(await isGood(made), false)
})

test('what is not exactly what was given is refused', async () => {
  const { client } = await newcomer(owner)
  const made = await client.call('session.create', { name: 'one' })
  const other = await client.call('session.create', { name: 'other' })
  const bytes = Buffer.from(made.token, 'base64')
  const flipped = Buffer.from(bytes)
  flipped[bytes.length - 20] = (flipped[bytes.length - 20] ?? 0) ^ 1
  const foreign = Buffer.from(bytes)
  foreign.fill(0, 1, 17)
  for (const changed of [
    { token: other.token },
    { accessKey: other.accessKey },
    { secret: other.secret },
    { token: flipped.toString('base64') },
    { token: foreign.toString('base64') },
    { token: bytes.subarray(0, -1).toString('base64') },
    { token: 'x' },
  ]) {
    assert.equal(await isGood({ ...made, ...changed }), false, JSON.stringify(changed))
  }
  const { accessKey, secret } = made
  await assert.rejects(
    performSigned(house, { accessKey, secret }, 'whoami', {}),
    (error) => error instanceof SignatureError && error.kind === 'unknown-key',
  )
  assert.ok(await isGood(made))
})

test('who has only seen a session token go by is nobody, also while the session is held', async () => {
  const { client } = await newcomer(owner)
  const made = await client.call('session.create', { name: 'laptop' })
  assert.ok(await isGood(made))
  for (const token of [made.token, made.accessKey])
    assert.equal(await house.codeOf('whoami', {}, { token }), 'unauthenticated')
})

test('who sends a signed request for a session again gets no credentials', async () => {
  const { id: principal } = await newcomer(owner)
  const made = await owner.call('accessKey.create', { principal })
  const by = { accessKey: made.id, secret: made.secret }
  const credential = await signedBy(by, { at: clock.now(), service: 'sts' })
  const input = { name: 'work', seconds: 900 }
  await performWith(house, credential, 'session.create', input)
  await assert.rejects(
    performWith(house, credential, 'session.create', input),
    (error) => error instanceof SignatureError && error.kind === 'replayed',
  )
})

test('sessions made from one another come to an end', async () => {
  const { id: first, client } = await newcomer(owner)
  let by = credentials(await client.call('session.create', { name: 'first' }))
  let last = first
  const names: string[] = []
  const codes: string[] = []
  for (let hop = 0; hop < 20 && codes.length === 0; hop += 1) {
    const { id } = await newcomer(owner)
    await owner.call('trust.create', { principal: id, by: { kind: 'principal', principal: last } })
    try {
      const input = { principal: id, name: `hop-${hop}`, seconds: 900 }
      by = { ...(await performSigned(house, by, 'session.create', input)) }
      assert.ok((by.token ?? '').length < 8_192)
      names.push((await performSigned(house, by, 'whoami', {})).principal.id)
      last = id
    } catch (error) {
      assert.ok(error instanceof ClavigerError)
      codes.push(error.code)
    }
  }
  assert.deepEqual(codes, ['invalid_request'])
  assert.ok(names.length >= 10)
})

test('a trust is of the own tenant, is listed, and can be taken away once', async () => {
  const { role, caller, trust } = await pair()
  assert.deepEqual((await owner.call('trust.list', { principal: role.id })).items, [trust])
  assert.deepEqual((await owner.call('trust.list', { principal: caller.id })).items, [])
  const { token } = await owner.call('tenant.create', { name: 'another' })
  const other = owner.as(token)
  const foreign = await newcomer(other)
  const by = { kind: 'principal', principal: caller.id } as const
  await other.refuse('not_found', 'trust.create', { principal: foreign.id, by })
  await owner.refuse('not_found', 'trust.create', { principal: foreign.id, by })
  await other.refuse('not_found', 'trust.delete', { trust: trust.id })
  assert.deepEqual((await other.call('trust.list', {})).items, [])
  await owner.call('trust.delete', { trust: trust.id })
  await owner.refuse('not_found', 'trust.delete', { trust: trust.id })
  const entry = (await house.entries()).findLast(({ event }) => event === 'trust.delete')
  assert.deepEqual(
    [entry?.subject, entry?.detail],
    [trust.id, { principal: role.id, by: caller.id, seconds: 3_600 }],
  )
  const [row] = await house.store.rows([{ kind: 'trust', id: trust.id }])
  assert.equal(row, undefined)
})
