import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger, type Submission } from '#ledger'
import { ClavigerError, systemClock } from '#model'
import { openSqliteStore } from '#store'
import { drafted } from './drafted.ts'

/** What the ledger's order does with submissions that cannot be written down, and with many changes at once. */

async function openLedger() {
  const store = await openSqliteStore(':memory:')
  const ledger = new Ledger({ store, clock: systemClock, publish() {}, report() {} })
  await ledger.open()
  return { store, ledger }
}

const unplannable: Submission['change'] = {
  additive: false,
  digest: () => '',
  plan() {
    throw new ClavigerError('sealed', 'The server is sealed; unseal it first')
  },
}

test('an address is kept though the change that came with it could not be planned', async () => {
  const { store, ledger } = await openLedger()
  const value = { commitment: 'c', salt: new Uint8Array(16), value: '192.0.2.1' }
  ledger.keepPersonal(value)
  await assert.rejects(ledger.record(drafted('first', unplannable)), { code: 'sealed' })
  await ledger.record(drafted('second'))
  assert.equal((await store.personal('c'))?.value, '192.0.2.1')
  await store.close()
})

test('a record that is too long is refused alone, and everybody is answered', async () => {
  const { store, ledger } = await openLedger()
  const long = ledger.record(drafted('x'.repeat(70_000)))
  const short = ledger.record(drafted('short'))
  await assert.rejects(long, { code: 'internal' })
  assert.equal((await short).kind, 'recorded')
  assert.equal(ledger.failed, false)
  await store.close()
})

test('of many changes that could refuse each other, each is checked again once', async () => {
  const { store, ledger } = await openLedger()
  const empty = { writes: [], removals: [], absent: [], unchanged: [] }
  const change: Submission['change'] = { additive: false, digest: () => '', plan: () => empty }
  const checked: string[] = []
  const all = Array.from({ length: 20 }, (_, at) => `${at % 4 === 3 ? 'use' : 'change'} ${at}`)
  const recorded = await Promise.all(
    all.map((subject) =>
      ledger.record({
        ...drafted(subject, subject.startsWith('use') ? undefined : change),
        recheck: () => {
          checked.push(subject)
          return Promise.resolve(undefined)
        },
      }),
    ),
  )
  assert.ok(recorded.every(({ kind }) => kind === 'recorded'))
  // The first was checked against what stood before all of them.
  assert.deepEqual(checked, all.slice(1))
  await store.close()
})
