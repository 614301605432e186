import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'
import { Receiver, saying, taking } from './receiver.ts'
import { queued, subscribe, until } from './subscribe.ts'

/** What happens where receivers do not listen, ask for a rest, want nothing any more, or come back. */

const HOUR_MS = 3_600_000

test('what is not taken is tried again under the same id, given up after days, and sent again on demand', async () => {
  const clock = new DrivenClock()
  await using own = await startHouse({ clock })
  await using receiver = await Receiver.open()
  const { id: subscription } = await subscribe(receiver, {}, own)
  const { id: key } = await own.createKey()
  await own.perform('key.suspend', { key })
  receiver.answer = saying(500)
  const attempts = async () => (await queued(subscription, 'waiting', own))[0]?.attempts ?? -1
  await until(async () => (await attempts()) === 1, own)
  // Nothing is sent before its time.
  await own.runJob('deliveries')
  assert.equal(receiver.told.length, 1)
  for (let made = 2; made <= 10; made += 1) {
    clock.advance(30 * HOUR_MS)
    await own.renewToken()
    // It failed for longer than a receiver may: somebody lets it go on.
    await own.perform('subscription.update', { subscription, state: 'active' })
    await until(() => receiver.told.length === made, own)
    await until(
      async () =>
        (await attempts()) === made || (await queued(subscription, 'dead', own)).length > 0,
      own,
    )
  }
  assert.equal(new Set(receiver.ids).size, 1)
  const [dead] = await queued(subscription, 'dead', own)
  assert.deepEqual([dead?.attempts, dead?.reason, dead?.type], [10, 'status-500', 'key.suspended'])
  assert.deepEqual(await queued(subscription, 'waiting', own), [])
  receiver.answer = taking
  const notices = [dead?.notice ?? 0]
  await own.perform('subscription.replay', { subscription, notices })
  assert.deepEqual(await queued(subscription, 'dead', own), [])
  await until(() => receiver.told.length === 11, own)
  await until(async () => (await queued(subscription, 'waiting', own)).length === 0, own)
  assert.equal(new Set(receiver.ids).size, 1)
  const unknown = { subscription, notices: [0] }
  assert.equal(await own.codeOf('subscription.replay', unknown), 'not_found')
})

test('a receiver that hangs holds up nobody else, and the house closes all the same', async () => {
  const own = await startHouse()
  await using slow = await Receiver.open()
  await using quick = await Receiver.open()
  slow.answer = () => undefined
  const { id } = await subscribe(slow, {}, own)
  await subscribe(quick, {}, own)
  const { id: key } = await own.createKey()
  for (let at = 0; at < 4; at += 1) {
    await own.perform('key.suspend', { key })
    await own.perform('key.resume', { key })
  }
  await until(() => quick.told.length === 8 && slow.told.length === 4, own)
  // No more than four at once.
  assert.equal((await queued(id, 'waiting', own)).length, 8)
  await own.close()
  assert.equal(slow.told.length, 4)
})

test('receivers of one tenant that hang hold up no other tenant', async () => {
  const own = await startHouse()
  await using slow = await Receiver.open()
  await using quick = await Receiver.open()
  let open = 0
  let most = 0
  slow.answer = ({ socket }) => {
    open += 1
    most = Math.max(most, open)
    socket?.on('close', () => (open -= 1))
  }
  const { token } = await own.perform('tenant.create', { name: 'other' })
  const theirs = { algorithm: 'AES-256-GCM', exportable: false } as const
  const { id: key } = await own.perform('key.create', theirs, { token })
  const input = { name: 'x', url: slow.url, scope: { kind: 'tenant' as const }, types: [] }
  for (let made = 0; made < 40; made += 1)
    await own.perform('subscription.create', { ...input, signature: 'v1' }, { token })
  for (let at = 0; at < 4; at += 1) {
    await own.perform('key.suspend', { key }, { token })
    await own.perform('key.resume', { key }, { token })
  }
  await until(() => slow.told.length >= 16, own)
  await subscribe(quick, {}, own)
  const { id: another } = await own.createKey()
  await own.perform('key.suspend', { key: another })
  await until(() => quick.told.length === 1, own)
  assert.equal(most, 16)
  await own.close()
})

test('a receiver that was away is told what it missed, and counts as failing no more', async () => {
  const clock = new DrivenClock()
  await using own = await startHouse({ clock })
  const away = await Receiver.open()
  const { port, url } = away
  const { id: subscription } = await subscribe(away, {}, own)
  await away[Symbol.asyncDispose]()
  const { id: key } = await own.createKey()
  await own.perform('key.suspend', { key })
  await own.perform('key.resume', { key })
  const waiting = () => queued(subscription, 'waiting', own)
  const isTried = async (times: number) => {
    const all = await waiting()
    return all.length === 2 && all.every(({ attempts }) => attempts === times)
  }
  await until(() => isTried(1), own)
  clock.advance(6_000)
  await until(() => isTried(2), own)
  assert.ok((await waiting()).every(({ reason }) => reason === 'no-answer'))
  const failing = async () => {
    const { items } = await own.perform('subscription.list', { limit: 10 })
    return items.find(({ id }) => id === subscription)?.failingSince
  }
  assert.equal(await failing(), clock.now() - 6_000)
  await using back = await Receiver.open(undefined, port)
  assert.equal(back.url, url)
  clock.advance(HOUR_MS)
  await until(async () => (await waiting()).length === 0, own)
  assert.deepEqual(back.types.toSorted(), ['key.resumed', 'key.suspended'])
  assert.equal(await failing(), undefined)
})

