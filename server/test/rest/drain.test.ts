import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { listen, type HttpDoor } from '#http'

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
