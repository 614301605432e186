import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { listen, type HttpDoor, type Listener } from '#http'
import { lines } from './raw.ts'

/** What cannot be read, behind a question that is being answered: that answer leaves whole, and the connection ends after it. */

const LONG = 'x'.repeat(100_000)

/** A door that answers when it is told to. */
class Held implements AsyncDisposable {
  readonly #answers: (() => void)[] = []
  readonly #reached: (() => void)[] = []
  readonly refused: string[] = []
  listener!: Listener

  readonly door: HttpDoor = {
    bodyLimit: () => 65_536,
    respond: async ({ path }) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#answers.push(resolve)
      this.#reached.shift()?.()
      await promise
      return { status: 200, headers: {}, body: `${path} ${LONG}` }
    },
    refuse: (code) => {
      this.refused.push(code)
      return { status: 400, headers: {}, body: 'refused' }
    },
  }

  static async start(): Promise<Held> {
    const held = new Held()
    held.listener = await listen({ door: held.door, host: '127.0.0.1', port: 0, idPrefix: '0' })
    return held
  }

  /** Resolves when one more question has come to the door. */
  reached(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#reached.push(resolve)
    return promise
  }

  answer(): void {
    this.#answers.shift()?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener.drain(0)
  }
}

/** Everything that comes until the other side ends. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function bodies(text: string): string[] {
  return text
    .split('HTTP/1.1 ')
    .slice(1)
    .map((one) => one.slice(one.indexOf('\r\n\r\n') + 4))
}

const question = (path: string) => lines(`GET ${path} HTTP/1.1`, 'Host: x')
const unfinished = ['POST /c HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked', '', 'zz', ''].join(
  '\r\n',
)

for (const [what, behind] of [
  ['no request', 'no request\r\n\r\n'],
  ['a body that breaks', unfinished],
] as const) {
  test(`${what} behind one question, and behind two, that are being answered`, async () => {
    for (const paths of [['/a'], ['/a', '/b']]) {
      await using held = await Held.start()
      const socket = connect(held.listener.port, '127.0.0.1')
      const read = readAll(socket)
      const reached = paths.map(() => held.reached())
      // In one piece, so that what cannot be read is found before any answer.
      socket.write(paths.map(question).join('') + behind)
      await Promise.all(reached)
      for (const _ of paths) held.answer()
      assert.deepEqual(
        bodies(await read),
        paths.map((path) => `${path} ${LONG}`),
      )
      assert.deepEqual(held.refused, [])
    }
  })

  test(`${what} where nothing is being answered`, async () => {
    await using held = await Held.start()
    const socket = connect(held.listener.port, '127.0.0.1')
    const read = readAll(socket)
    socket.write(behind)
    assert.deepEqual(bodies(await read), ['refused'])
  })
}
