import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen, type HttpDoor } from '#http'

/** Short bodies are taken from the parser as they come, past node:http's stream: however they come, and whatever becomes of them. */

const head = (length: number, ...more: string[]) =>
  ['POST /a HTTP/1.1', 'Host: x', `Content-Length: ${length}`, ...more, '', ''].join('\r\n')

/** A door that says what it was sent, when `answered` lets it. */
async function open(answered: () => Promise<void> = () => Promise.resolve()) {
  const asked: string[] = []
  const door: HttpDoor = {
    bodyLimit: () => 65_536,
    async respond({ body }) {
      asked.push(Buffer.from(body).toString())
      await answered()
      return { status: 200, headers: {}, body: `<${Buffer.from(body).toString()}>` }
    },
    refuse: (code) => ({ status: 400, headers: {}, body: code }),
  }
  const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '0' })
  return {
    asked,
    connect: () => connect(listener.port, '127.0.0.1').setNoDelay(),
    [Symbol.asyncDispose]: () => listener.drain(100),
  }
}

/** What comes until so many answers have. */
async function answers(socket: Socket, count: number): Promise<string[]> {
  let told = ''
  socket.setEncoding('utf8').on('data', (part: string) => (told += part))
  while ([...told.matchAll(/<\w*>/g)].length < count) await sleep(1)
  return [...told.matchAll(/<\w*>/g)].map(([body]) => body)
}

test('a body in pieces, after its headers and with them', async () => {
  await using house = await open()
  const socket = house.connect()
  for (const piece of [head(6), 'a', 'bc', 'def', `${head(4)}gh`, 'ij', head(2), 'kl']) {
    socket.write(piece)
    await sleep(5)
  }
  assert.deepEqual(await answers(socket, 3), ['<abcdef>', '<ghij>', '<kl>'])
  socket.destroy()
})

test('several at once, with and without bodies, are answered in their order', async () => {
  await using house = await open()
  const socket = house.connect()
  const without = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
  const chunked = `${head(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked')}2\r\nef\r\n1\r\ng\r\n0\r\n\r\n`
  socket.write(`${head(2)}ab${without}${head(0)}${chunked}${head(3)}hij`)
  assert.deepEqual(await answers(socket, 5), ['<ab>', '<>', '<>', '<efg>', '<hij>'])
  socket.destroy()
})

test('whoever asks before sending the body is told to go on', async () => {
  await using house = await open()
  const socket = house.connect()
  socket.write(head(2, 'Expect: 100-continue'))
  const [first] = (await new Promise((resolve) =>
    socket.once('data', (bytes) => resolve([bytes.toString()])),
  )) as [string]
  assert.match(first, /^HTTP\/1\.1 100 /)
  assert.deepEqual(house.asked, [])
  socket.write('ab')
  assert.deepEqual(await answers(socket, 1), ['<ab>'])
  socket.destroy()
})

test('half a body is never answered, and its connection is let go', async () => {
  await using house = await open()
  const ended = house.connect()
  ended.end(`${head(4)}ab`)
  await text(ended)
  const reset = house.connect()
  reset.write(`${head(4)}ab`)
  await sleep(20)
  reset.resetAndDestroy()
  await sleep(20)
  assert.deepEqual(house.asked, [])
})

test('who leaves while being answered takes nobody along', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await using house = await open(() => promise)
  const left = house.connect()
  left.write(`${head(2)}ab`)
  const reset = house.connect()
  reset.write(`${head(2)}cd${head(2)}ef`)
  const stays = house.connect()
  stays.write(`${head(2)}gh`)
  while (house.asked.length < 4) await sleep(1)
  left.destroy()
  reset.resetAndDestroy()
  await sleep(20)
  resolve()
  assert.deepEqual(await answers(stays, 1), ['<gh>'])
  stays.write(`${head(2)}ij`)
  assert.deepEqual(await answers(stays, 1), ['<ij>'])
  stays.destroy()
})
