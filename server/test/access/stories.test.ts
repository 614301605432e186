import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { roles } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { base64 } from '../rest/client.ts'
import { hire, newcomer } from '../rest/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'

/** Roles at work, bindings at every scope, and credentials until they end; the full table of roles stands with the promises. */

const HOUR_MS = 3_600_000
const clock = new DrivenClock()
const house = await startHouse({ clock })
after(() => house.close())
const { owner } = restDoorOver(house)
const plaintext = base64('the payroll')

function inHours(hours: number): string {
  return new Date(clock.now() + hours * HOUR_MS).toISOString()
}

async function keyWith(labels: Record<string, string> = {}, alias?: string) {
  const named = alias === undefined ? {} : { alias }
  const { id } = await owner.call('key.create', { labels, ...named })
  const { ciphertext } = await owner.call('encrypt', { key: id, plaintext })
  return { id, ciphertext }
}

test('payroll: one program writes, another reads, a third manages keys, and a fourth looks on', async () => {
  const writer = await hire(owner, 'encrypter')
  const reader = await hire(owner, 'decrypter')
  const manager = await hire(owner, 'key-admin')
  const auditor = await hire(owner, 'auditor')

  const { id: key } = await manager.call('key.create', { alias: 'payroll' })
  await manager.refuse('forbidden', 'encrypt', { key, plaintext })
  const { ciphertext } = await writer.call('encrypt', { key: 'payroll', plaintext })
  await writer.refuse('forbidden', 'decrypt', { ciphertext })
  await manager.refuse('forbidden', 'decrypt', { ciphertext })
  await auditor.refuse('forbidden', 'decrypt', { ciphertext })
  assert.equal((await reader.call('decrypt', { ciphertext })).plaintext, plaintext)
  await reader.refuse('forbidden', 'encrypt', { key, plaintext })

  await writer.refuse('forbidden', 'key.rotate', { key })
  await manager.call('key.rotate', { key })
  await manager.refuse('forbidden', 'ledger.search', {})
  await reader.refuse('forbidden', 'ledger.head', {})
  const { items } = await auditor.call('ledger.search', { key, order: 'ascending' })
  assert.deepEqual(
    items.map(({ record }) => [record['event'], record['outcome']]),
    [
      ['key.create', 'ok'],
      ['encrypt', 'ok'],
      ['decrypt', 'ok'],
      ['key.rotate', 'ok'],
    ],
  )
  const denied = await auditor.call('ledger.search', { outcome: 'denied', event: 'decrypt' })
  assert.equal(denied.items.length, 3)
  for (const change of [
    ['key.create', {}],
    ['key.suspend', { key }],
    ['principal.create', { name: 'x' }],
    [
      'binding.create',
      { role: 'owner', principal: (await auditor.call('whoami', {})).principal.id },
    ],
  ] as const) {
    await auditor.refuse('forbidden', change[0], change[1])
  }
})

test('a signer signs and verifies, and neither opens secrets nor makes keys', async () => {
  const signer = await hire(owner, 'signer')
  const { id: key } = await owner.call('key.create', { algorithm: 'Ed25519' })
  const message = base64('an invoice')
  const { signature } = await signer.call('sign', { key, message })
  assert.equal((await signer.call('verify', { key, message, signature })).valid, true)
  const { ciphertext } = await keyWith()
  await signer.refuse('forbidden', 'decrypt', { ciphertext })
  await signer.refuse('forbidden', 'key.create', {})
  await signer.refuse('forbidden', 'random', {})
})

test('roles are listed as the contract has them', async () => {
  const { items } = await owner.call('role.list', {})
  assert.deepEqual(
    items.map(({ role, actions }) => [role, actions]),
    Object.entries(roles).map(([role, { actions }]) => [role, [...new Set(actions)]]),
  )
})

