import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { InputOf } from '@claviger/contract'
import { noticesBetween } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'
import { isBelieved } from './believed.ts'
import { Receiver, saying, taking, type Told } from './receiver.ts'

/** What subscriptions are told, by whom it can have been said, and what happens when they do not listen. */

const HOUR_MS = 3_600_000
const house = await startHouse()
after(() => house.close())

function subscribe(
  to: Receiver,
  more: Partial<InputOf<'subscription.create'>> = {},
  of: TestHouse = house,
) {
  const scope = { kind: 'tenant' as const }
  const input = { name: 'x', url: to.url, scope, types: [], signature: 'v1' as const }
  return of.perform('subscription.create', { ...input, ...more })
}

/** Lets the job come round until something holds. */
async function until(holds: () => boolean | Promise<boolean>, of: TestHouse = house) {
  while (!(await holds())) {
    await of.runJob('deliveries')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What waits for a subscription, or was given up. */
async function queued(subscription: string, state: 'waiting' | 'dead', of: TestHouse = house) {
  return (await of.perform('subscription.deliveries', { subscription, state, limit: 100 })).items
}

test('a notice is signed so that the library of Standard Webhooks believes it, and nothing else', async () => {
  await using receiver = await Receiver.open()
  const { id, secret = '' } = await subscribe(receiver)
  const { id: key } = await house.createKey()
  await house.perform('key.revoke', { key, reason: 'keyCompromise' })
  await until(() => receiver.told.length > 0)
  const [told] = receiver.told
  assert.ok(told)
  const body = JSON.parse(told.body) as { type: string; data: { key: string; notice: number } }
  assert.equal(body.type, 'key.compromised')
  assert.equal(body.data.key, key)
  const record = (await house.entries(body.data.notice))[0]
  assert.deepEqual([record?.event, record?.key], ['key.revoke', key])
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.ok(isBelieved(secret, told))
  assert.ok(!isBelieved(secret, { ...told, body: told.body.replace('compromised', 'resumed') }))
  assert.ok(!isBelieved(secret, { ...told, headers: { ...told.headers, 'webhook-id': 'msg_x' } }))
  const { secret: other = '' } = await subscribe(receiver)
  assert.ok(!isBelieved(other, told))
  // How long it took is shown.
  await until(async () => (await queued(id, 'waiting')).length === 0)
  const { items } = await house.perform('subscription.list', { limit: 100 })
  const { last } = items.find((one) => one.id === id) ?? {}
  assert.equal(last?.notice, body.data.notice)
  assert.ok(last.milliseconds >= 0 && last.type === 'key.compromised')
})

test('two secrets sign while one takes the place of the other', async () => {
  const clock = new DrivenClock(Date.now())
  await using own = await startHouse({ clock })
  await using receiver = await Receiver.open()
  const first = await subscribe(receiver, {}, own)
  const second = await own.perform('subscription.rotateSecret', {
    subscription: first.id,
    overlapHours: 1,
  })
  const { id: key } = await own.createKey()
  const tell = async () => {
    const before = receiver.told.length
    await own.perform('key.suspend', { key })
    await own.perform('key.resume', { key })
    await until(() => receiver.told.length === before + 2, own)
    return receiver.told.at(-1) ?? assert.fail()
  }
  const during = await tell()
  for (const { secret } of [first, second]) assert.ok(isBelieved(secret ?? '', during))
  clock.advance(HOUR_MS + 1)
  await own.renewToken()
  const later = await tell()
  assert.equal(String(later.headers['webhook-signature']).split(' ').length, 1)
})

test('a key pair signs where it is asked for, and only its public half is ever shown', async () => {
  const clock = new DrivenClock(Date.now())
  await using own = await startHouse({ clock })
  await using receiver = await Receiver.open()
  const first = await subscribe(receiver, { signature: 'v1a' }, own)
  const { id: subscription, publicKey = '', signature } = first
  assert.match(publicKey, /^whpk_[A-Za-z0-9+/]{43}=$/)
  assert.deepEqual([signature, first.secret], ['v1a', undefined])
  const { id: key } = await own.createKey()
  const tell = async () => {
    const before = receiver.told.length
    await own.perform('key.suspend', { key })
    await own.perform('key.resume', { key })
    await until(() => receiver.told.length === before + 2, own)
    return receiver.told.at(-1) ?? assert.fail()
  }
  const signaturesOf = ({ headers }: Told) =>
    String(headers['webhook-signature'])
      .split(' ')
      .map((each) => each.split(',')[0])
  const told = await tell()
  assert.ok(isBelieved(publicKey, told))
  assert.deepEqual(signaturesOf(told), ['v1a'])
  assert.ok(!isBelieved(publicKey, { ...told, body: told.body.replace('resumed', 'revoked') }))
  assert.ok(!isBelieved(publicKey, { ...told, headers: { ...told.headers, 'webhook-id': 'x' } }))
  const later = { ...told.headers, 'webhook-timestamp': '1' }
  assert.ok(!isBelieved(publicKey, { ...told, headers: later }))
  // Another key takes its place, and both sign for a while.
  const next = await own.perform('subscription.rotateSecret', { subscription, overlapHours: 1 })
  assert.notEqual(next.publicKey, publicKey)
  const during = await tell()
  for (const each of [publicKey, next.publicKey ?? '']) assert.ok(isBelieved(each, during))
  // Back to a secret: whoever has only the key believes it until the end of the overlap.
  const back = { subscription, overlapHours: 1, signature: 'v1' as const }
  const shared = await own.perform('subscription.rotateSecret', back)
  assert.deepEqual([shared.signature, shared.publicKey], ['v1', undefined])
  const mixed = await tell()
  assert.deepEqual(signaturesOf(mixed), ['v1', 'v1a'])
  assert.ok(isBelieved(shared.secret ?? '', mixed) && isBelieved(next.publicKey ?? '', mixed))
  assert.ok(!isBelieved(publicKey, mixed))
  clock.advance(HOUR_MS + 1)
  await own.renewToken()
  assert.deepEqual(signaturesOf(await tell()), ['v1'])
})

test('each subscription is told what it asked for, in its tenant, and only from then on', async () => {
  await using everything = await Receiver.open()
  await using one = await Receiver.open()
  await using some = await Receiver.open()
  await using hears = await Receiver.open()
  await using foreign = await Receiver.open()
  const { id: key } = await house.createKey()
  const { id: another } = await house.createKey()
  await house.perform('key.suspend', { key })
  const { token } = await house.perform('tenant.create', { name: 'other' })
  const { id: dependent } = await house.perform('dependent.create', {
    key,
    name: 'shop',
    kind: 'service',
    contact: '',
    description: '',
  })
  await subscribe(everything)
  await subscribe(one, { scope: { kind: 'key', key } })
  await subscribe(some, { types: ['key.resumed'] })
  await subscribe(hears, { scope: { kind: 'dependent', dependent } })
  const scope = { kind: 'tenant' as const }
  const input = { name: 'x', url: foreign.url, scope, types: [], signature: 'v1' as const }
  await house.perform('subscription.create', input, { token })
  await house.perform('key.resume', { key })
  await house.perform('key.rotate', { key: another })
  const { id: theirs } = await house.perform(
    'key.create',
    { algorithm: 'AES-256-GCM', exportable: false },
    { token },
  )
  await house.perform('key.suspend', { key: theirs }, { token })
  const all = [everything, one, some, hears, foreign]
  await until(() => everything.told.length === 2 && all.every(({ told }) => told.length > 0))
  assert.deepEqual(everything.types.toSorted(), ['key.resumed', 'key.rotated'])
  for (const receiver of [one, some, hears]) assert.deepEqual(receiver.types, ['key.resumed'])
  assert.deepEqual(foreign.types, ['key.suspended'])
  // A dependent learns who it is, and says that it has acted.
  const { data } = JSON.parse(hears.told[0]?.body ?? '') as {
    data: { notice: number; dependent: string }
  }
  assert.equal(data.dependent, dependent)
  await house.perform('dependent.acknowledge', { dependent, notice: data.notice })
  await until(() => everything.types.includes('dependent.acknowledged'))
  // It goes with the dependent.
  await house.perform('dependent.remove', { dependent })
  const { items } = await house.perform('subscription.list', { limit: 100 })
  assert.ok(items.every((item) => item.url !== hears.url))
})

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

test('few entries and many are looked through alike', async () => {
  await using own = await startHouse()
  const { id: key } = await own.createKey()
  for (let at = 0; at < 20; at += 1) {
    await own.perform('key.suspend', { key })
    await own.perform('key.resume', { key })
    for (let use = 0; use < 20; use += 1)
      await own.perform('encrypt', { key, plaintext: Buffer.from('x') })
  }
  const { next } = await own.store.head()
  assert.ok(next > 400)
  const { notices: all, end } = await noticesBetween(own.store, 0, next)
  assert.deepEqual([all.length, end], [40, next])
  for (const step of [1, 7, 256]) {
    const parts = []
    for (let from = 0; from < next; from += step)
      parts.push(...(await noticesBetween(own.store, from, Math.min(from + step, next))).notices)
    assert.deepEqual(parts, all, `${step} at once`)
  }
  assert.deepEqual(await noticesBetween(own.store, next, next), { notices: [], end: next })
  // Where they are many, piece by piece: none is left out, and none comes twice.
  for (const most of [1, 3, 19, 20]) {
    const parts = []
    for (let from = 0; from < next;) {
      const piece = await noticesBetween(own.store, from, next, most)
      assert.ok(piece.end > from)
      // Few entries are read as they stand.
      assert.ok(next - from <= 256 || piece.notices.length <= 2 * most)
      parts.push(...piece.notices)
      from = piece.end
    }
    assert.deepEqual(parts, all, `${most} of each event`)
  }
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

test('only https addresses, and http ones on loopback, are taken', async () => {
  const { owner } = restDoorOver(house)
  const name = 'x'
  for (const url of ['https://receiver.test/hook?a=b', 'http://localhost:1/', 'http://[::1]:1/'])
    await owner.call('subscription.create', { name, url })
  for (const url of [
    'http://receiver.test/',
    'http://127.0.0.2/',
    'https://user@receiver.test/',
    'https://receiver.test/#part',
    'ftp://receiver.test/',
    'file:///etc/passwd',
    'receiver.test',
    `https://receiver.test/${'x'.repeat(2_048)}`,
  ])
    await owner.refuse('invalid_request', 'subscription.create', { name, url })
  const dependent = '00000000-0000-4000-8000-000000000000'
  const scope = { kind: 'dependent', dependent } as const
  const input = { name, url: 'https://receiver.test', scope }
  await owner.refuse('not_found', 'subscription.create', input)
})
