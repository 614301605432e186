import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, type Submission } from '#ledger'
import { ClavigerError } from '#model'
import { openSqliteStore } from '#store'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { performSigned } from '../harness/signed.ts'
import { drafted } from './drafted.ts'

/** What waits to be recorded until after the end of what allowed it is not recorded as done: no record is older than its right. */

async function openLedger() {
  const store = await openSqliteStore(':memory:')
  const clock = new DrivenClock()
  const ledger = new Ledger({ store, clock, publish() {}, report() {} })
  await ledger.open()
  /** The subjects of what is recorded. */
  const recorded = async () => {
    const read = await store.entries(0, 100)
    return read.map(({ bytes }) => {
      return (JSON.parse(Buffer.from(bytes).toString()) as { readonly subject: string }).subject
    })
  }
  return { store, clock, ledger, recorded }
}

function until(time: () => number, recheck: Submission['recheck']): Submission {
  return { ...drafted('a use'), until: time, recheck }
}

const over = new ClavigerError('unauthenticated', 'The credential has expired')

test('what is over when its turn comes is checked again, and refused', async () => {
  const { store, clock, ledger, recorded } = await openLedger()
  const end = clock.now() + 100
  const late = ledger.record(
    until(
      () => end,
      () => Promise.resolve({ records: drafted('refused').records(), error: over }),
    ),
  )
  const other = ledger.record(drafted('another'))
  clock.advance(100)
  await assert.rejects(late, over)
  assert.equal((await other).kind, 'recorded')
  assert.deepEqual((await recorded()).toSorted(), ['another', 'refused'])
  await store.close()
})

test('what is allowed until later after all is recorded as done', async () => {
  const { store, clock, ledger } = await openLedger()
  let end = clock.now() + 100
  let asked = 0
  const late = ledger.record(
    until(
      () => end,
      () => {
        asked += 1
        end += 1_000
        return Promise.resolve(undefined)
      },
    ),
  )
  clock.advance(100)
  assert.equal((await late).kind, 'recorded')
  assert.equal(asked, 1)
  await store.close()
})

test('time that passes while others are checked again is seen too', async () => {
  const { store, clock, ledger } = await openLedger()
  const first = ledger.record(
    until(
      () => clock.now() + 1_000,
      () => Promise.resolve(undefined),
    ),
  )
  const end = clock.now() + 100
  const slow = ledger.record({
    ...drafted('slow'),
    revision: -1,
    recheck: () => {
      clock.advance(100)
      return Promise.resolve(undefined)
    },
  })
  const late = ledger.record(
    until(
      () => end,
      () => Promise.resolve({ records: drafted('a use').records(), error: over }),
    ),
  )
  await assert.rejects(late, over)
  assert.equal((await first).kind, 'recorded')
  assert.equal((await slow).kind, 'recorded')
  await store.close()
})

test('a use by a session that ends before it is recorded is refused, and the ledger says so', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const { id: key } = await house.createKey()
  const made = await house.perform('session.create', { name: 'short', seconds: 900 })
  const encrypt = () => performSigned(house, made, 'encrypt', { key, plaintext: Buffer.from('a') })
  await encrypt()
  clock.advance(899_999)
  const before = encrypt()
  // Signed and handed in before the end, recorded at the end.
  await new Promise((resolve) => process.nextTick(resolve))
  clock.advance(1)
  await assert.rejects(before, { code: 'unauthenticated' })
})

test('what decrypts with a compromised key at the end of its time is refused too', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock })
  const user = await house.createUser('key-user')
  const { id: key } = await house.createKey()
  const { ciphertext } = await house.perform('encrypt', { key, plaintext: Buffer.from('a') })
  await house.perform('compromise.open', {
    key,
    reason: 'stolen',
    since: clock.now(),
    hours: 1,
    principals: [user.id],
  })
  const decrypt = () => house.perform('decrypt', { ciphertext }, { token: user.token })
  await decrypt()
  clock.advance(3_599_999)
  const before = decrypt()
  clock.advance(1)
  await assert.rejects(before, { code: 'wrong_state' })
})
