import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { afterEach, test } from 'node:test'
import {
  closeCrypto,
  deriveFromPassphrase,
  findAlgorithm,
  generateMaterial,
  oaepDecrypt,
  oaepEncrypt,
  openMaterial,
  sign,
  verify,
} from '#crypto'

afterEach(() => closeCrypto())

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const cost = { memoryKiB: 8, passes: 1, parallelism: 1 }
const salt = Buffer.alloc(16, 1)

function codesOf(results: readonly PromiseSettledResult<unknown>[]): string[] {
  return results.map((result) =>
    result.status === 'fulfilled' ? 'done' : (result.reason as { code: string }).code,
  )
}

test('sixteen heavy tasks wait for the worker; the next is refused as overloaded', async () => {
  const asked = Array.from({ length: 18 }, () => deriveFromPassphrase('p', salt, cost))
  const codes = codesOf(await Promise.allSettled(asked))
  assert.deepEqual(codes, [...Array.from({ length: 16 }, () => 'done'), 'overloaded', 'overloaded'])
  // Once there is room again, it goes on.
  assert.equal((await deriveFromPassphrase('p', salt, cost)).length, 32)
})

test('light tasks pass beside heavy ones up to their own limit', async () => {
  const block = oaepEncrypt(publicKey, Buffer.from('m'))
  const asked = Array.from({ length: 1_290 }, () => oaepDecrypt(privateKey, block))
  const codes = codesOf(await Promise.allSettled(asked))
  assert.equal(codes.filter((code) => code === 'done').length, 1_280)
  assert.deepEqual(new Set(codes.slice(1_280)), new Set(['overloaded']))
})

test('closing refuses what waits, and a later task starts the worker again', async () => {
  const algorithm = findAlgorithm('RSA-4096')
  const results = Promise.allSettled([generateMaterial(algorithm), generateMaterial(algorithm)])
  await closeCrypto()
  assert.deepEqual(codesOf(await results), ['shutting_down', 'shutting_down'])
  assert.equal((await deriveFromPassphrase('p', salt, cost)).length, 32)
})

test('while the worker makes a key, the loop and the pool go on', async () => {
  const slow = generateMaterial(findAlgorithm('SLH-DSA-SHA2-192s'))
  let settled = false
  void slow.finally(() => (settled = true))
  const algorithm = findAlgorithm('P-384')
  const material = openMaterial(algorithm, await generateMaterial(algorithm))
  const signature = await sign(material, undefined, { message: salt })
  assert.equal(await verify(material, undefined, { message: salt }, signature), true)
  assert.equal(settled, false)
  const bytes = await slow
  assert.ok(openMaterial(findAlgorithm('SLH-DSA-SHA2-192s'), bytes).privateKey)
})
