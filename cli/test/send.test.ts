import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { ClavigerConnectionError } from '@claviger/sdk/errors'
import { send } from '../src/settings/send.ts'

/** Requests by Node's own client must end, fail and be bounded as those by fetch. */

async function answering(answer: RequestListener) {
  const sockets: Socket[] = []
  const server = createServer(answer).on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const clients = (address: string) => [
  createClient({ address, fetch: send, timeoutMs: 5_000 }),
  createClient({ address, timeoutMs: 5_000 }),
]

/** How a call fails by our way and by fetch. */
async function failures(address: string): Promise<ClavigerConnectionError[]> {
  return Promise.all(
    clients(address).map(async (client) => {
      const error: unknown = await client.system.health().then(
        () => assert.fail('the call was answered'),
        (rejected: unknown) => rejected,
      )
      assert.ok(error instanceof ClavigerConnectionError, String(error))
      return error
    }),
  )
}

test('a request arrives as it does by fetch', async () => {
  const seen: string[][] = []
  await using server = await answering((request, response) => {
    const {
      authorization,
      accept,
      'content-type': type,
      'content-length': length,
    } = request.headers
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      seen.push(
        [request.method, request.url, authorization, accept, type, length, body].map(String),
      )
      response.end(JSON.stringify({ bytes: 'AAAA' }))
    })
  })
  for (const fetch of [send, globalThis.fetch]) {
    const client = createClient({ address: server.address, token: 'clv_x', fetch })
    assert.deepEqual((await client.random({ length: 3 })).bytes, new Uint8Array(3))
  }
  assert.deepEqual(seen[0], seen[1])
  assert.deepEqual(seen[0]?.slice(0, 3), ['POST', '/v1/random', 'Bearer clv_x'])
  assert.equal(seen[0]?.at(-1), '{"length":3}')
})

test('one connection carries several calls', async () => {
  await using server = await answering((_request, response) => {
    response.end(JSON.stringify({ status: 'ok' }))
  })
  const [client] = clients(server.address)
  for (let calls = 0; calls < 3; calls += 1) await client?.system.health()
  assert.equal(server.sockets.length, 1)
})

test('no redirect is followed', async () => {
  const asked: string[] = []
  for (const status of [301, 302, 303, 307, 308]) {
    await using server = await answering((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(status, { location: '/elsewhere' }).end()
    })
    const [ours, theirs] = await failures(server.address)
    assert.equal(ours?.failure, 'unreachable')
    assert.equal(theirs?.failure, 'unreachable')
    assert.match(ours?.message ?? '', /\(REDIRECT\): it leads elsewhere/)
  }
  assert.ok(!asked.includes('/elsewhere'))
})

test('an answer that goes on in another protocol is an error', async () => {
  await using server = await answering(({ socket }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  })
  const [ours] = await failures(server.address)
  assert.equal(ours?.failure, 'unreachable')
  assert.match(ours?.message ?? '', /\(UPGRADE\)/)
})

test('what keeps a call from the server is named as fetch names it', async () => {
  const { address } = await answering(() => {}).then(async (server) => {
    await server[Symbol.asyncDispose]()
    return server
  })
  const places = [
    address,
    address.replace('127.0.0.1', 'localhost'),
    address.replace('http:', 'https:'),
  ]
  for (const place of places) {
    const [ours, theirs] = await failures(place)
    assert.match(ours?.message ?? '', /\(ECONNREFUSED\)/)
    assert.equal(ours?.message, theirs?.message)
  }
})

test('an answer that breaks off is an error, and so is one without end', async () => {
  await using broken = await answering((_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{')
    setImmediate(() => response.destroy())
  })
  for (const error of await failures(broken.address)) assert.equal(error.failure, 'unreachable')
  const piece = Buffer.alloc(1_048_576)
  await using endless = await answering((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', more)
    more()
  })
  const [ours] = await failures(endless.address)
  assert.equal(ours?.failure, 'not-claviger')
  assert.match(ours?.message ?? '', /too long/)
})

test('a call ends when its time is up, before an answer and in the middle of one', async () => {
  const listeners: RequestListener[] = [() => {}, (_request, response) => void response.write('{')]
  for (const listener of listeners) {
    await using server = await answering(listener)
    const client = createClient({ address: server.address, fetch: send, timeoutMs: 50 })
    const late: unknown = await client.system.health().catch((error: unknown) => error)
    assert.ok(late instanceof ClavigerConnectionError)
    assert.equal(late.failure, 'timeout')
    const patient = createClient({ address: server.address, fetch: send })
    const call = patient.system.health({}, { signal: AbortSignal.timeout(50) })
    const cancelled: unknown = await call.catch((error: unknown) => error)
    assert.ok(cancelled instanceof ClavigerConnectionError)
    assert.equal(cancelled.failure, 'cancelled')
  }
})
