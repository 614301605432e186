import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { OperationName } from '@claviger/contract'
import { base64 } from '../rest/client.ts'
import { hire, startRestHouse } from '../rest/house.ts'

/** Tenants are walls: what one has, the other neither sees, nor uses, nor can tell from what is not there. */

const { owner: first } = await startRestHouse()
const made = await first.call('tenant.create', { name: 'second' })
const second = first.as(made.token)

const plaintext = base64('of the first')
const message = base64('signed by the first')
const recipient = generateKeyPairSync('rsa', { modulusLength: 3_072 }).publicKey
const publicKey = base64(recipient.export({ type: 'spki', format: 'der' }))
const peer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey
const peerKey = base64(peer.export({ type: 'spki', format: 'der' }))

const { id: key } = await first.call('key.create', { alias: 'theirs', exportable: true })
const { id: signing } = await first.call('key.create', { algorithm: 'P-256' })
const { ciphertext } = await first.call('encrypt', { key, plaintext })
const { id: principal } = await first.call('principal.create', { name: 'of the first' })
const token = await first.call('token.create', { principal })
const binding = await first.call('binding.create', { principal, role: 'auditor' })
const parameters = await first.call('key.importParameters', {})

const nobody = '00000000-0000-4000-8000-000000000000'

/** Everything that can be asked of something by its id or name, as it is asked about the first tenant's. */
const asked: readonly (readonly [name: OperationName, input: Record<string, unknown>])[] = [
  ['encrypt', { key, plaintext }],
  ['encryptBatch', { key, items: [{ plaintext }] }],
  ['decrypt', { ciphertext }],
  ['decrypt', { ciphertext, key }],
  ['reencrypt', { ciphertext }],
  ['datakey', { key }],
  ['datakeyPair', { key, algorithm: 'P-256' }],
  ['sign', { key: signing, message }],
  ['signBatch', { key: signing, items: [{ message }] }],
  ['verify', { key: signing, message, signature: message }],
  ['verifyBatch', { key: signing, items: [{ message, signature: message }] }],
  ['mac', { key, message }],
  ['macBatch', { key, items: [{ message }] }],
  ['verifyMac', { key, message, mac: base64('0123456789abcdef') }],
  ['agree', { key, publicKey: peerKey }],
  ['encapsulate', { key }],
  ['decapsulate', { key, encapsulation: base64('x'.repeat(768)) }],
  ['key.get', { key }],
  ['key.versions', { key }],
  ['key.update', { key, description: 'mine' }],
  ['key.rotate', { key }],
  ['key.suspend', { key }],
  ['key.resume', { key }],
  ['key.revoke', { key }],
  ['key.destroy', { key }],
  ['key.restore', { key }],
  ['key.export', { key, publicKey }],
  ['key.import', { key, unsafePlaintext: base64('x'.repeat(32)) }],
  [
    'key.import',
    { algorithm: 'AES-256-GCM', parameters: parameters.id, wrapped: base64('x'.repeat(424)) },
  ],
  ['key.public', { key: signing }],
  ['key.create', { owner: principal }],
  ['alias.create', { alias: 'mine', key }],
  ['alias.update', { alias: 'theirs', key }],
  ['alias.delete', { alias: 'theirs' }],
  ['alias.list', { key }],
  ['principal.get', { principal }],
  ['principal.disable', { principal }],
  ['principal.enable', { principal }],
  ['token.create', { principal }],
  ['token.revoke', { token: token.id }],
  ['binding.create', { principal, role: 'owner' }],
  ['binding.delete', { binding: binding.id }],
]

for (const [name, input] of asked) {
  test(`${name} ${Object.keys(input).join(', ')}: as if it were not there`, async () => {
    const { revision } = await first.standing()
    const problem = await second.refuse('not_found', name, input)
    // The same words as for an id that nobody has, wherever that can be asked just so.
    const about = { key, signing, principal, token: token.id, binding: binding.id }
    const missing = Object.fromEntries(
      Object.entries(input).map(([field, value]) => [
        field,
        Object.values(about).includes(String(value)) ? nobody : value,
      ]),
    )
    assert.equal((await second.refuse('not_found', name, missing)).detail, problem.detail)
    assert.equal((await first.standing()).revision, revision)
  })
}

