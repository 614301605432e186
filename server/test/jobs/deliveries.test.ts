import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LedgerRecord } from '@claviger/contract'
import { Deliveries, type WaitingDelivery } from '#jobs'
import type { Delivery, Subscription } from '#model'

/** How the job that sends notices gets through a queue that is far longer than it can work off. */

const NOW = 1_000_000

/** Every entry of the ledger. */
const RECORD: LedgerRecord = {
  v: 1,
  time: '2026-01-01T00:00:00.000Z',
  event: 'key.suspend',
  outcome: 'ok',
  tenant: 'one',
  principal: 'p',
  door: 'test',
  request: 'r',
  key: 'k',
}

function subscription(id: string, tenant: string, cursor = 0): Subscription {
  return {
    id,
    tenant,
    name: id,
    url: 'https://receiver.test/',
    scope: { kind: 'tenant' },
    types: [],
    state: 'active',
    cursor,
    createdAt: 0,
    signatures: ['v1'],
  }
}

/** A queue in memory, in the order of time, and what the job does with it. */
class Queue {
  /** The ledger: whose notice each entry is, and how far it was queued for whom. */
  ledger = 0
  readonly queued: string[] = []
  readonly waiting: WaitingDelivery[] = []
  readonly sent: string[] = []
  /** Rows of the index that were read, and deliveries that were loaded. */
  read = 0
  loaded = 0
  now = NOW
  readonly #active: readonly Subscription[]
  readonly #send: (subscription: string) => Promise<{ readonly kind: 'taken' }>

  constructor(
    active: readonly Subscription[],
    send: (subscription: string) => Promise<{ readonly kind: 'taken' }>,
  ) {
    this.#active = active
    this.#send = send
  }

  /** So many for each subscription, due at a time. */
  fill(to: string, count: number, at: number): void {
    for (let notice = 0; notice < count; notice += 1)
      this.waiting.push({ at, id: `${to}/${String(notice).padStart(6, '0')}`, subscription: to })
    this.waiting.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  }

  job() {
    return new Deliveries<string>({
      now: () => this.now,
      random: () => 0,
      head: () => ({ next: this.ledger, revision: this.ledger }),
      subscriptions: () => Promise.resolve(this.#active),
      notices: (from, to) => {
        const end = Math.min(to, from + 100)
        const notices = []
        for (let index = from; index < end; index += 1) notices.push({ index, record: RECORD })
        return Promise.resolve({ notices, end })
      },
      due: (until, after, limit) => {
        const found = this.waiting.filter(
          ({ at, id }) =>
            at <= until &&
            (after === undefined || at > after.at || (at === after.at && id > after.id)),
        )
        const page = found.slice(0, limit)
        this.read += page.length
        return Promise.resolve(page)
      },
      load: (id) => {
        this.loaded += 1
        const [to = '', notice = ''] = id.split('/')
        const times = { createdAt: 0, nextAt: 0, attempts: 0 }
        const whose = { tenant: '', subscription: to, notice: Number(notice) }
        return Promise.resolve<Delivery>({ ...whose, ...times, type: 'key.suspended' })
      },
      message: ({ subscription: to }) => Promise.resolve(to),
      send: (to) => this.#send(to),
      recordedAt: () => Promise.resolve(0),
      enqueue: ({ id }, notices) => {
        if (id.startsWith('broken')) return Promise.reject(new Error('its row is broken'))
        for (const { index } of notices) this.queued.push(`${id} ${index}`)
        return Promise.resolve()
      },
      settle: ({ subscription: to, notice }) => {
        const at = this.waiting.findIndex(
          (each) => each.subscription === to && Number(each.id.split('/')[1]) === notice,
        )
        this.waiting.splice(at, 1)
        this.sent.push(to)
        return Promise.resolve()
      },
      disable: () => Promise.resolve(),
      observe: () => undefined,
      reportFailure: (cause) => {
        throw cause
      },
    })
  }
}

test('behind a long queue of receivers that hang, or are disabled, others are told soon, and no round reads all of it', async () => {
  const hanging = Promise.withResolvers<{ readonly kind: 'taken' }>()
  const active = [subscription('a-hangs', 'one'), subscription('z-listens', 'other')]
  const queue = new Queue(active, (to) =>
    to === 'a-hangs' ? hanging.promise : Promise.resolve({ kind: 'taken' }),
  )
  queue.fill('a-hangs', 15_000, 0)
  queue.fill('b-disabled', 10_000, 1)
  queue.fill('z-listens', 3, 2)
  const job = queue.job()
  let rounds = 0
  for (; queue.sent.length < 3; rounds += 1) {
    const before = queue.read
    await job.run()
    assert.ok(queue.read - before <= 10_001, 'one round reads so many rows at most')
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(rounds < 10, 'it comes to everybody')
  }
  // Three rounds go over 25,000 rows, and what is not sent is not even loaded.
  assert.equal(rounds, 3)
  assert.equal(queue.loaded, 4 + 3)
  hanging.resolve({ kind: 'taken' })
  await job.settled()
})

test('nothing is read again before something is due, an attempt has ended, or the ledger has moved', async () => {
  const queue = new Queue([subscription('a', 'one')], () => Promise.resolve({ kind: 'taken' }))
  queue.fill('a', 2, NOW + 1_000)
  const job = queue.job()
  await job.run()
  const { read } = queue
  await job.run()
  queue.now += 999
  await job.run()
  assert.deepEqual([queue.read, queue.sent], [read, []])
  queue.now += 1
  await job.run()
  await job.settled()
  assert.deepEqual(queue.sent, ['a', 'a'])
})

test('who was away for long is told piece by piece, and holds up nobody else; nor does who cannot be told', async () => {
  const active = [
    subscription('away', 'one'),
    subscription('broken', 'one', 500),
    subscription('there', 'one', 9_995),
  ]
  const queue = new Queue(active, () => Promise.resolve({ kind: 'taken' }))
  queue.ledger = 10_000
  const job = queue.job()
  const of = (name: string) =>
    queue.queued.flatMap((each) =>
      each.startsWith(`${name} `) ? [Number(each.split(' ')[1])] : [],
    )
  await assert.rejects(job.run(), /its row is broken/)
  assert.deepEqual(of('there'), [9_995, 9_996, 9_997, 9_998, 9_999])
  assert.equal(of('away').length, 100)
  for (let round = 1; round < 100; round += 1) await job.run().catch(() => undefined)
  const all = Array.from({ length: 10_000 }, (_, index) => index)
  assert.deepEqual(of('away'), all)
  assert.equal(of('there').length, 5)
})
