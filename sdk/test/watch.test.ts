import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Answer, Fetch } from '../src/call/index.ts'
import { watchNotices } from '../src/index.ts'

/** How a watch notices that nobody is there any more. The clock is a made one. */

const SILENCE_MS = 45_000

const never = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')))
  })

async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(': here\n\n')
  await never(signal)
}

const servers: readonly (readonly [string, (signal: AbortSignal) => Promise<Answer>])[] = [
  ['takes a connection and answers nothing', never],
  [
    'says nothing any more',
    (signal) =>
      Promise.resolve({ ok: true, status: 200, headers: new Headers(), body: silence(signal) }),
  ],
]

for (const [name, answer] of servers) {
  test(`a connection is given up whose server ${name}`, async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const stop = new AbortController()
      const { promise: asked, resolve } = Promise.withResolvers<void>()
      const fetch: Fetch = (_url, { signal }) => {
        // The watch would connect again; this one has seen enough.
        signal.addEventListener('abort', () => stop.abort())
        resolve()
        return answer(signal)
      }
      const options = { address: 'http://127.0.0.1:1', token: 'clv_x', fetch }
      const watching = watchNotices(options, { after: 0, signal: stop.signal }).next()
      await asked
      // What was said before the silence is read.
      for (let turns = 0; turns < 10; turns += 1) await turn()
      mock.timers.tick(SILENCE_MS - 1)
      assert.equal(stop.signal.aborted, false)
      mock.timers.tick(1)
      assert.equal(stop.signal.aborted, true)
      assert.equal((await watching).done, true)
    } finally {
      mock.timers.reset()
    }
  })
}
