import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ClavigerApiError, createClient, watchNotices, type Notice } from '@claviger/sdk'
import { startDevServer } from './dev-server.ts'

/** Notices as the SDK and the command read them, at the real server. */

const server = await startDevServer()
after(() => server[Symbol.asyncDispose]())
const { address, token } = server
const client = createClient({ address, token })

/** The first so many notices of a watch, which ends then. */
async function first(count: number, from: AsyncIterable<Notice>): Promise<Notice[]> {
  const found: Notice[] = []
  for await (const notice of from) if (found.push(notice) === count) break
  return found
}

test('a watch gives each notice once, in order, over connections that break', async () => {
  const { id: key } = await client.key.create({ alias: 'watched' })
  let connections = 0
  // Each connection breaks after what it first carries.
  const breaking: typeof globalThis.fetch = async (...call) => {
    const response = await fetch(...call)
    if (!response.headers.get('content-type')?.includes('event-stream') || !response.body)
      return response
    connections += 1
    const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
    const once = new ReadableStream<Uint8Array>({
      async pull(controller) {
        for (;;) {
          const { value, done } = await reader.read()
          if (value !== undefined) controller.enqueue(value)
          if (done || new TextDecoder().decode(value).includes('id: ')) break
        }
        controller.close()
        await reader.cancel()
      },
    })
    return new Response(once, response)
  }
  const after = (await client.notice.list({ key, limit: 1 })).next
  const watching = first(4, watchNotices({ address, token, fetch: breaking }, { key, after }))
  await client.key.suspend({ key })
  await client.key.resume({ key })
  await client.key.rotate({ key })
  await client.key.revoke({ key, reason: 'keyCompromise' })
  const found = await watching
  assert.deepEqual(
    found.map(({ type }) => type),
    ['key.suspended', 'key.resumed', 'key.rotated', 'key.compromised'],
  )
  assert.ok(connections >= 1)
})

test('a watch ends with its signal, and where the credential is gone', async () => {
  const ending = new AbortController()
  const quiet = first(1, watchNotices({ address, token }, { signal: ending.signal }))
  ending.abort()
  assert.deepEqual(await quiet.catch(() => []), [])
  const { id } = await client.principal.create({ name: 'watcher' })
  await client.binding.create({ principal: id, role: 'auditor' })
  const made = await client.token.create({ principal: id })
  const watching = first(2, watchNotices({ address, token: made.token }))
  await client.token.revoke({ token: made.id })
  await assert.rejects(
    watching.then((found) => {
      throw new Error(`it went on: ${found.length}`)
    }),
    (error) => error instanceof ClavigerApiError && error.code === 'unauthenticated',
  )
})

test('the command shows what there was', async () => {
  const { id: key } = await client.key.create({})
  await client.key.suspend({ key })
  const { stdout, exitCode } = await server.claviger(['events', '--key', key])
  assert.equal(exitCode, 0)
  const lines = stdout.toString().trim().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as Notice).type),
    ['key.suspended'],
  )
})
