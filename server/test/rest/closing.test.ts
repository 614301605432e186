import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen, type HttpDoor } from '#http'
import { exchange, lines } from './raw.ts'

/**
 * Behind an answer that ends its connection nothing is begun any more (RFC 9112 section 9.6): a client takes it for not done, and sends it
 * again.
 */

const LIMIT = 100_000

/** A door that says what it was asked, and takes its time at `/slow`, and at `/held` until it is released. */
async function open() {
  const asked: string[] = []
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const door: HttpDoor = {
    bodyLimit: () => LIMIT,
    async respond({ path }) {
      asked.push(path)
      if (path === '/slow') await sleep(50)
      if (path === '/held') await promise
      if (path !== '/stream') return { status: 200, headers: {}, body: `<${path}>` }
      return {
        status: 200,
        headers: {},
        body: '',
        async *stream() {
          yield `<${path}>`
          await sleep(50)
        },
      }
    },
    refuse: (code) => ({ status: 400, headers: {}, body: `<${code}>` }),
  }
  const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '0' })
  return { asked, release, listener, [Symbol.asyncDispose]: () => listener.drain(0) }
}

/** What was said, and what was asked for it, when the server has closed. */
async function all(sent: string): Promise<{ readonly told: string[]; readonly asked: string[] }> {
  await using house = await open()
  const bytes = await exchange(house.listener.port, sent)
  return {
    told: [...bytes.toString().matchAll(/<[^>]*>/g)].map(([one]) => one),
    asked: house.asked,
  }
}

const slow = lines('GET /slow HTTP/1.1', 'Host: x')
const held = lines('GET /held HTTP/1.1', 'Host: x')
const later = lines('POST /later HTTP/1.1', 'Host: x', 'Content-Length: 0')
const tooLarge =
  lines('POST /large HTTP/1.1', 'Host: x', `Content-Length: ${LIMIT + 1}`) + 'x'.repeat(LIMIT + 1)
const brokenLarge =
  lines('POST /large HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked') +
  `${(LIMIT + 1).toString(16)}\r\n${'x'.repeat(LIMIT + 1)}\r\nzz\r\n`

test('behind a body that was too large', async () => {
  assert.deepEqual(await all(tooLarge + later), { told: ['<payload_too_large>'], asked: [] })
})

test('what breaks behind a body that was too large, where something before it is still being answered', async () => {
  for (const sent of [tooLarge + later, brokenLarge, `${tooLarge}no request\r\n\r\n`])
    assert.deepEqual(await all(slow + sent), {
      told: ['</slow>', '<payload_too_large>'],
      asked: ['/slow'],
    })
})

test('behind another protocol that was asked for: what came with it is passed over by node:http', async () => {
  const upgrade = ['Host: x', 'Connection: Upgrade', 'Upgrade: h2c']
  const bare = lines('GET /first HTTP/1.1', ...upgrade)
  const full = `${lines('POST /first HTTP/1.1', ...upgrade, 'Content-Length: 2')}ab`
  for (const first of [bare, full])
    for (const behind of ['', later, later + later, later.slice(0, 9)])
      assert.deepEqual(await all(first + behind), { told: ['</first>'], asked: ['/first'] })
})

test('behind a request of nobody in particular', async () => {
  const nameless = lines('POST /first HTTP/1.1', 'Content-Length: 0')
  assert.deepEqual((await all(nameless + later)).asked, [])
  assert.deepEqual((await all(slow + nameless + later)).asked, ['/slow'])
})

test('behind a stream', async () => {
  await using house = await open()
  const { promise, resolve } = Promise.withResolvers<void>()
  const bytes = exchange(house.listener.port, lines('GET /stream HTTP/1.1', 'Host: x'), {
    follow: [promise, later],
  })
  while (house.asked.length === 0) await sleep(1)
  resolve()
  assert.match((await bytes).toString(), /<\/stream>/)
  assert.deepEqual(house.asked, ['/stream'])
})

test('behind an answer that was the last when a server began to end', async () => {
  await using house = await open()
  const socket = connect(house.listener.port, '127.0.0.1').setNoDelay()
  socket.write(held)
  while (house.asked.length < 1) await sleep(1)
  const drained = house.listener.drain(3_600_000)
  socket.write(later)
  while (house.asked.length < 2) await sleep(1)
  // The answer to it waits for the one before, and has said that it is the last.
  await sleep(5)
  socket.write(lines('POST /more HTTP/1.1', 'Host: x', 'Content-Length: 0'))
  await sleep(20)
  house.release()
  assert.match(await text(socket), /<\/held>[^]*<\/later>$/)
  await drained
  assert.deepEqual(house.asked, ['/held', '/later'])
})
