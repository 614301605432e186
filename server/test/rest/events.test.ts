import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { listen } from '#http'
import { OpenStreams } from '../../src/doors/http/open-streams.ts'
import { Streams } from '../../src/doors/rest/events.ts'
import { startHouse } from '../harness/house.ts'
import { restDoorOver } from './socket-free.ts'

/** The event stream: what it tells, from where it goes on, and when it ends. */

const house = await startHouse()
const { door, owner } = restDoorOver(house)
const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000' })
after(async () => {
  await listener.drain(0)
  await house.close()
})

interface Event {
  readonly id: number
  readonly event: string
  readonly data: { readonly data: { readonly key?: string } }
}

/** A stream as it is read. */
class Reading {
  text = ''
  ended = false
  readonly response: IncomingMessage
  #woken = Promise.withResolvers<void>()

  constructor(response: IncomingMessage) {
    this.response = response
    const wake = () => {
      this.#woken.resolve()
      this.#woken = Promise.withResolvers()
    }
    response.on('data', (chunk: Buffer) => {
      this.text += chunk.toString()
      wake()
    })
    const end = () => {
      this.ended = true
      wake()
    }
    response.on('end', end)
    response.on('close', end)
    response.on('error', end)
  }

  get events(): Event[] {
    return [...this.text.matchAll(/id: (\d+)\nevent: (\S+)\ndata: (.*)\n\n/g)].map(
      ([, id, event = '', data = '']) => ({
        id: Number(id),
        event,
        data: JSON.parse(data) as Event['data'],
      }),
    )
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      assert.ok(!this.ended || holds(), `the stream ended: ${this.text}`)
      await this.#woken.promise
    }
  }
}

function open(
  query: string,
  { token = house.token, last }: { token?: string; last?: number } = {},
): Promise<Reading> {
  const { promise, resolve, reject } = Promise.withResolvers<Reading>()
  const headers = {
    authorization: `Bearer ${token}`,
    ...(last === undefined ? {} : { 'last-event-id': String(last) }),
  }
  const sent = get(
    { host: '127.0.0.1', port: listener.port, path: `/v1/events${query}`, headers, agent: false },
    (response) => resolve(new Reading(response)),
  )
  sent.on('error', reject)
  return promise
}

test('a stream tells what comes, and goes on where the one before broke off', async () => {
  const { id: key } = await owner.call('key.create', {})
  const { id: other } = await owner.call('key.create', {})
  await owner.call('key.suspend', { key })
  const all = await open('')
  const one = await open(`?key=${key}`)
  assert.equal(one.response.headers['content-type'], 'text/event-stream')
  await owner.call('key.resume', { key })
  await owner.call('key.suspend', { key: other })
  await all.until(() => all.events.length === 2)
  await one.until(() => one.events.length === 1)
  assert.deepEqual(
    one.events.map(({ event, data }) => [event, data.data.key]),
    [['key.resumed', key]],
  )
  one.response.destroy()
  await owner.call('key.rotate', { key })
  await owner.call('key.revoke', { key, acknowledge: 'all' })
  const again = await open(`?key=${key}`, { last: one.events[0]?.id ?? 0 })
  await again.until(() => again.events.length === 2)
  assert.deepEqual(
    again.events.map(({ event }) => event),
    ['key.rotated', 'key.revoked'],
  )
  for (const { id, event } of again.events)
    assert.equal((await house.entries(id))[0]?.event.split('.')[0], event.split('.')[0])
  for (const reading of [all, again]) reading.response.destroy()
})

test('who may not any more is told so, and the stream ends', async () => {
  const { id: key } = await owner.call('key.create', {})
  const revoked = await house.createUser('key-user')
  const unbound = await house.createUser('key-user')
  const readings = [
    [await open(`?key=${key}`, revoked), 'unauthenticated'],
    [await open(`?key=${key}`, unbound), 'forbidden'],
  ] as const
  await owner.call('token.revoke', { token: revoked.tokenId })
  await owner.call('binding.delete', { binding: unbound.binding ?? '' })
  await owner.call('key.suspend', { key })
  for (const [reading, code] of readings) {
    await reading.until(() => reading.ended)
    assert.deepEqual(reading.events, [])
    assert.match(reading.text, new RegExp(`event: end\\ndata: {"code":"${code}"}\\n\\n$`))
  }
})

test('who answers for a dependent reads its stream without any role, and no other', async () => {
  const { id: key } = await owner.call('key.create', {})
  const service = await house.createUser()
  const input = { key, name: 'shop', owner: service.id }
  const { id: dependent } = await owner.call('dependent.create', input)
  const reading = await open(`?dependent=${dependent}`, service)
  await owner.call('key.suspend', { key })
  await reading.until(() => reading.events.length === 1)
  reading.response.destroy()
  for (const query of ['', `?key=${key}`]) {
    const refused = await open(query, service)
    assert.equal(refused.response.statusCode, 403)
  }
  for (const query of ['?after=x', '?after=-1', '?what=x', `?key=${'x'.repeat(321)}`, '?key='])
    assert.equal((await open(query)).response.statusCode, 400, query)
})

