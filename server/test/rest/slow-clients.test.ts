import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { listen, PATIENCE } from '#http'
import { startHouse } from '../harness/house.ts'
import { assertProblem } from './problem.ts'
import { exchange, lines, parseAnswers } from './raw.ts'
import { restDoorOver } from './socket-free.ts'

/** Clients that take their time: bounded, told so, and never in anybody's way. The waits are those of the server, made short. */

const house = await startHouse()
const { door, owner } = restDoorOver(house)
const patience = { headersMs: 300, requestMs: 600, lookEveryMs: 25 }
const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000', patience })
after(async () => {
  await listener.drain(0)
  await house.close()
})
const { port } = listener
const bearer = `Authorization: Bearer ${owner.token ?? ''}`

test('the waits of a server are seconds, and headers have the shortest', () => {
  assert.ok(PATIENCE.headersMs <= 10_000)
  assert.ok(PATIENCE.headersMs < PATIENCE.requestMs)
  assert.ok(PATIENCE.requestMs <= 60_000)
  assert.ok(PATIENCE.lookEveryMs < PATIENCE.headersMs)
})

const unfinished: readonly (readonly [what: string, sent: string])[] = [
  ['headers that do not end', 'GET /v1/health HTTP/1.1\r\nHost: x\r\n'],
  ['half a request line', 'GET /v1/he'],
  [
    'a body that does not come',
    lines('POST /v1/random HTTP/1.1', 'Host: x', bearer, 'Content-Length: 20'),
  ],
  [
    'a chunk that does not come',
    lines('POST /v1/random HTTP/1.1', 'Host: x', bearer, 'Transfer-Encoding: chunked'),
  ],
]

for (const [what, sent] of unfinished) {
  test(`${what}: 408, and the connection is closed`, async () => {
    const [answer, ...more] = parseAnswers(await exchange(port, sent))
    assert.ok(answer)
    assertProblem(answer, 'request_timeout')
    assert.equal(answer.headers['connection'], 'close')
    assert.deepEqual(more, [])
  })
}

test('who says nothing at all is let go', async () => {
  const bytes = await exchange(port, '')
  for (const answer of parseAnswers(bytes)) assertProblem(answer, 'request_timeout')
})

test('a byte now and then does not buy time', async () => {
  const socket = connect({ port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  const text = `GET /v1/health HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(10_000)}`
  let at = 0
  const drip = setInterval(() => {
    if (socket.writable) socket.write(text.charAt(at))
    at += 1
  }, 20)
  await closed
  clearInterval(drip)
  assert.ok(at < text.length)
  const [answer] = parseAnswers(Buffer.concat(chunks))
  assert.ok(answer)
  assertProblem(answer, 'request_timeout')
})

test('two hundred of them keep nobody else waiting', async () => {
  const slow: Socket[] = []
  for (let at = 0; at < 200; at += 1) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.write('POST /v1/random HTTP/1.1\r\nHost: x\r\n')
    slow.push(socket)
  }
  const close = 'Connection: close'
  const good = lines('POST /v1/random HTTP/1.1', 'Host: x', bearer, close, 'Content-Length: 0')
  const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(port, good)))
  for (const bytes of answers) assert.equal(parseAnswers(bytes)[0]?.status, 200)
  for (const socket of slow) socket.destroy()
})
