import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { Pieces } from '../../src/doors/http/pieces.ts'
import { exchange, lines } from './raw.ts'
import { startDevelopmentServer } from './server-process.ts'

/** Bodies that come in the smallest pieces, before anybody is authenticated, take no more memory than others. */

const CONNECTIONS = 20
/** As many as a body may have bytes that is read at any address. */
const CHUNKS = 65_000
/** Mostly what the collector has not seen yet; a Buffer for each chunk takes five times as much. */
const GROWTH_BYTES_MAX = 100_000_000

function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  return pages * 4_096
}

/** Sends all of a body but its end; resolves when the system has taken it. */
async function begin(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  const head = ['POST /v1/random HTTP/1.1', 'Host: x', 'Connection: close']
  const sent = lines(...head, 'Transfer-Encoding: chunked') + '1\r\n \r\n'.repeat(CHUNKS)
  await new Promise<void>((resolve) => socket.write(sent, () => resolve()))
  return socket
}

test('a body of many small chunks takes no more memory than its bytes', async () => {
  const server = await startDevelopmentServer()
  after(() => server.close())
  const { pid } = server.process
  const before = residentBytes(pid)
  const sockets: Socket[] = []
  for (let at = 0; at < CONNECTIONS; at += 1) {
    sockets.push(await begin(server.port))
    await exchange(server.port, lines('GET /v1/health HTTP/1.1', 'Host: x', 'Connection: close'))
  }
  const growth = residentBytes(pid) - before
  for (const socket of sockets) socket.write('0\r\n\r\n')
  const answers = await Promise.all(sockets.map((socket) => text(socket)))
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 401 /)
  assert.ok(growth < GROWTH_BYTES_MAX, `${growth}`)
})

test('pieces of any lengths are the same whole', () => {
  const piece = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 5 }),
    fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (all) => {
      const pieces = new Pieces()
      for (const one of all) pieces.add(Buffer.from(one))
      assert.deepEqual(pieces.take(), Buffer.concat(all))
      // What was taken is not held.
      assert.equal(pieces.take().length, 0)
    }),
  )
})
