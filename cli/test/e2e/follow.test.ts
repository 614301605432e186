import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as forward, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { bin, startDevServer } from './dev-server.ts'

/** `events --follow` as a process of its own: over connections that break, to the end of the right to read, and until somebody stops it. */

const server = await startDevServer()
after(() => server[Symbol.asyncDispose]())
const client = createClient({ address: server.address, token: server.token })

/** Stands before the server, sees where each stream is to go on, and can break them. */
async function startProxy() {
  const asked: (string | undefined)[] = []
  const streams = new Set<IncomingMessage>()
  const proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const isStream = url?.startsWith('/v1/events') === true
    const sent = forward(new URL(url ?? '/', server.address), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      if (isStream) streams.add(answer)
      answer.on('error', () => outgoing.destroy())
      answer.pipe(outgoing)
    })
    sent.on('error', () => outgoing.destroy())
    if (isStream) asked.push(headers['last-event-id']?.toString())
    incoming.pipe(sent)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    /** As a network does that goes away. */
    breakStreams() {
      for (const stream of streams) stream.destroy(new Error('broken'))
      streams.clear()
    },
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}

interface Line {
  readonly type: string
  readonly data: { readonly notice: number }
}

/** The command that follows, and what it has written. */
class Follower {
  stderr = ''
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>
  readonly #child
  #text = ''
  #woken = Promise.withResolvers<void>()

  constructor(given: readonly string[], environment: Record<string, string> = {}) {
    const env = { ...server.environment, ...environment }
    this.#child = spawn(bin, ['events', '--follow', ...given], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString()
      this.#woken.resolve()
      this.#woken = Promise.withResolvers()
    })
    this.#child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    this.ended = once(this.#child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
    void this.ended.then(() => this.#woken.resolve())
  }

  get lines(): Line[] {
    return this.#text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  }

  get types(): string[] {
    return this.lines.map(({ type }) => type)
  }

  async has(count: number): Promise<void> {
    while (this.lines.length < count) {
      assert.equal(this.#child.exitCode, null, this.stderr)
      await this.#woken.promise
    }
  }

  /** As Ctrl-C does in a terminal. */
  interrupt(): void {
    this.#child.kill('SIGINT')
  }
}

/** A key, and the notice after which everything is told. */
async function watchedKey() {
  const { id: key } = await client.key.create({})
  return { key, from: (await client.notice.list({ key, limit: 1 })).next }
}

test('it goes on after the last notice where a connection broke, and Ctrl-C ends it as it ends everything', async () => {
  await using proxy = await startProxy()
  const { key, from } = await watchedKey()
  const follower = new Follower(['--key', key, '--after', String(from)], {
    CLAVIGER_ADDR: proxy.address,
  })
  await client.key.suspend({ key })
  await follower.has(1)
  proxy.breakStreams()
  // What happens while nobody listens is not lost.
  await client.key.resume({ key })
  await client.key.rotate({ key })
  await follower.has(3)
  assert.deepEqual(follower.types, ['key.suspended', 'key.resumed', 'key.rotated'])
  const [first] = follower.lines
  assert.deepEqual(proxy.asked, [String(from), String(first?.data.notice)])
  follower.interrupt()
  // By the signal itself, which a shell shows as 130.
  assert.deepEqual(await follower.ended, [null, 'SIGINT'])
  assert.equal(follower.stderr, '')
  assert.equal(follower.lines.length, 3, 'each line is whole, and there is none twice')
})

test('it ends with the right to read, and its exit code says which', async () => {
  const { key, from } = await watchedKey()
  const reader = async (name: string) => {
    const { id: principal } = await client.principal.create({ name })
    const { id: binding } = await client.binding.create({ principal, role: 'auditor' })
    const { id, token } = await client.token.create({ principal })
    const given = ['--key', key, '--after', String(from)]
    return { id, binding, follower: new Follower(given, { CLAVIGER_TOKEN: token }) }
  }
  const [revoked, unbound] = [await reader('revoked'), await reader('unbound')]
  await client.key.suspend({ key })
  await Promise.all([revoked.follower.has(1), unbound.follower.has(1)])
  await client.token.revoke({ token: revoked.id })
  await client.binding.delete({ binding: unbound.binding })
  await client.key.resume({ key })
  for (const [{ follower }, exitCode] of [
    [revoked, 3],
    [unbound, 4],
  ] as const) {
    assert.deepEqual(await follower.ended, [exitCode, null], follower.stderr)
    assert.match(
      follower.stderr,
      /^claviger: The stream ended: the credential may not read it any more/,
    )
    assert.deepEqual(follower.types, ['key.suspended'], 'what came after is not told')
  }
})

test('a key that is not there, and an index that is none, are said at once', async () => {
  const missing = new Follower(['--key', 'no-such-key'])
  assert.deepEqual(await missing.ended, [5, null], missing.stderr)
  const wrong = new Follower(['--after', 'x'])
  assert.deepEqual(await wrong.ended, [2, null])
  assert.match(wrong.stderr, /--after takes the index of a notice/)
})
