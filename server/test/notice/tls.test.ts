import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Networks, post, trusting } from '#notice'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { Authority } from './authority.ts'
import { Receiver } from './receiver.ts'

/** Receivers over TLS: whom the sender believes, and what becomes of a notice for one that it does not believe. */

const HOUR_MS = 3_600_000
const authority = new Authority()
const another = new Authority()
after(() => {
  authority[Symbol.dispose]()
  another[Symbol.dispose]()
})
const good = authority.issue('IP:127.0.0.1')

/** Posts to a receiver, or to its port under another name. */
function send(receiver: Receiver, { name, ca }: { name?: string; ca?: Buffer | undefined } = {}) {
  const url = name === undefined ? receiver.url : `https://${name}:${receiver.port}/hook`
  return post(
    { url, headers: { 'webhook-id': 'msg_1' }, body: '{}' },
    {
      networks: new Networks(['127.0.0.0/8']),
      trust: trusting(ca),
      signal: new AbortController().signal,
      lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    },
  )
}

/** Old enough for TLS 1.1, which OpenSSL 3 speaks at its lowest security level alone. */
const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

test('a receiver is believed by the authority that an operator named, under the name of its certificate', async () => {
  await using receiver = await Receiver.open(good)
  assert.deepEqual(await send(receiver, { ca: authority.pem }), { kind: 'taken' })
  await using named = await Receiver.open(authority.issue('DNS:receiver.test'))
  const ca = authority.pem
  assert.deepEqual(await send(named, { name: 'receiver.test', ca }), { kind: 'taken' })
  assert.equal(named.told[0]?.headers.host, `receiver.test:${named.port}`)
  // Several in one file.
  const both = Buffer.concat([another.pem, authority.pem])
  assert.deepEqual(await send(receiver, { ca: both }), { kind: 'taken' })
})

const unbelieved = [
  ['certificate-not-trusted', 'of another authority', another.issue('IP:127.0.0.1')],
  ['certificate-of-another-name', 'of another name', authority.issue('DNS:receiver.test')],
  ['certificate-of-another-name', 'of another address', authority.issue('IP:127.0.0.2')],
  ['certificate-expired', 'whose certificate is over', authority.issue('IP:127.0.0.1', -1)],
  ['tls-version', 'of TLS 1.1', { ...good, ...old }],
] as const

for (const [reason, what, options] of unbelieved)
  test(`a receiver ${what} is told nothing: ${reason}`, async () => {
    await using receiver = await Receiver.open(options)
    const sent = await send(receiver, { ca: authority.pem })
    assert.deepEqual(sent, { kind: 'failed', reason })
    assert.deepEqual(receiver.told, [])
    assert.ok(receiver.connections > 0)
  })

test('nobody is believed by an authority that nobody named, and one that does not speak TLS is told nothing', async () => {
  await using receiver = await Receiver.open(good)
  const sent = await send(receiver)
  assert.deepEqual(sent, { kind: 'failed', reason: 'certificate-not-trusted' })
  await using plain = await Receiver.open()
  const refused = await send(plain, { name: '127.0.0.1', ca: authority.pem })
  assert.deepEqual(refused, { kind: 'failed', reason: 'tls-failed' })
  assert.deepEqual([receiver.told, plain.told], [[], []])
})

test('NODE_TLS_REJECT_UNAUTHORIZED does not make it believe anybody', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  try {
    await using receiver = await Receiver.open(good)
    const sent = await send(receiver)
    assert.deepEqual(sent, { kind: 'failed', reason: 'certificate-not-trusted' })
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  }
})

async function until(holds: () => Promise<boolean>, house: TestHouse) {
  while (!(await holds())) {
    await house.runJob('deliveries')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('what a receiver was not believed for is a dead letter that says why, and goes when it is sent again', async () => {
  const clock = new DrivenClock()
  await using house = await startHouse({ clock, webhookAuthorities: authority.pem })
  const receivers = []
  await using opened = new AsyncDisposableStack()
  for (const [reason, , options] of unbelieved) {
    const receiver = opened.use(await Receiver.open(options))
    const { id } = await house.perform('subscription.create', {
      name: 'x',
      url: receiver.url,
      scope: { kind: 'tenant' },
      types: ['key.suspended'],
      signature: 'v1a',
    })
    receivers.push({ reason, receiver, id })
  }
  const of = async (subscription: string, state: 'waiting' | 'dead') =>
    (await house.perform('subscription.deliveries', { subscription, state, limit: 10 })).items[0]
  const { id: key } = await house.createKey()
  await house.perform('key.suspend', { key })
  for (let made = 1; made <= 10; made += 1) {
    const isMade = async (id: string) =>
      ((await of(id, 'waiting')) ?? (await of(id, 'dead')))?.attempts === made
    for (const { id } of receivers) await until(() => isMade(id), house)
    clock.advance(30 * HOUR_MS)
    await house.renewToken()
    for (const { id: subscription } of receivers)
      await house.perform('subscription.update', { subscription, state: 'active' })
  }
  for (const { id, reason, receiver } of receivers) {
    const dead = await of(id, 'dead')
    assert.deepEqual([dead?.attempts, dead?.reason, dead?.type], [10, reason, 'key.suspended'])
    assert.deepEqual([await of(id, 'waiting'), receiver.told], [undefined, []])
  }
  // The operator of one has got a certificate of the right authority.
  await using receiver = await Receiver.open(good)
  const { id: subscription = '' } = receivers[0] ?? {}
  await house.perform('subscription.update', { subscription, url: receiver.url })
  const notice = (await of(subscription, 'dead'))?.notice ?? 0
  await house.perform('subscription.replay', { subscription, notices: [notice] })
  await until(() => Promise.resolve(receiver.told.length === 1), house)
  assert.deepEqual(receiver.types, ['key.suspended'])
})
