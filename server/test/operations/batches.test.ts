import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { ErrorCode, OperationName } from '@claviger/contract'
import { base64, bytes } from '../rest/client.ts'
import { hire, newcomer, startRestHouse } from '../rest/house.ts'

/** Batches: a result or an error for each item, in order. */

const { owner } = await startRestHouse()
const ITEMS_MAX = 1_000

interface Failed {
  readonly error: { readonly code: ErrorCode; readonly detail: string }
}

/** The codes of a batch's items, `ok` for those that succeeded. */
function codes(items: readonly (object | Failed)[]): string[] {
  return items.map((item) => ('error' in item ? item.error.code : 'ok'))
}

function done<Item extends object>(item: Item | undefined): Exclude<Item, Failed> {
  assert.ok(item !== undefined && !('error' in item))
  return item as Exclude<Item, Failed>
}

test('a thousand messages, there and back, in their order', async () => {
  const { id: key } = await owner.call('key.create', {})
  const items = Array.from({ length: ITEMS_MAX }, (_, at) => ({
    plaintext: base64(`message ${at}`),
    ...(at % 2 === 0 ? {} : { context: { at: String(at) } }),
  }))
  const encrypted = await owner.call('encryptBatch', { key, items })
  assert.equal(encrypted.items.length, ITEMS_MAX)
  const back = await owner.call('decryptBatch', {
    items: encrypted.items.map((item, at) => ({
      ciphertext: done(item).ciphertext,
      ...(at % 2 === 0 ? {} : { context: { at: String(at) } }),
    })),
  })
  assert.deepEqual(
    back.items.map((item) => done(item).plaintext),
    items.map(({ plaintext }) => plaintext),
  )
  const { items: versions } = await owner.call('key.versions', { key })
  assert.equal(versions[0]?.uses, 2 * ITEMS_MAX)
})

test('the largest batch there can be is taken', async () => {
  const { id: key } = await owner.call('key.create', {})
  const plaintext = randomBytes(12_000).toString('base64')
  const items = Array.from({ length: ITEMS_MAX }, () => ({ plaintext }))
  const encrypted = await owner.call('encryptBatch', { key, items })
  assert.deepEqual(new Set(codes(encrypted.items)), new Set(['ok']))
})

test('no item, and one too many, are refused whole', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { revision } = await owner.standing()
  for (const items of [[], Array.from({ length: ITEMS_MAX + 1 }, () => ({ plaintext: '' }))]) {
    const problem = await owner.refuse('invalid_request', 'encryptBatch', { key, items })
    assert.equal(problem.field, 'items')
  }
  const wrong = [{ plaintext: '' }, { plaintext: 'no base64' }]
  const problem = await owner.refuse('invalid_request', 'encryptBatch', { key, items: wrong })
  assert.equal(problem.field, 'items.1.plaintext')
  const { items } = await owner.call('key.versions', { key })
  assert.equal(items[0]?.uses, 0)
  assert.equal((await owner.standing()).revision, revision)
})

test('a failed item leaves the others alone, and tells what the operation alone would', async () => {
  const good = await owner.call('key.create', {})
  const suspended = await owner.call('key.create', {})
  const signing = await owner.call('key.create', { algorithm: 'P-256' })
  const plaintext = base64('x')
  const one = await owner.call('encrypt', { key: good.id, plaintext })
  const two = await owner.call('encrypt', { key: suspended.id, plaintext })
  await owner.call('key.suspend', { key: suspended.id })
  const broken = bytes(one.ciphertext)
  broken.writeUInt8(broken.readUInt8(broken.length - 1) ^ 1, broken.length - 1)
  const elsewhere = bytes(one.ciphertext)
  elsewhere.fill(7, 2, 18)
  const items = [
    { ciphertext: one.ciphertext },
    { ciphertext: two.ciphertext },
    { ciphertext: base64(broken) },
    { ciphertext: base64(elsewhere) },
    { ciphertext: base64('no envelope') },
    { ciphertext: one.ciphertext, key: signing.id },
    { ciphertext: one.ciphertext, context: { a: 'b' } },
    { ciphertext: one.ciphertext },
  ]
  const batch = await owner.call('decryptBatch', { items })
  assert.deepEqual(codes(batch.items), [
    'ok',
    'wrong_state',
    'invalid_ciphertext',
    'not_found',
    'invalid_ciphertext',
    'wrong_usage',
    'invalid_ciphertext',
    'ok',
  ])
  for (const [at, item] of batch.items.entries()) {
    const input = items[at]
    assert.ok(input)
    if (!('error' in item)) continue
    const alone = await owner.refuse(item.error.code, 'decrypt', input)
    assert.equal(alone.detail, item.error.detail)
  }
  const again = await owner.call('reencryptBatch', { items: items.slice(0, 5) })
  assert.deepEqual(codes(again.items), codes(batch.items).slice(0, 5))
})