test('nobody without a binding may do anything but ask who they are', async () => {
  const { id, client } = await newcomer(owner, 'a stranger')
  const who = await client.call('whoami', {})
  assert.deepEqual([who.principal.id, who.principal.name], [id, 'a stranger'])
  const { id: key, ciphertext } = await keyWith()
  await client.refuse('forbidden', 'key.get', { key })
  await client.refuse('forbidden', 'key.list', {})
  await client.refuse('forbidden', 'decrypt', { ciphertext })
  await client.refuse('forbidden', 'role.list', {})
})

test('a binding on one key is for that key, and for nothing that its name is pointed at later', async () => {
  const mine = await keyWith({}, 'shared-name')
  const other = await keyWith()
  const { id: principal, client } = await newcomer(owner)
  const bound = await owner.call('binding.create', {
    principal,
    role: 'key-user',
    scope: { kind: 'key', key: 'shared-name' },
  })
  assert.deepEqual(bound.scope, { kind: 'key', key: mine.id })
  assert.equal((await client.call('decrypt', { ciphertext: mine.ciphertext })).plaintext, plaintext)
  await client.call('encrypt', { key: 'shared-name', plaintext })
  await client.refuse('forbidden', 'decrypt', { ciphertext: other.ciphertext })
  await client.refuse('forbidden', 'encrypt', { key: other.id, plaintext })
  // Nor is it told what there is beside its key.
  await client.refuse('forbidden', 'encrypt', { key: 'nobody', plaintext })
  await client.refuse('forbidden', 'random', {})
  const moved = { ciphertext: mine.ciphertext, key: other.id }
  await client.refuse('forbidden', 'reencrypt', moved)

  await owner.call('alias.update', { alias: 'shared-name', key: other.id })
  await client.refuse('forbidden', 'encrypt', { key: 'shared-name', plaintext })
  await client.call('encrypt', { key: mine.id, plaintext })
})

test('a binding on labels follows the labels', async () => {
  const prod = await keyWith({ env: 'prod', team: 'a' })
  const dev = await keyWith({ env: 'dev', team: 'a' })
  const { id: principal, client } = await newcomer(owner)
  const scope = { kind: 'labels', selector: 'env=prod,team=a' } as const
  await owner.call('binding.create', { principal, role: 'key-user', scope })
  await client.call('decrypt', { ciphertext: prod.ciphertext })
  await client.refuse('forbidden', 'decrypt', { ciphertext: dev.ciphertext })
  await owner.call('key.update', { key: dev.id, labels: { env: 'prod', team: 'a', more: 'x' } })
  await client.call('decrypt', { ciphertext: dev.ciphertext })
  await owner.call('key.update', { key: prod.id, labels: { env: 'prod' } })
  await client.refuse('forbidden', 'decrypt', { ciphertext: prod.ciphertext })
})

test('an admin of labelled keys neither makes nor relabels keys into or out of reach', async () => {
  const { id: principal, client } = await newcomer(owner)
  const scope = { kind: 'labels', selector: 'team=a' } as const
  await owner.call('binding.create', { principal, role: 'key-admin', scope })
  await client.refuse('forbidden', 'key.create', {})
  await client.refuse('forbidden', 'key.create', { labels: { team: 'b' } })
  const { id: key } = await client.call('key.create', { labels: { team: 'a' } })
  await client.refuse('forbidden', 'key.update', { key, labels: { team: 'b' } })
  await client.refuse('forbidden', 'key.update', { key, labels: {} })
  await client.call('key.update', { key, labels: { team: 'a', env: 'prod' } })
  const { id: foreign } = await owner.call('key.create', { labels: { team: 'b' } })
  await client.refuse('forbidden', 'key.update', { key: foreign, labels: { team: 'a' } })
  await client.refuse('forbidden', 'alias.create', { alias: 'taken-over', key: foreign })
  await client.refuse('forbidden', 'key.importParameters', {})

  // A name is moved only between keys within reach.
  await owner.call('alias.create', { alias: 'theirs', key: foreign })
  await client.refuse('forbidden', 'alias.update', { alias: 'theirs', key })
  await client.refuse('forbidden', 'alias.delete', { alias: 'theirs' })
  await client.call('alias.create', { alias: 'ours', key })
  await client.refuse('forbidden', 'alias.update', { alias: 'ours', key: foreign })
})

