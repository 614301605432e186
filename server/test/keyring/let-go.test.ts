import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Ring, RowSeals } from '#keyring'
import { startHouse } from '../harness/house.ts'
import { Meanwhile } from '../harness/meanwhile.ts'

/** Nothing that opens or seals outlasts its key in the ring by more than a turn of the event loop. */

const meanwhile = new Meanwhile()
const house = await startHouse()
after(() => house.close())
const { clock } = house
const { hierarchy } = house.house
const store = meanwhile.wrapStore(house.store)
const ring = new Ring({ store, clock, seals: new RowSeals(hierarchy), hierarchy })
const message = Buffer.from('message')
const nothing = Buffer.alloc(4)

async function loaded() {
  const { id } = await house.createKey()
  const reference = { kind: 'key' as const, id }
  return { reference, load: () => ring.load(id) }
}

test('what was begun with a key that the ring has let go is forgotten, too', async () => {
  const { reference, load } = await loaded()
  const ringKey = await load()
  assert.ok(ringKey)
  ring.drop([reference])
  const handle = ringKey.handle(1)
  handle.encrypt(message, nothing)
  assert.equal(ringKey.handle(1), handle)
  await setImmediate()
  assert.throws(() => handle.encrypt(message, nothing), /dropped/)
})

test('and so is what was begun with a key that changed while it was read', async () => {
  const { reference, load } = await loaded()
  meanwhile.after('key', () => Promise.resolve(ring.drop([reference])))
  const ringKey = await load()
  assert.ok(ringKey)
  assert.equal(ring.held(reference.id), undefined)
  const handle = ringKey.handle(1)
  handle.encrypt(message, nothing)
  await setImmediate()
  assert.throws(() => handle.encrypt(message, nothing), /dropped/)
})
