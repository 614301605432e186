import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Networks, post, trusting } from '#notice'
import { Receiver, saying } from './receiver.ts'

/** Where messages may go, and what a receiver can do to the sender. */

const loopback = new Networks(['127.0.0.0/8'])
const none = new AbortController().signal
const trust = trusting(undefined)

function sending(url: string) {
  return { url, headers: { 'webhook-id': 'msg_1' }, body: '{}' }
}

test('only public addresses are reached, unless their network is allowed', () => {
  const open = new Networks([])
  for (const address of ['93.184.216.34', '1.1.1.1', '2606:4700:4700::1111'])
    assert.equal(open.allows(address), true, address)
  for (const address of [
    '127.0.0.1',
    '10.0.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'fec0::1',
    '::127.0.0.1',
    '::ffff:0:7f00:1',
    '64:ff9b:1::7f00:1',
    '100::1',
    '2001:db8::1',
    '2001::7f00:1',
    '3fff::1',
    '5f00::1',
    '4000::1',
    '9000::1',
    'fe80::1%eth0',
    '2606:4700:4700::1111%eth0',
    '192.0.0.1',
    '198.18.0.1',
    '240.0.0.1',
    'not an address',
  ])
    assert.equal(open.allows(address), false, address)
  const some = new Networks(['10.1.0.0/16', 'fd00::/8'])
  assert.deepEqual(
    ['10.1.2.3', '10.2.0.1', 'fd12::1', '127.0.0.1'].map((address) => some.allows(address)),
    [true, false, true, false],
  )
  for (const wrong of ['10.0.0.0', '10.0.0.0/33', 'x/8', '::/129', '10.0.0.0/-1'])
    assert.throws(() => new Networks([wrong]), RangeError, wrong)
})

test('an address that may not be reached is not connected to, however it is written', async () => {
  await using receiver = await Receiver.open()
  const { port } = new URL(receiver.url)
  const posting = { networks: new Networks([]), trust, signal: none }
  for (const host of ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '[::ffff:127.0.0.1]'])
    assert.deepEqual(await post(sending(`http://${host}:${port}/`), posting), {
      kind: 'failed',
      reason: 'address-refused',
    })
  assert.deepEqual(receiver.told, [])
})

test('a name is looked up once; one bad address among its addresses is enough', async () => {
  await using receiver = await Receiver.open()
  const { port } = new URL(receiver.url)
  const good = { address: '127.0.0.1', family: 4 }
  let looks = 0
  const leadsTo = (...found: (typeof good)[]) => ({
    networks: loopback,
    trust,
    signal: none,
    lookup: () => {
      looks += 1
      return Promise.resolve(looks === 1 ? found : [])
    },
  })
  const url = `http://receiver.test:${port}/`
  assert.deepEqual(await post(sending(url), leadsTo(good)), { kind: 'taken' })
  assert.equal(looks, 1)
  assert.equal(receiver.told[0]?.headers.host, `receiver.test:${port}`)
  looks = 0
  const refused = await post(sending(url), leadsTo(good, { address: '10.0.0.1', family: 4 }))
  assert.deepEqual(refused, { kind: 'failed', reason: 'address-refused' })
  assert.equal(receiver.told.length, 1)
})

test('proxies that the environment names are passed over: they would look names up themselves', async () => {
  await using receiver = await Receiver.open()
  await using proxy = await Receiver.open()
  const source = `
    import { Networks, post, trusting } from '#notice'
    const posting = { networks: new Networks(['127.0.0.0/8']), trust: trusting(), signal: new AbortController().signal }
    const { kind } = await post({ url: ${JSON.stringify(receiver.url)}, headers: {}, body: '{}' }, posting)
    process.exitCode = kind === 'taken' ? 0 : 1`
  const { origin } = new URL(proxy.url)
  const named = { HTTP_PROXY: origin, HTTPS_PROXY: origin, http_proxy: origin }
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', source],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { NODE_USE_ENV_PROXY: '1', ...named },
      stdio: 'inherit',
    },
  )
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.deepEqual([receiver.told.length, proxy.told.length], [1, 0])
})