test('an owner within labels is no owner of the tenant', async () => {
  const { id: principal, client } = await newcomer(owner)
  const scope = { kind: 'labels', selector: 'team=a' } as const
  await owner.call('binding.create', { principal, role: 'owner', scope })
  const { id: key } = await client.call('key.create', { labels: { team: 'a' } })
  await client.call('encrypt', { key, plaintext })
  await client.refuse('forbidden', 'binding.create', { principal, role: 'owner' })
  await client.refuse('forbidden', 'token.create', { principal })
  await client.refuse('forbidden', 'principal.create', { name: 'x' })
  await client.refuse('forbidden', 'ledger.search', {})
  await client.refuse('forbidden', 'system.seal', {})
  await client.refuse('forbidden', 'tenant.create', { name: 'x' })
})

test('a binding ends when it says, to the millisecond', async () => {
  const { ciphertext } = await keyWith()
  const { id: principal, client } = await newcomer(owner)
  const past = { principal, role: 'decrypter', expiresAt: inHours(0) }
  await owner.refuse('invalid_request', 'binding.create', past)
  const bound = await owner.call('binding.create', {
    principal,
    role: 'decrypter',
    expiresAt: inHours(2),
  })
  assert.equal(bound.expiresAt, inHours(2))
  await client.call('decrypt', { ciphertext })
  clock.advance(2 * HOUR_MS - 1)
  await client.call('decrypt', { ciphertext })
  clock.advance(1)
  await client.refuse('forbidden', 'decrypt', { ciphertext })
  await client.refuse('forbidden', 'key.list', {})
})

test('a binding that is taken away, and a second one that stays', async () => {
  const { ciphertext } = await keyWith()
  const { id: principal, client } = await newcomer(owner)
  const one = await owner.call('binding.create', { principal, role: 'decrypter' })
  const two = await owner.call('binding.create', { principal, role: 'key-user' })
  await client.call('decrypt', { ciphertext })
  await owner.call('binding.delete', { binding: one.id })
  await client.call('decrypt', { ciphertext })
  await owner.call('binding.delete', { binding: two.id })
  await client.refuse('forbidden', 'decrypt', { ciphertext })
  await owner.refuse('not_found', 'binding.delete', { binding: two.id })
})

test('a token ends when it says, and when it is revoked; the others go on', async () => {
  const { id: principal } = await owner.call('principal.create', { name: 'program' })
  const short = await owner.call('token.create', { principal, days: 1, description: 'a day' })
  const long = await owner.call('token.create', { principal, days: 9 })
  assert.equal(short.expiresAt, inHours(24))
  assert.match(short.token, /^clv_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/)
  const [a, b] = [owner.as(short.token), owner.as(long.token)]
  assert.equal((await a.call('whoami', {})).credential, short.id)
  clock.advance(24 * HOUR_MS - 1)
  await a.call('whoami', {})
  clock.advance(1)
  await a.refuse('unauthenticated', 'whoami', {})
  await b.call('whoami', {})
  const revoked = await owner.call('token.revoke', { token: long.id })
  assert.equal(revoked.revokedAt, inHours(0))
  assert.equal('token' in revoked, false)
  await b.refuse('unauthenticated', 'whoami', {})
  await owner.refuse('conflict', 'token.revoke', { token: long.id })
  const listed = await owner.call('token.list', { principal })
  assert.deepEqual(new Set(listed.items.map(({ id }) => id)), new Set([short.id, long.id]))
  assert.equal(JSON.stringify(listed).includes('clv_'), false)
})

