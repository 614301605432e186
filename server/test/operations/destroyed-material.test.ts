import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startRelatives } from './relatives.ts'

/** Material of a version that is destroyed does not come back. */

const { house, pass } = await startRelatives()

test('imported material of a destroyed version is not imported again', async () => {
  const { id: key } = await house.createKey({ origin: 'imported' })
  const give = (unsafePlaintext: Buffer, rest: { pending?: true; existing?: true } = {}) =>
    house.perform('key.import', { key, exportable: false, unsafePlaintext, ...rest })
  const first = randomBytes(32)
  const { materialId } = await give(Buffer.from(first))
  await give(randomBytes(32))
  await house.perform('key.destroyVersion', { key, version: 1, days: 1 })
  await pass(1)
  const before = (await house.perform('key.versions', { key, limit: 10 })).items
  assert.equal(before[0]?.state, 'destroyed')
  for (const rest of [{}, { existing: true }, { pending: true }, { materialId }] as const)
    await assert.rejects(give(Buffer.from(first), rest), { code: /wrong_state|conflict/ })
  assert.deepEqual((await house.perform('key.versions', { key, limit: 10 })).items, before)
  assert.equal(await house.codeOf('key.deleteMaterial', { key, materialId }), 'wrong_state')
})
