import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { startServerProcess } from '../harness/server-process.ts'

/** Large bodies are read before anybody is authenticated, so all of them together are bounded. */

const BODY_BYTES = 16_000_000
/** One more than fits into 256 MiB. */
const CONNECTIONS = 18

function begin(port: number): { readonly socket: Socket; readonly status: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  const status = new Promise<string>((resolve) => {
    socket.once('data', (data) => resolve(data.toString('latin1').slice(9, 12)))
    socket.once('close', () => resolve('closed'))
    socket.on('error', () => resolve('closed'))
  })
  socket.write(
    `POST /v1/decrypt-batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`,
  )
  // All but the last byte: the server must hold it, and cannot answer.
  socket.write(Buffer.alloc(BODY_BYTES - 1, 0x20))
  return { socket, status }
}

test('strangers with large bodies are turned away before they fill the memory, and others are served', async () => {
  await using server = await startServerProcess()
  const port = server.port
  const strangers = Array.from({ length: CONNECTIONS }, () => begin(port))
  try {
    const first = await Promise.race(strangers.map(({ status }) => status))
    assert.equal(first, '503')
    assert.equal((await server.request('POST', '/v1/keys', {})).status, 200)
  } finally {
    for (const { socket } of strangers) socket.destroy()
  }
})