test('names are of their tenant: both may use one, each for its own', async () => {
  await second.refuse('not_found', 'encrypt', { key: 'theirs', plaintext })
  const own = await second.call('key.create', { alias: 'theirs' })
  const sealed = await second.call('encrypt', { key: 'theirs', plaintext })
  assert.equal(sealed.key, own.id)
  assert.equal((await first.call('encrypt', { key: 'theirs', plaintext })).key, key)
  const problem = await first.refuse('not_found', 'decrypt', { ciphertext: sealed.ciphertext })
  assert.equal(problem.detail.includes(own.id), false)
  await second.call('alias.delete', { alias: 'theirs' })
  assert.equal((await first.call('key.get', { key: 'theirs' })).id, key)
})

test('a binding on a key of the first is refused, also by name', async () => {
  const { id } = await second.call('principal.create', { name: 'of the second' })
  for (const reference of [key, 'theirs', nobody]) {
    const scope = { kind: 'key', key: reference }
    const input = { principal: id, role: 'owner', scope }
    await second.refuse('not_found', 'binding.create', input)
  }
})

test('lists hold their own, and cursors and filters of the first lead nowhere', async () => {
  const fromFirst = new Set([key, signing, principal, token.id, binding.id, 'theirs'])
  for (const name of [
    'key.list',
    'alias.list',
    'principal.list',
    'token.list',
    'binding.list',
  ] as const) {
    const pages = [await second.call(name, {})]
    pages.push(await second.call(name, { cursor: '' }))
    const text = JSON.stringify(pages)
    for (const id of fromFirst) assert.equal(text.includes(id), false, name)
  }
  for (const name of ['token.list', 'binding.list'] as const) {
    assert.deepEqual((await second.call(name, { principal })).items, [])
  }
})

test('the ledger shows a tenant its own entries, and the first, which runs the server, all', async () => {
  const { tenant, owner } = made
  const { items } = await second.call('ledger.search', { limit: 1_000 })
  assert.ok(items.length > 0)
  for (const { record } of items) assert.equal(record['tenant'], tenant.id)
  assert.deepEqual(
    (await second.call('ledger.search', { key })).items.filter(
      ({ record }) => record['tenant'] !== tenant.id,
    ),
    [],
  )
  const all = await first.call('ledger.search', { limit: 1_000, principal: owner.id })
  assert.ok(all.items.length > 0)
  const [foreign] = (await first.call('ledger.search', { key, order: 'ascending' })).items
  assert.ok(foreign)
  await second.refuse('not_found', 'ledger.prove', { index: foreign.index })
})

test('the owner of another tenant does not run the server', async () => {
  for (const [name, input] of [
    ['tenant.create', { name: 'third' }],
    ['tenant.list', {}],
    ['system.seal', {}],
    ['system.doctor', {}],
    ['system.rotateRoot', { proof: ['x'] }],
    [
      'system.reissueSeal',
      { proof: ['x'], seal: { kind: 'passphrase', passphrase: 'long enough for it' } },
    ],
  ] as const) {
    await second.refuse('forbidden', name, input)
  }
  await first.call('whoami', {})
})

test('a tenant lives a life of its own behind its wall', async () => {
  const writer = await hire(second, 'encrypter')
  const { id } = await second.call('key.create', {})
  const sealed = await writer.call('encrypt', { key: id, plaintext })
  assert.equal(
    (await second.call('decrypt', { ciphertext: sealed.ciphertext })).plaintext,
    plaintext,
  )
  const who = await second.call('whoami', {})
  assert.equal(who.principal.tenant, made.tenant.id)
  const tenants = (await first.call('tenant.list', {})).items
  assert.deepEqual(
    tenants.map(({ name }) => name),
    ['default', 'second'],
  )
})
