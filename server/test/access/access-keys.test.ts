import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { RoleName } from '@claviger/contract'
import { SignatureError } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse } from '../harness/house.ts'
import { performSigned, performWith, signedBy, type SigningCredentials } from '../harness/signed.ts'
import { newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Access keys from their making to their end, with requests signed by AWS's own signer. */

const DAY_MS = 86_400_000
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const plaintext = Buffer.from('the payroll')

/** A principal with a role, and an access key of it. */
async function signer(role: RoleName = 'key-user', rest: { days?: number } = {}) {
  const { id: principal, client } = await newcomer(owner)
  await owner.call('binding.create', { principal, role })
  const made = await owner.call('accessKey.create', { principal, ...rest })
  return { principal, client, made, by: { accessKey: made.id, secret: made.secret } }
}

/** What a signed request is refused for, or undefined. */
async function faultOf(by: SigningCredentials): Promise<string | undefined> {
  try {
    await performSigned(house, by, 'key.list', { limit: 1 })
    return undefined
  } catch (error) {
    assert.ok(error instanceof SignatureError)
    assert.equal(error.code, 'unauthenticated')
    return error.kind
  }
}

test('an access key is shown once, and what it signs is believed', async () => {
  const { principal, made, by } = await signer()
  assert.match(made.id, /^AKIA[A-Z2-7]{16}$/)
  assert.match(made.secret, /^[A-Za-z0-9+/]{40}$/)
  assert.equal(made.expiresAt, undefined)
  const { id: key } = await owner.call('key.create', {})
  const { items } = await performSigned(house, by, 'key.list', { limit: 100 })
  assert.ok(items.some(({ id }) => id === key))
  const { ciphertext } = await performSigned(house, by, 'encrypt', { key, plaintext })
  const opened = await performSigned(house, by, 'decrypt', { ciphertext })
  assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
  assert.equal(await codeOf(performSigned(house, by, 'key.rotate', { key })), 'forbidden')

  const { secret, ...rest } = made
  const listed = await owner.call('accessKey.list', { principal })
  assert.deepEqual(listed.items, [rest])
  assert.equal(JSON.stringify(listed).includes(secret), false)
  const who = await performSigned(house, by, 'whoami', {})
  assert.equal(who.credential, made.id)
  assert.equal(who.principal.id, principal)
  assert.match(who.arn, /^arn:aws:iam::\d{12}:user\/newcomer-\d+$/)

  const entry = (await house.entries()).findLast(({ event }) => event === 'decrypt')
  assert.deepEqual(
    [entry?.principal, entry?.credential, entry?.factors],
    [principal, made.id, ['access-key']],
  )
  const creation = (await house.entries()).find(({ subject }) => subject === made.id)
  assert.deepEqual(
    [creation?.event, creation?.detail],
    ['accessKey.create', { principal }],
    'the making of it is in the ledger',
  )
})

test('a signature with another secret, another key, or none, is refused', async () => {
  const one = await signer()
  const other = await signer()
  assert.equal(await faultOf(one.by), undefined)
  assert.equal(await faultOf({ ...one.by, secret: other.by.secret }), 'mismatch')
  assert.equal(await faultOf({ ...one.by, accessKey: other.by.accessKey }), 'mismatch')
  assert.equal(await faultOf({ ...one.by, accessKey: `AKIA${'A'.repeat(16)}` }), 'unknown-key')
  assert.equal(await faultOf({ ...one.by, token: 'AAAA' }), 'invalid-token')
  assert.equal(await faultOf(one.by), undefined)
})

test('a revoked access key fails at once, held or not, and its secret is not kept', async () => {
  const held = await signer()
  const unheld = await signer()
  assert.equal(await faultOf(held.by), undefined)
  for (const { made, by } of [held, unheld]) {
    const revoked = await owner.call('accessKey.revoke', { accessKey: made.id })
    assert.equal(revoked.revokedAt, new Date(clock.now()).toISOString())
    assert.equal('secret' in revoked, false)
    assert.equal(await faultOf(by), 'unknown-key')
    const [row] = await house.store.rows([{ kind: 'accessKey', id: made.id }])
    assert.ok(row !== undefined)
    assert.equal(row.material, undefined)
    await owner.refuse('conflict', 'accessKey.revoke', { accessKey: made.id })
  }
  await owner.refuse('not_found', 'accessKey.revoke', { accessKey: `AKIA${'A'.repeat(16)}` })
})

test('a disabled principal signs nothing, gets no new access key, and goes on when it is enabled', async () => {
  const { principal, by } = await signer()
  assert.equal(await faultOf(by), undefined)
  await owner.call('principal.disable', { principal })
  assert.equal(await faultOf(by), 'unknown-key')
  await owner.refuse('conflict', 'accessKey.create', { principal })
  await owner.call('principal.enable', { principal })
  assert.equal(await faultOf(by), undefined)
})

test('an access key with an end ends then, held or not', async () => {
  const held = await signer('key-user', { days: 1 })
  const unheld = await signer('key-user', { days: 1 })
  assert.equal(held.made.expiresAt, new Date(clock.now() + DAY_MS).toISOString())
  clock.advance(DAY_MS - 1)
  assert.equal(await faultOf(held.by), undefined)
  clock.advance(1)
  assert.equal(await faultOf(held.by), 'expired-token')
  assert.equal(await faultOf(unheld.by), 'expired-token')
})

test('an access key of one tenant sees nothing of another, and nobody gives keys to its principals', async () => {
  const { by, made, principal } = await signer('owner')
  const { token, owner: theirs } = await owner.call('tenant.create', { name: 'other' })
  const other = owner.as(token)
  const { id: key } = await other.call('key.create', {})
  assert.equal(await codeOf(performSigned(house, by, 'key.get', { key })), 'not_found')
  const foreign = { principal: theirs.id, description: '' }
  assert.equal(await codeOf(performSigned(house, by, 'accessKey.create', foreign)), 'not_found')
  await other.refuse('not_found', 'accessKey.create', { principal })
  await other.refuse('not_found', 'accessKey.revoke', { accessKey: made.id })
  assert.deepEqual((await other.call('accessKey.list', {})).items, [])
  assert.deepEqual((await other.call('accessKey.list', { principal })).items, [])
})

test('a signed change counts once, a signed use as often as it is sent', async () => {
  const { by } = await signer('owner')
  const change = await signedBy(by, { at: clock.now() })
  const input = { algorithm: 'AES-256-GCM', exportable: false, origin: 'generated' } as const
  const { id: key } = await performWith(house, change, 'key.create', input)
  const before = (await house.store.head()).revision
  await assert.rejects(
    performWith(house, change, 'key.create', input),
    (error) => error instanceof SignatureError && error.kind === 'replayed',
  )
  assert.equal((await house.store.head()).revision, before)
  // One that failed changed nothing, and may be sent again.
  const failing = await signedBy(by, { at: clock.now() })
  const taken = { alias: 'taken', key }
  await owner.call('alias.create', taken)
  assert.equal(await codeOf(performWith(house, failing, 'alias.create', taken)), 'conflict')
  assert.equal(await codeOf(performWith(house, failing, 'alias.create', taken)), 'conflict')

  const use = await signedBy(by, { at: clock.now() })
  for (let time = 0; time < 2; time += 1)
    await performWith(house, use, 'encrypt', { key, plaintext })
})

test('a request is good for five minutes', async () => {
  const { by } = await signer()
  for (const [at, fault] of [
    [clock.now() - 299_000, undefined],
    [clock.now() + 299_000, undefined],
    [clock.now() - 301_000, 'expired'],
    [clock.now() + 301_000, 'not-yet-current'],
  ] as const) {
    const credential = await signedBy(by, { at })
    const doing = performWith(house, credential, 'whoami', {})
    if (fault === undefined) await doing
    else {
      await assert.rejects(
        doing,
        (error) => error instanceof SignatureError && error.kind === fault,
      )
    }
  }
})

test("the development server's access key is an owner's", async () => {
  const { gate, custody } = house.house
  const made = await gate.performAsSystem('accessKey.createForOwner', custody.tenant, {})
  const { principal } = await performSigned(house, made, 'whoami', {})
  assert.equal(principal.id, (await owner.call('whoami', {})).principal.id)
  const { items } = await owner.call('accessKey.list', { principal: principal.id })
  assert.deepEqual(
    items.map(({ id, description }) => [id, description]),
    [[made.accessKey, 'development server']],
  )
  const entry = (await house.entries()).at(-1)
  assert.deepEqual(
    [entry?.event, entry?.principal, entry?.subject],
    ['accessKey.createForOwner', 'system', made.accessKey],
  )
})
