import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { codeOf, startHouse } from '../harness/house.ts'

/** Secret ids from their making to their end, and what strangers try with them. */

const DAY_MS = 86_400_000
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { id: key } = await house.createKey()

async function made(rest: Partial<InputOf<'secretId.create'>> = {}) {
  const { id: principal } = await house.createUser('key-user')
  const input = { principal, description: '', networks: [], ...rest }
  return house.perform('secretId.create', input)
}

const exchange = (
  input: { principal: string; secret: string; seconds?: number },
  source = '127.0.0.1',
) => {
  const { principal, secret, seconds = 900 } = input
  return house.perform(
    'secretId.exchange',
    { principal, secret, seconds },
    { token: undefined, source },
  )
}

/** Refused in the words that every refusal has; the reason, as the ledger has it. */
async function reasonOf(doing: () => Promise<unknown>): Promise<unknown> {
  const { next } = await house.store.head()
  await assert.rejects(doing(), {
    code: 'unauthenticated',
    message: 'The role id and the secret id do not let anybody in; ask for a new secret id',
  })
  const [entry] = await house.entries(next)
  assert.equal(entry?.event, 'secretId.exchange')
  assert.equal(entry.principal, 'anonymous')
  return entry.detail?.['reason']
}

test('it is shown once, and gets a short token that may do what the principal may', async () => {
  const { secret, principal, ...rest } = await made()
  assert.match(secret, /^clvk_[0-9a-f]{32}_[\w-]{43}$/)
  const listed = await house.perform('secretId.list', { principal, limit: 10 })
  assert.deepEqual(listed.items, [{ principal, ...rest }])
  assert.equal(JSON.stringify(listed).includes(secret.slice(-43)), false)
  const { next } = await house.store.head()
  const got = await exchange({ principal, secret })
  assert.equal(got.expiresAt, clock.now() + 900_000)
  const [entry] = await house.entries(next)
  assert.equal(entry?.principal, principal)
  assert.equal(entry.credential, rest.id)
  const caller = { token: got.token }
  await house.perform('encrypt', { key, plaintext: Buffer.from('x') }, caller)
  const who = await house.perform('whoami', {}, caller)
  assert.equal(who.credential, rest.id)
  assert.equal(await house.codeOf('key.rotate', { key }, caller), 'forbidden')
  clock.advance(900_001)
  assert.equal(await house.codeOf('whoami', {}, caller), 'unauthenticated')
})

test('it is no token itself, and a token is no secret id', async () => {
  const { secret, principal } = await made()
  assert.equal(await house.codeOf('whoami', {}, { token: secret }), 'unauthenticated')
  const { token } = await house.createUser()
  assert.equal(await reasonOf(() => exchange({ principal, secret: token })), 'malformed')
})

test('wrong secrets, other roles and unknown ids: the same words', async () => {
  const one = await made()
  const other = await made()
  const wrong = one.secret.slice(0, 38) + other.secret.slice(38)
  const { principal } = one
  assert.equal(await reasonOf(() => exchange({ principal, secret: wrong })), 'wrong-secret')
  assert.equal(await reasonOf(() => exchange({ principal, secret: other.secret })), 'wrong-role')
  const unknown = `clvk_${'0'.repeat(32)}_${one.secret.slice(-43)}`
  assert.equal(await reasonOf(() => exchange({ principal, secret: unknown })), 'unknown')
})

test('uses run out, also where they come at once', async () => {
  const { secret, principal, id } = await made({ uses: 2 })
  const codes = await Promise.all([1, 2, 3, 4].map(() => codeOf(exchange({ principal, secret }))))
  assert.equal(codes.filter((code) => code === 'ok').length, 2)
  assert.equal(await reasonOf(() => exchange({ principal, secret })), 'used-up')
  const { items } = await house.perform('secretId.list', { principal, limit: 10 })
  assert.equal(items.find((item) => item.id === id)?.usesLeft, 0)
})

test('only from its networks', async () => {
  const { secret, principal } = await made({ networks: ['10.1.0.0/16', '2001:db8::/32'] })
  for (const source of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1'])
    assert.equal(await codeOf(exchange({ principal, secret }, source)), 'ok', source)
  for (const source of ['10.2.0.1', '::1', 'unknown', ''])
    assert.equal(await reasonOf(() => exchange({ principal, secret }, source)), 'network', source)
  await assert.rejects(made({ networks: ['10.0.0.0/33'] }), { code: 'invalid_request' })
})

test('revoked: neither it nor the tokens it got are believed', async () => {
  const { secret, principal, id } = await made()
  const { token } = await exchange({ principal, secret })
  await house.perform('whoami', {}, { token })
  await house.perform('secretId.revoke', { secretId: id })
  assert.equal(await house.codeOf('whoami', {}, { token }), 'unauthenticated')
  assert.equal(await reasonOf(() => exchange({ principal, secret })), 'revoked')
  assert.equal(await house.codeOf('secretId.revoke', { secretId: id }), 'conflict')
})

test('a disabled principal gets nothing, and its tokens end', async () => {
  const { secret, principal } = await made()
  const { token } = await exchange({ principal, secret })
  await house.perform('principal.disable', { principal })
  assert.equal(await house.codeOf('whoami', {}, { token }), 'unauthenticated')
  assert.equal(await reasonOf(() => exchange({ principal, secret })), 'disabled')
  const again = { principal, description: '', networks: [] }
  assert.equal(await house.codeOf('secretId.create', again), 'conflict')
})

test('tokens that were tampered with', async () => {
  const { secret, principal } = await made()
  const { token } = await exchange({ principal, secret })
  const bytes = Buffer.from(token.slice(5), 'base64url')
  for (const at of [0, 16, 40, bytes.length - 1]) {
    const bent = Buffer.from(bytes)
    bent[at] = (bent[at] ?? 0) ^ 1
    const text = `clvt_${bent.toString('base64url')}`
    assert.equal(await house.codeOf('whoami', {}, { token: text }), 'unauthenticated')
  }
  assert.equal(await house.codeOf('whoami', {}, { token: 'clvt_' }), 'unauthenticated')
})

test('never for a person, and never of another tenant', async () => {
  const { id } = await house.perform('principal.create', { name: 'somebody', kind: 'user' })
  const person = { principal: id, description: '', networks: [] }
  assert.equal(await house.codeOf('secretId.create', person), 'conflict')
  const { id: secretId } = await made()
  const { token } = await house.perform('tenant.create', { name: 'other' })
  assert.equal(await house.codeOf('secretId.revoke', { secretId }, { token }), 'not_found')
  assert.deepEqual((await house.perform('secretId.list', { limit: 10 }, { token })).items, [])
})

test('it expires, its last tokens with it, and never outlives the limit of the tenant', async () => {
  await house.renewToken()
  const { secret, principal, expiresAt } = await made({ days: 1 })
  clock.advance(DAY_MS - 60_000)
  const got = await exchange({ principal, secret })
  assert.equal(got.expiresAt, expiresAt)
  clock.advance(60_000)
  assert.equal(await reasonOf(() => exchange({ principal, secret })), 'expired')
  await house.perform('settings.update', { secretIdDays: 5 })
  const bounded = await made()
  assert.equal(bounded.expiresAt, bounded.createdAt + 5 * DAY_MS)
  await assert.rejects(made({ days: 6 }), { code: 'invalid_request', message: /secretIdDays/ })
})