test('whatever a receiver does, the sender ends', async () => {
  await using elsewhere = await Receiver.open()
  await using receiver = await Receiver.open()
  const attempt = (patienceMs = 15_000) =>
    post(sending(receiver.url), { networks: loopback, trust, signal: none, patienceMs })
  receiver.answer = saying(302, { location: elsewhere.url })
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'status-302' })
  assert.deepEqual(elsewhere.told, [])
  for (const [asked, restMs] of [
    ['120', 120_000],
    ['999999999', 86_400_000],
  ] as const) {
    receiver.answer = saying(503, { 'retry-after': asked })
    assert.deepEqual(await attempt(), { kind: 'failed', reason: 'status-503', restMs })
  }
  for (const asked of ['-1', '1e9', '0x10', '9'.repeat(100), 'Fri, 31 Dec 1999 23:59:59 GMT']) {
    receiver.answer = saying(503, { 'retry-after': asked })
    assert.deepEqual(await attempt(), { kind: 'failed', reason: 'status-503' }, asked)
  }
  // A date counts from the one that the receiver says it is, whatever it is here.
  const date = 'Fri, 31 Dec 1999 23:59:00 GMT'
  for (const [asked, restMs] of [
    ['Fri, 31 Dec 1999 23:59:59 GMT', 59_000],
    ['Fri, 07 Jan 2000 23:59:59 GMT', 86_400_000],
    [date, undefined],
    ['Thu, 30 Dec 1999 23:59:59 GMT', undefined],
    ['Friday, 31-Dec-99 23:59:59 GMT', undefined],
    ['1999-12-31T23:59:59Z', undefined],
    ['Fri, 99 Dec 1999 23:59:59 GMT', undefined],
  ] as const) {
    receiver.answer = saying(503, { 'retry-after': asked, date })
    const rest = restMs === undefined ? {} : { restMs }
    assert.deepEqual(await attempt(), { kind: 'failed', reason: 'status-503', ...rest }, asked)
  }
  receiver.answer = saying(410)
  assert.deepEqual(await attempt(), { kind: 'gone' })
  // One that would rather speak something else.
  receiver.answer = (response) =>
    void response.socket?.write(
      'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    )
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'no-answer' })
  receiver.answer = saying(200, { long: 'x'.repeat(10_000) })
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'no-answer' })
  // A body without an end: it is not read, and the receiver sees the connection go.
  const closed = Promise.withResolvers<void>()
  receiver.answer = (response) => {
    response.writeHead(200)
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1)
    response.on('close', () => {
      clearInterval(more)
      closed.resolve()
    })
  }
  assert.deepEqual(await attempt(), { kind: 'taken' })
  await closed.promise
  // One that says nothing, and one that never ends its headers.
  receiver.answer = () => undefined
  assert.deepEqual(await attempt(50), { kind: 'failed', reason: 'timeout' })
  receiver.answer = (response) => void response.socket?.write('HTTP/1.1 200 OK\r\nslow: ')
  assert.deepEqual(await attempt(50), { kind: 'failed', reason: 'timeout' })
  // One that says a little again and again: all of it together has so long.
  receiver.answer = ({ socket }) => {
    const more = setInterval(() => socket?.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 1)
    socket?.on('close', () => clearInterval(more))
  }
  assert.deepEqual(await attempt(100), { kind: 'failed', reason: 'timeout' })
  // One that hangs up, after it was told or before it said all of its head, and one that speaks something else.
  receiver.answer = ({ socket }) => socket?.resetAndDestroy()
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'no-answer' })
  receiver.answer = ({ socket }) => socket?.end('HTTP/1.1 200 OK\r\n')
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'no-answer' })
  receiver.answer = ({ socket }) => socket?.end('220 mail.receiver.test ESMTP\r\n')
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'no-answer' })
  // Two answers, of which the first counts; and one that says yes and no at once.
  receiver.answer = ({ socket }) =>
    socket?.end('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')
  assert.deepEqual(await attempt(), { kind: 'failed', reason: 'status-500' })
  receiver.answer = (response) => void response.writeHead(200).end('{"error":"not taken"}')
  assert.deepEqual(await attempt(), { kind: 'taken' })
  const stopping = new AbortController()
  const held = Promise.withResolvers<void>()
  receiver.answer = () => held.resolve()
  const sent = post(sending(receiver.url), { networks: loopback, trust, signal: stopping.signal })
  await held.promise
  stopping.abort()
  assert.deepEqual(await sent, { kind: 'failed', reason: 'stopped' })
})
