import assert from 'node:assert/strict'
import { argon2Sync, hkdfSync } from 'node:crypto'
import { before, test } from 'node:test'
import { createPassphrase, openPassphrase } from '#seal'

const invalidShare = { name: 'ClavigerError', code: 'invalid_share' }
const passphrase = 'prune Ångström violet ﬁfteen'

let seal: Awaited<ReturnType<typeof createPassphrase>>
before(async () => {
  seal = await createPassphrase(passphrase)
})

test('the passphrase opens, also as another keyboard types it', async () => {
  assert.deepEqual(await openPassphrase(seal.description, passphrase), seal.sealKey)
  assert.deepEqual(
    await openPassphrase(seal.description, passphrase.normalize('NFD')),
    seal.sealKey,
  )
})

test('the seal can be opened by its documentation alone', () => {
  const { salt, memoryKiB, passes, parallelism, id, check } = seal.description
  assert.deepEqual(
    { memoryKiB, passes, parallelism },
    { memoryKiB: 65_536, passes: 3, parallelism: 4 },
  )
  const message = Buffer.from('prune Ångström violet fifteen'.normalize('NFC'))
  const nonce = Buffer.from(salt, 'base64')
  assert.equal(nonce.length, 16)
  const key = argon2Sync('argon2id', {
    message,
    nonce,
    memory: memoryKiB,
    passes,
    parallelism,
    tagLength: 32,
  })
  assert.deepEqual(key, seal.sealKey)
  const fields = `{"id":"${id}","kind":"passphrase","memoryKiB":65536,"parallelism":4,"passes":3,"salt":"${salt}"}`
  const expected = hkdfSync('sha512', key, '', `claviger/seal/1/check\n${fields}`, 32)
  assert.equal(Buffer.from(expected).toString('base64'), check)
})

test('another passphrase does not open, and is not repeated', async () => {
  for (const wrong of [`${passphrase} `, passphrase.toLowerCase(), passphrase.slice(1)]) {
    await assert.rejects(
      openPassphrase(seal.description, wrong),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'invalid_share')
        assert.ok(!error.message.includes(wrong.slice(0, 8)))
        return true
      },
    )
  }
  // Out of bounds: refused before argon2id costs anything.
  for (const wrong of ['', 'x'.repeat(1_025)])
    await assert.rejects(openPassphrase(seal.description, wrong), invalidShare)
})

test('a new passphrase has 12 to 1024 characters', async () => {
  for (const bad of [
    '',
    'elevenchars',
    '\u{1f511}'.repeat(11),
    'x'.repeat(1_025),
    'e\u0301'.repeat(11),
  ]) {
    await assert.rejects(createPassphrase(bad), { code: 'invalid_request', field: 'passphrase' })
  }
  const { description, sealKey } = await createPassphrase('twelve chars')
  assert.equal(description.kind, 'passphrase')
  assert.equal(sealKey.length, 32)
})

test('the same passphrase makes another seal each time', async () => {
  const other = await createPassphrase(passphrase)
  assert.notEqual(other.description.id, seal.description.id)
  assert.notEqual(other.description.salt, seal.description.salt)
  assert.notDeepEqual(other.sealKey, seal.sealKey)
})

test('a changed description within bounds does not open', async () => {
  const changes = [
    { passes: 4 },
    { salt: Buffer.alloc(16).toString('base64') },
    { id: '0123456789abcdef' },
    { check: Buffer.alloc(32).toString('base64') },
  ]
  for (const change of changes) {
    await assert.rejects(
      openPassphrase({ ...seal.description, ...change }, passphrase),
      invalidShare,
    )
  }
})

test('a description out of bounds is refused before it costs memory or time', async () => {
  const changes = [
    { memoryKiB: 65_535 },
    { memoryKiB: 8 },
    { memoryKiB: 262_145 },
    { memoryKiB: 4_294_967_295 },
    { memoryKiB: Number.NaN },
    { passes: 2 },
    { passes: 11 },
    { passes: 3.5 },
    { parallelism: 0 },
    { parallelism: 9 },
    { salt: '' },
    { salt: Buffer.alloc(8).toString('base64') },
    { salt: Buffer.alloc(64).toString('base64') },
    { check: Buffer.alloc(16).toString('base64') },
    { id: '' },
    { id: 'u'.repeat(16) },
    { id: '0'.repeat(10_000) },
  ]
  for (const change of changes) {
    await assert.rejects(
      openPassphrase({ ...seal.description, ...change }, passphrase),
      { code: 'internal' },
      JSON.stringify(change).slice(0, 80),
    )
  }
})