test('a disabled principal is out with all its tokens, and back when it is enabled', async () => {
  const { id: principal, client } = await newcomer(owner)
  const second = await owner.call('token.create', { principal })
  const both = [client, owner.as(second.token)]
  for (const each of both) await each.call('whoami', {})
  assert.equal((await owner.call('principal.disable', { principal })).state, 'disabled')
  for (const each of both) await each.refuse('unauthenticated', 'whoami', {})
  await owner.refuse('conflict', 'principal.disable', { principal })
  await owner.refuse('conflict', 'token.create', { principal })
  await owner.call('principal.enable', { principal })
  for (const each of both) await each.call('whoami', {})
  await owner.refuse('conflict', 'principal.enable', { principal })
})

test('nobody locks themselves out, or in', async () => {
  const { principal } = await owner.call('whoami', {})
  await owner.refuse('conflict', 'principal.disable', { principal: principal.id })
  const { items } = await owner.call('binding.list', { principal: principal.id })
  const [own] = items
  assert.ok(own)
  await owner.refuse('conflict', 'binding.delete', { binding: own.id })
})

test('credentials that are none all look alike', async () => {
  const { token } = await owner.call('token.create', {
    principal: (await owner.call('whoami', {})).principal.id,
  })
  const [, id = '', secret = ''] = /^clv_([0-9a-f]{32})_(.*)$/.exec(token) ?? []
  const flipped = `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`
  const bad = [
    'x',
    'clv_',
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    `clv_${'0'.repeat(32)}_${secret}`,
    `clv_${id}_${flipped}`,
    `clv_${id}_${'A'.repeat(43)}`,
  ]
  const details = new Set<string>()
  for (const text of bad) {
    details.add((await owner.as(text).refuse('unauthenticated', 'whoami', {})).detail)
  }
  assert.equal(details.size, 1)
  for (const authorization of [
    `Basic ${base64(`x:${token}`)}`,
    token,
    'Bearer',
    '',
    `Token ${token}`,
  ]) {
    const answer = await owner
      .as(undefined)
      .send({ method: 'GET', path: '/v1/whoami', headers: { authorization } })
    assert.equal(answer.status, 401, authorization)
  }
  await owner.as(undefined).refuse('unauthenticated', 'whoami', {})
  for (const scheme of ['bearer', 'BEARER']) {
    const headers = { authorization: `${scheme} ${token}` }
    assert.equal((await owner.send({ method: 'GET', path: '/v1/whoami', headers })).status, 200)
  }
})

test('who fails too often from one address waits, and whoever has a good token does not', async () => {
  const stranger = owner.as(`clv_${'0'.repeat(32)}_${'A'.repeat(43)}`)
  const codes = new Set<number>()
  const before = (await owner.standing()).entries
  for (let attempt = 0; attempt < 260; attempt += 1) {
    codes.add((await stranger.send({ method: 'GET', path: '/v1/whoami' })).status)
  }
  assert.deepEqual(codes, new Set([401, 429]))
  assert.ok((await owner.standing()).entries - before < 260)
  await stranger.refuse('too_many_requests', 'whoami', {})
  await owner.call('whoami', {})
  clock.advance(1_000)
  await stranger.refuse('unauthenticated', 'whoami', {})
})

test('principals are users or services, with a name that people can read', async () => {
  const user = await owner.call('principal.create', { name: 'Ада Lovelace', kind: 'user' })
  assert.deepEqual(await owner.call('principal.get', { principal: user.id }), user)
  assert.equal((await owner.call('principal.create', { name: 'x' })).kind, 'service')
  for (const name of ['', 'a\nb', 'x'.repeat(129), '\u001b[31m']) {
    await owner.refuse('invalid_request', 'principal.create', { name })
  }
  const nobody = { principal: '00000000-0000-4000-8000-000000000000' }
  for (const name of [
    'principal.get',
    'principal.disable',
    'principal.enable',
    'token.create',
  ] as const) {
    await owner.refuse('not_found', name, nobody)
  }
  await owner.refuse('not_found', 'binding.create', { ...nobody, role: 'owner' })
})
