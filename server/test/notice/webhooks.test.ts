import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { noticesBetween } from '#operations'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from '../rest/socket-free.ts'
import { isBelieved } from './believed.ts'
import { Receiver, type Told } from './receiver.ts'
import { queued, subscribe, until } from './subscribe.ts'

/** What subscriptions are told, and by whom it can have been said. */

const HOUR_MS = 3_600_000
const house = await startHouse()
after(() => house.close())

test('a notice is signed so that the library of Standard Webhooks believes it, and nothing else', async () => {
  await using receiver = await Receiver.open()
  const { id, secret = '' } = await subscribe(receiver, {}, house)
  const { id: key } = await house.createKey()
  await house.perform('key.revoke', { key, reason: 'keyCompromise' })
  await until(() => receiver.told.length > 0, house)
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
  const { secret: other = '' } = await subscribe(receiver, {}, house)
  assert.ok(!isBelieved(other, told))
  // How long it took is shown.
  await until(async () => (await queued(id, 'waiting', house)).length === 0, house)
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
  await subscribe(everything, {}, house)
  await subscribe(one, { scope: { kind: 'key', key } }, house)
  await subscribe(some, { types: ['key.resumed'] }, house)
  await subscribe(hears, { scope: { kind: 'dependent', dependent } }, house)
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
  await until(() => everything.told.length === 2 && all.every(({ told }) => told.length > 0), house)
  assert.deepEqual(everything.types.toSorted(), ['key.resumed', 'key.rotated'])
  for (const receiver of [one, some, hears]) assert.deepEqual(receiver.types, ['key.resumed'])
  assert.deepEqual(foreign.types, ['key.suspended'])
  // A dependent learns who it is, and says that it has acted.
  const { data } = JSON.parse(hears.told[0]?.body ?? '') as {
    data: { notice: number; dependent: string }
  }
  assert.equal(data.dependent, dependent)
  await house.perform('dependent.acknowledge', { dependent, notice: data.notice })
  await until(() => everything.types.includes('dependent.acknowledged'), house)
  // It goes with the dependent.
  await house.perform('dependent.remove', { dependent })
  const { items } = await house.perform('subscription.list', { limit: 100 })
  assert.ok(items.every((item) => item.url !== hears.url))
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
