import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { listen, type HttpDoor } from '#http'
import { exchange, lines, parseAnswers } from './raw.ts'

/** Longer than any test may take: who has to be cut off makes this one fail. */
const GRACE_MS = 3_600_000

test('drain ends when the last answer has left, also on a connection that is kept', async () => {
  const reached = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const door: HttpDoor = {
    bodyLimit: () => 65_536,
    async respond() {
      reached.resolve()
      await held.promise
      return { status: 200, headers: {}, body: 'x' }
    },
    refuse: () => ({ status: 400, headers: {}, body: '' }),
  }
  const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000' })
  const agent = new Agent({ keepAlive: true })
  const answered = new Promise<number | undefined>((resolve) => {
    request({ port: listener.port, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    }).end()
  })
  await reached.promise
  const drained = listener.drain(GRACE_MS)
  held.resolve()
  assert.equal(await answered, 200)
  await drained
  agent.destroy()
})

test('what was asked before its client could know of the drain is answered, and told that it was the last', async () => {
  const door: HttpDoor = {
    bodyLimit: () => 65_536,
    respond: async () => ({ status: 200, headers: {}, body: 'x' }),
    refuse: () => ({ status: 400, headers: {}, body: '' }),
  }
  const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000' })
  const agent = new Agent({ keepAlive: true })
  const ask = () =>
    new Promise<string | undefined>((resolve, reject) => {
      request({ port: listener.port, agent }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.headers.connection))
      })
        .on('error', reject)
        .end()
    })
  assert.equal(await ask(), 'keep-alive')
  const drained = listener.drain(GRACE_MS)
  assert.equal(await ask(), 'close')
  await drained
})

test('of answers that are under way on one connection, the last one ends it', async () => {
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  let asked = 0
  const door: HttpDoor = {
    bodyLimit: () => 65_536,
    async respond({ path }) {
      asked += 1
      if (asked === 2) reached.resolve()
      await held.promise
      return { status: 200, headers: {}, body: path }
    },
    refuse: () => ({ status: 400, headers: {}, body: '' }),
  }
  const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000' })
  const got = exchange(
    listener.port,
    ['/a', '/b'].map((path) => lines(`GET ${path} HTTP/1.1`, 'Host: here')).join(''),
  )
  await reached.promise
  const drained = listener.drain(GRACE_MS)
  held.resolve()
  const answers = parseAnswers(await got)
  await drained
  assert.deepEqual(
    answers.map(({ body, headers }) => [String(body), headers['connection']]),
    [
      ['/a', 'keep-alive'],
      ['/b', 'close'],
    ],
  )
})