test('batches of signatures and codes', async () => {
  const { id: signing } = await owner.call('key.create', { algorithm: 'P-256' })
  const messages = Array.from({ length: 20 }, () => ({ message: base64(randomBytes(10)) }))
  const mixed = [...messages, { digest: base64(randomBytes(20)) }, {}]
  const signed = await owner.call('signBatch', { key: signing, items: mixed })
  assert.deepEqual(codes(signed.items), [
    ...messages.map(() => 'ok'),
    'invalid_request',
    'invalid_request',
  ])
  const checks = messages.map((item, at) => ({
    ...item,
    signature: done(signed.items[(at + (at === 3 ? 1 : 0)) % messages.length]).signature,
  }))
  const verified = await owner.call('verifyBatch', { key: signing, items: checks })
  assert.deepEqual(
    verified.items.map((item) => done(item).valid),
    messages.map((_, at) => at !== 3),
  )

  const secret = randomBytes(32)
  const { id: coding } = await owner.call('key.import', {
    algorithm: 'HMAC-SHA-256',
    unsafePlaintext: base64(secret),
  })
  const macs = await owner.call('macBatch', { key: coding, items: messages })
  assert.deepEqual(
    macs.items.map((item) => done(item).mac),
    messages.map(({ message }) => {
      return createHmac('sha256', secret).update(bytes(message)).digest('base64')
    }),
  )
})

test('re-encryption of a batch from many keys to one', async () => {
  const from = await Promise.all([1, 2, 3].map(() => owner.call('key.create', {})))
  const to = await owner.call('key.create', {})
  const ciphertexts = await Promise.all(
    from.map(({ id }, at) => owner.call('encrypt', { key: id, plaintext: base64(`${at}`) })),
  )
  const batch = await owner.call('reencryptBatch', {
    items: ciphertexts.map(({ ciphertext }) => ({
      ciphertext,
      key: to.id,
      newContext: { a: '1' },
    })),
  })
  for (const [at, item] of batch.items.entries()) {
    const { ciphertext, source } = done(item)
    assert.deepEqual(source, { key: from[at]?.id, version: 1 })
    const opened = await owner.call('decrypt', { ciphertext, context: { a: '1' } })
    assert.equal(opened.plaintext, base64(`${at}`))
  }
})

test('a principal that may do nothing of the kind is refused whole, one that may some of it by item', async () => {
  const mine = await owner.call('key.create', {})
  const other = await owner.call('key.create', {})
  const items = await Promise.all(
    [mine, other].map(async ({ id }) => {
      const { ciphertext } = await owner.call('encrypt', { key: id, plaintext: base64(id) })
      return { ciphertext }
    }),
  )
  const encrypter = await hire(owner, 'encrypter')
  await encrypter.refuse('forbidden', 'decryptBatch', { items })
  await encrypter.refuse('forbidden', 'reencryptBatch', { items })

  const { id, client } = await newcomer(owner)
  await client.refuse('forbidden', 'decryptBatch', { items })
  const scope = { kind: 'key', key: mine.id } as const
  await owner.call('binding.create', { principal: id, role: 'key-user', scope })
  assert.deepEqual(codes((await client.call('decryptBatch', { items })).items), ['ok', 'forbidden'])
  const batch = await client.call('reencryptBatch', { items })
  assert.deepEqual(codes(batch.items), ['ok', 'forbidden'])
})

test('a batch under one key is refused whole where the key cannot serve it', async () => {
  const { id: key } = await owner.call('key.create', {})
  await owner.call('key.suspend', { key })
  const { id: mac } = await owner.call('key.create', { algorithm: 'HMAC-SHA-256' })
  const plaintexts = { items: [{ plaintext: '' }] }
  const messages = { items: [{ message: '' }] }
  const table: readonly [code: 'wrong_state' | 'not_found', OperationName, object][] = [
    ['wrong_state', 'encryptBatch', { key, ...plaintexts }],
    ['not_found', 'encryptBatch', { key: 'nobody', ...plaintexts }],
    ['not_found', 'signBatch', { key: 'nobody', ...messages }],
    ['not_found', 'macBatch', { key: 'nobody', ...messages }],
  ]
  for (const [code, name, input] of table) await owner.refuse(code, name, { ...input })
  const wrong = await owner.call('encryptBatch', { key: mac, ...plaintexts })
  assert.deepEqual(codes(wrong.items), ['wrong_usage'])
})