test('one principal has so many streams, and gets another when one is gone', async () => {
  const { token } = await house.createUser('auditor')
  const readings = []
  for (let at = 0; at < 16; at += 1) readings.push(await open('', { token }))
  const refused = await open('', { token })
  assert.equal(refused.response.statusCode, 429)
  for (const reading of readings) reading.response.destroy()
  for (;;) {
    const next = await open('', { token })
    next.response.destroy()
    if (next.response.statusCode === 200) return
  }
})

test('one tenant has so many streams, whoever of it, and leaves places for others', () => {
  const streams = new Streams()
  const taken: (() => void)[] = []
  for (let at = 0; at < 64; at += 1)
    taken.push(streams.take({ tenant: 'a', principal: `p${at % 8}` }))
  const one = { tenant: 'a', principal: 'fresh' }
  assert.throws(() => streams.take(one), { code: 'too_many_requests' })
  for (const tenant of ['b', 'c', 'd'])
    for (let at = 0; at < 64; at += 1) taken.push(streams.take({ tenant, principal: `p${at}` }))
  assert.throws(() => streams.take({ tenant: 'e', principal: 'p' }), { code: 'too_many_requests' })
  taken.pop()?.()
  assert.throws(() => streams.take(one), { code: 'too_many_requests' })
  taken.shift()?.()
  streams.take(one)
})

test('a tenant whose places are taken is refused, and another is served', async () => {
  const readings: Reading[] = []
  for (let at = 0; at < 4; at += 1) {
    const { token } = await house.createUser('auditor')
    while (readings.length < 16 * (at + 1)) {
      const reading = await open('', { token })
      // Streams that other tests have left may still be counted.
      if (reading.response.statusCode === 200) readings.push(reading)
      else reading.response.destroy()
    }
  }
  assert.equal((await open('')).response.statusCode, 429)
  const { token } = await owner.call('tenant.create', { name: 'other' })
  const served = await open('', { token })
  assert.equal(served.response.statusCode, 200)
  for (const { response } of [...readings, served]) response.destroy()
})

/** A server whose every answer is a stream, and its port. */
async function serving(streams: OpenStreams, stream: Parameters<OpenStreams['write']>[2]) {
  const ended = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    const answer = { status: 200, headers: {}, body: '' }
    const write = () => streams.write(response, answer, stream).then(ended.resolve)
    if (request.url === '/late') response.on('close', () => void write())
    else void write()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, ended: ended.promise, close: () => server.close() }
}

test('a reader that left before its answer holds no place', async () => {
  let released = 0
  // Longer than any test: what waited for it would not end.
  const server = await serving(new OpenStreams(3_600_000), async function* once() {
    try {
      for (;;) yield await Promise.resolve('x'.repeat(65_536))
    } finally {
      released += 1
    }
  })
  const leaving = get({ host: '127.0.0.1', port: server.port, path: '/late', agent: false })
  leaving.on('error', () => undefined)
  leaving.on('socket', (socket) =>
    socket.on('connect', () => setImmediate(() => leaving.destroy())),
  )
  await server.ended
  assert.equal(released, 1)
  server.close()
})

test('a slow reader makes the stream wait, and leaves nothing behind each time', async () => {
  let most = 0
  const server = await serving(new OpenStreams(3_600_000), async function* many(gone) {
    for (let at = 0; at < 400; at += 1) {
      yield await Promise.resolve('x'.repeat(65_536))
      most = Math.max(most, getEventListeners(gone, 'abort').length)
    }
  })
  let bytes = 0
  const reading = get({ host: '127.0.0.1', port: server.port, agent: false }, (response) =>
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      response.pause()
      setImmediate(() => response.resume())
    }),
  )
  reading.on('error', () => undefined)
  await server.ended
  assert.ok(most <= 1, `${most} listeners`)
  reading.destroy()
  server.close()
  assert.ok(bytes > 0)
})

test('a reader that does not read is cut off, and a server that stops ends its streams', async () => {
  const streams = new OpenStreams(50)
  const cut = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    const answer = { status: 200, headers: {}, body: '' }
    void streams.write(response, answer, async function* endless(gone) {
      while (!gone.aborted) yield await Promise.resolve('x'.repeat(65_536))
    })
    response.on('close', () => cut.resolve())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const slow = get({ host: '127.0.0.1', port, agent: false }, (response) => response.pause())
  slow.on('error', () => undefined)
  await cut.promise
  slow.destroy()
  server.close()
  const { door: another } = restDoorOver(house)
  const stopping = await listen({ door: another, host: '127.0.0.1', port: 0, idPrefix: '00000001' })
  const headers = { authorization: `Bearer ${house.token}` }
  const path = '/v1/events'
  const held = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port: stopping.port, path, headers }, resolve)
    sent.on('error', reject)
  })
  const ended = new Promise((resolve) => held.on('close', resolve))
  held.resume()
  await stopping.drain(60_000)
  await ended
})