test('a receiver that asks for a rest gets it, and no longer one than between attempts', async () => {
  const clock = new DrivenClock()
  await using own = await startHouse({ clock })
  await using receiver = await Receiver.open()
  const { id: subscription } = await subscribe(receiver, {}, own)
  const { id: key } = await own.createKey()
  receiver.answer = saying(429, { 'retry-after': '600' })
  await own.perform('key.suspend', { key })
  const waiting = async () => (await queued(subscription, 'waiting', own))[0]
  await until(async () => (await waiting())?.attempts === 1, own)
  assert.equal((await waiting())?.nextAt, clock.now() + 600_000)
  clock.advance(600_000)
  // The second pause is five minutes anyway, which is more than what it asks for now.
  receiver.answer = saying(429, { 'retry-after': '1' })
  await until(async () => (await waiting())?.attempts === 2, own)
  const { nextAt = 0 } = (await waiting()) ?? {}
  assert.ok(nextAt >= clock.now() + 300_000 && nextAt <= clock.now() + 360_000)
})

test('who wants no more (410), or fails for days, is told nothing more, and others learn of it', async () => {
  const clock = new DrivenClock()
  await using own = await startHouse({ clock })
  await using gone = await Receiver.open()
  await using failing = await Receiver.open()
  await using watching = await Receiver.open()
  gone.answer = saying(410)
  failing.answer = saying(503)
  await subscribe(watching, { types: ['subscription.disabled'] }, own)
  const { id } = await subscribe(gone, {}, own)
  const { id: other } = await subscribe(failing, {}, own)
  const { id: key } = await own.createKey()
  const stateOf = async (subscription: string) => {
    const { items } = await own.perform('subscription.list', { limit: 10 })
    return items.find((item) => item.id === subscription)?.state
  }
  await own.perform('key.suspend', { key })
  await until(async () => (await stateOf(id)) === 'disabled', own)
  await until(() => failing.told.length > 0, own)
  assert.equal(await stateOf(other), 'active')
  /** An attempt that ends after the clock has moved puts the next one off from there. */
  const isNoted = async () => {
    const all = [...(await queued(other, 'waiting', own)), ...(await queued(other, 'dead', own))]
    return all.reduce((sum, { attempts }) => sum + attempts, 0) === failing.told.length
  }
  for (let day = 0; day < 5; day += 1) {
    await until(isNoted, own)
    clock.advance(25 * HOUR_MS)
    await own.renewToken()
    const before = failing.told.length
    await until(
      async () => failing.told.length > before || (await stateOf(other)) !== 'active',
      own,
    )
  }
  await until(async () => (await stateOf(other)) === 'disabled', own)
  await until(() => watching.told.length === 2, own)
  assert.equal(gone.told.length, 1)
  // What came meanwhile is not lost: it is told when somebody lets it go on.
  await own.perform('key.resume', { key })
  gone.answer = taking
  await own.perform('subscription.update', { subscription: id, state: 'active' })
  await until(() => gone.types.includes('key.resumed'), own)
  assert.ok(gone.types.filter((type) => type === 'key.suspended').length >= 1)
})

test('a subscription whose row was changed in the database is told nothing, and keeps nobody else from being told', async () => {
  let changed = ''
  await using own = await startHouse({
    wrapStore: (store) =>
      storeWith(store, {
        scan: async (kind, after, limit) =>
          (await store.scan(kind, after, limit)).map((row) =>
            row.id === changed ? { ...row, document: `${row.document} ` } : row,
          ),
      }),
  })
  await using receiver = await Receiver.open()
  await using other = await Receiver.open()
  const first = await subscribe(receiver, {}, own)
  const second = await subscribe(other, {}, own)
  const { id: key } = await own.createKey()
  for (const [id, silenced, told] of [
    [first.id, receiver, other],
    [second.id, other, receiver],
  ] as const) {
    changed = id
    const before = { silenced: silenced.told.length, told: told.told.length }
    await own.perform('key.suspend', { key })
    await until(() => told.told.length > before.told, own)
    assert.equal(silenced.told.length, before.silenced)
    // What it missed meanwhile it is told when its row is as it was.
    changed = ''
    await own.perform('key.resume', { key })
    await until(() => silenced.told.length === before.silenced + 2, own)
    await until(() => told.told.length === before.told + 2, own)
  }
})
