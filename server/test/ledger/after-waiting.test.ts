import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../harness/house.ts'

/**
 * What took long is recorded as what it is when its turn comes: with what allows it then, or as refused. A pair of RSA keys takes long to
 * make; where a change was slower all the same, it is done again.
 */

const ATTEMPTS = 20
const pair = { algorithm: 'RSA-4096', withoutPlaintext: true } as const

test('a use is recorded with the right that allows it when its turn comes', async () => {
  await using house = await startHouse()
  const { id: key } = await house.createKey()
  const user = await house.createUser('key-user')
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await house.perform('binding.create', {
      role: 'key-user',
      principal: user.id,
      scope: { kind: 'tenant' },
    })
    const plaintext = Buffer.from('a')
    await house.perform('encrypt', { key, plaintext }, { token: user.token })
    const binding = (await house.entries()).at(-1)?.binding ?? assert.fail()
    const making = house.codeOf('datakeyPair', { key, ...pair }, { token: user.token })
    await house.perform('binding.delete', { binding })
    assert.equal(await making, 'ok')
    const entries = await house.entries()
    const last = (wanted: string) =>
      entries.findLast(({ event }) => event === wanted) ?? assert.fail()
    if (last('datakeyPair').index < last('binding.delete').index) continue
    assert.notEqual(last('datakeyPair').binding, binding)
    return
  }
  assert.fail('the change was always slower')
})

test('what a version did that was replaced and revoked meanwhile is refused', async () => {
  await using house = await startHouse()
  let refused = false
  for (let attempt = 0; attempt < ATTEMPTS && !refused; attempt += 1) {
    const { id: key } = await house.createKey()
    const making = house.codeOf('datakeyPair', { key, ...pair })
    await house.perform('key.rotate', { key })
    await house.perform('key.revoke', { key, version: 1, reason: 'superseded' })
    refused = (await making) === 'wrong_state'
  }
  assert.equal(refused, true)
})

test('what a version did that was only replaced meanwhile is done', async () => {
  await using house = await startHouse()
  const { id: key } = await house.createKey()
  const making = house.codeOf('datakeyPair', { key, ...pair })
  await house.perform('key.rotate', { key })
  assert.equal(await making, 'ok')
})
