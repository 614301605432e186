import assert from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import { test } from 'node:test'
import { Custody, Hierarchy, RowSeals } from '#keyring'
import { startHouse } from '../harness/house.ts'

const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12))
const ciphers = Object.getPrototypeOf(decipher) as { update: (...given: unknown[]) => Buffer }
const original = ciphers.update

test('the root key is overwritten also where the new seal cannot be made', async (context) => {
  await using house = await startHouse()
  const hierarchy = new Hierarchy()
  const custody = new Custody(house.store, hierarchy, new RowSeals(hierarchy))
  await custody.load()
  const opened: Buffer[] = []
  const update = context.mock.method(
    ciphers,
    'update',
    function (this: unknown, ...given: unknown[]) {
      const plaintext = Reflect.apply(original, this, given)
      opened.push(plaintext)
      return plaintext
    },
  )
  const tooShort = { kind: 'passphrase', passphrase: 'short' } as const
  await assert.rejects(custody.reissue(house.shares, tooShort), { code: 'invalid_request' })
  update.mock.restore()
  assert.equal(opened.length, 1)
  assert.deepEqual(opened[0], Buffer.alloc(32))
})
