import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logPrimitives } from '#keyring'
import { Log } from '#ledger'
import { startHouse } from '../harness/house.ts'

test('the newest use of a credential, a binding and a grant is found, and none where there is none', async () => {
  await using house = await startHouse()
  const log = new Log(house.store, house.clock, logPrimitives)
  const { id: key } = await house.createKey()
  const user = await house.createUser('encrypter')
  const other = await house.createUser('encrypter')
  const plaintext = Buffer.from('plaintext')
  const use = () => house.perform('encrypt', { key, plaintext }, { token: user.token })
  assert.equal(await log.lastOf('credential', user.tokenId), undefined)
  for (let round = 0; round < 3; round += 1) {
    await use()
    await house.perform('encrypt', { key, plaintext }, { token: other.token })
    const last = (await house.entries()).findLast((entry) => entry.credential === user.tokenId)
    assert.deepEqual(await log.lastOf('credential', user.tokenId), {
      index: last?.index,
      time: Date.parse(last?.time ?? ''),
    })
    assert.deepEqual(
      await log.lastOf('binding', user.binding ?? ''),
      await log.lastOf('credential', user.tokenId),
    )
  }
  const { name } = await house.perform('principal.get', { principal: user.id })
  const grant = await house.perform('grant.create', { key, grantee: name, operations: ['Decrypt'] })
  const { ciphertext } = await use()
  await house.perform('decrypt', { ciphertext }, { token: user.token })
  const used = await log.lastOf('binding', `grant:${grant.id}`)
  assert.equal(used?.index, (await house.entries()).length - 1)
})
