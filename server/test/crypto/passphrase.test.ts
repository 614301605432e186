import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { argon2id } from '@noble/hashes/argon2.js'
import { closeCrypto, deriveFromPassphrase } from '#crypto'

after(() => closeCrypto())

const salt = Buffer.from('sixteen bytes or')
const small = { memoryKiB: 64, passes: 2, parallelism: 2 }

test('argon2id is what another implementation makes, for text and for bytes', async () => {
  const want = (passphrase: string, cost = small) =>
    Buffer.from(
      argon2id(Buffer.from(passphrase), salt, {
        m: cost.memoryKiB,
        t: cost.passes,
        p: cost.parallelism,
        dkLen: 32,
      }),
    )
  for (const passphrase of ['correct horse battery staple', 'Füße 鍵 🔑', 'x'.repeat(1_024), '']) {
    assert.deepEqual(await deriveFromPassphrase(passphrase, salt, small), want(passphrase))
    assert.deepEqual(
      await deriveFromPassphrase(Buffer.from(passphrase), salt, small),
      want(passphrase),
    )
  }
  for (const cost of [
    { memoryKiB: 8, passes: 1, parallelism: 1 },
    { memoryKiB: 256, passes: 3, parallelism: 4 },
  ]) {
    assert.deepEqual(await deriveFromPassphrase('p', salt, cost), want('p', cost))
  }
})

test('salts and costs out of bounds are refused before any work', async () => {
  const cases = [
    [Buffer.alloc(15), small],
    [Buffer.alloc(0), small],
    [Buffer.alloc(1_025), small],
    [salt, { ...small, passes: 0 }],
    [salt, { ...small, passes: 65 }],
    [salt, { ...small, passes: 1.5 }],
    [salt, { ...small, parallelism: 0 }],
    [salt, { memoryKiB: 4_096, passes: 1, parallelism: 65 }],
    [salt, { ...small, memoryKiB: 15 }],
    [salt, { ...small, memoryKiB: 1_048_577 }],
    [salt, { ...small, memoryKiB: Number.NaN }],
  ] as const
  for (const [given, cost] of cases) {
    await assert.rejects(deriveFromPassphrase('p', given, cost), { code: 'invalid_request' })
  }
})
