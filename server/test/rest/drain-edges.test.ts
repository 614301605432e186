import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { connect as connectEncrypted } from 'node:tls'
import { listen, PATIENCE, type HttpDoor } from '#http'
import { Authority } from '../notice/authority.ts'
import { lines } from './raw.ts'

/** The end of a listener beside the questions that it answers: readers that are slow, and those who never asked. */

/** More than the two ends of a connection hold between them, so that the rest of it waits in the server. */
const LONG = 'x'.repeat(30_000_000)
/** Longer than any test may take: who has to be cut off makes this one fail. */
const GRACE_MS = 3_600_000

const authority = new Authority()
after(() => authority[Symbol.dispose]())
const { cert: certificate, key } = authority.issue('IP:127.0.0.1')

const door: HttpDoor = {
  bodyLimit: () => 65_536,
  respond: () => Promise.resolve({ status: 200, headers: {}, body: LONG }),
  refuse: () => ({ status: 400, headers: {}, body: '' }),
}

const open = (tls?: { certificate: Buffer; key: Buffer }, patience = PATIENCE) =>
  listen({
    door,
    host: '127.0.0.1',
    port: 0,
    idPrefix: '0',
    patience,
    ...(tls === undefined ? {} : { tls }),
  })

/** How many bytes come until the other side ends. */
async function countBytes(socket: Socket): Promise<number> {
  let bytes = 0
  for await (const chunk of socket) bytes += (chunk as Buffer).length
  return bytes
}

for (const tls of [undefined, { certificate, key }]) {
  const how = tls === undefined ? '' : ', over TLS'

  test(`an answer that its reader has not taken yet is not cut off by the end${how}`, async () => {
    const listener = await open(tls)
    const to = { port: listener.port, host: '127.0.0.1' }
    const socket = tls === undefined ? connect(to) : connectEncrypted({ ...to, ca: authority.pem })
    await once(socket, tls === undefined ? 'connect' : 'secureConnect')
    socket.write(lines('GET / HTTP/1.1', 'Host: x'))
    // Its first bytes are here: the door has answered, and the listener takes the question for done.
    await once(socket, 'readable')
    const drained = listener.drain(GRACE_MS)
    assert.ok((await countBytes(socket)) > LONG.length)
    await drained
  })

  test(`who has connected and said nothing does not hold up the end${how}`, async () => {
    const listener = await open(tls)
    const silent = connect(listener.port, '127.0.0.1').on('error', () => undefined)
    await once(silent, 'connect')
    await comeLater(listener.port, tls !== undefined)
    const closed = once(silent.resume(), 'close')
    await listener.drain(GRACE_MS)
    await closed
  })
}

/** Comes and goes: whoever connected before is then known to the listener. */
async function comeLater(port: number, encrypted: boolean): Promise<void> {
  const to = { port, host: '127.0.0.1' }
  const socket = encrypted ? connectEncrypted({ ...to, ca: authority.pem }) : connect(to)
  socket.write('no request\r\n\r\n')
  await countBytes(socket)
}

test('a handshake of TLS that does not end is cut off with the grace', async () => {
  const listener = await open({ certificate, key })
  const socket = connect(listener.port, '127.0.0.1').on('error', () => undefined)
  // The beginning of a hello (RFC 8446 section 5.1).
  socket.write(Buffer.from('160301020001', 'hex'))
  await comeLater(listener.port, true)
  const closed = once(socket.resume(), 'close')
  await listener.drain(50)
  await closed
})

test('a handshake of TLS has no more time than headers have', async () => {
  const patience = { headersMs: 100, requestMs: 600, lookEveryMs: 25 }
  const listener = await open({ certificate, key }, patience)
  const socket = connect(listener.port, '127.0.0.1').on('error', () => undefined)
  socket.write(Buffer.from('160301020001', 'hex'))
  await once(socket.resume(), 'close')
  await listener.drain(0)
})
