import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { operations } from '@claviger/contract'
import { datakey, encrypt } from '@claviger/contract/operations/encryption'
import { createClient, describeCall } from '@claviger/sdk'
import { createCaller, describeRequest, type Caller } from '@claviger/sdk/call'
import { ClavigerInputError } from '@claviger/sdk/errors'

/** Calls from single rows are the calls of the client. */

const key = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'

/** A listener on loopback that answers each request with a data key, and keeps what was asked. */
async function answering() {
  const seen: unknown[] = []
  const answer = { plaintext: 'AAAA'.repeat(8), ciphertext: 'AAAA', key, version: 1 }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      seen.push({ method, url, headers, body })
      response.end(JSON.stringify(answer))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a row is called as its method of the client is', async () => {
  assert.equal(datakey, operations.datakey, 'it is the row of the table')
  await using server = await answering()
  const { address, seen } = server
  const options = { address, token: 'clv_x' }
  const proof = { approval: crypto.randomUUID(), stepUp: crypto.randomUUID() }
  const byRow = await createCaller(options)(datakey, { key: 'app', bytes: 24 }, proof)
  const byName = await createClient(options).datakey({ key: 'app', bytes: 24 }, proof)
  assert.deepEqual(byRow, byName)
  assert.deepEqual(byRow.plaintext, new Uint8Array(24))
  assert.equal(seen.length, 2)
  assert.deepEqual(seen[0], seen[1])
})

test('a request is described alike from a row and by a name', () => {
  const address = 'https://kms.example'
  const input = { key: 'app', plaintext: new Uint8Array(3), context: { a: 'b' } }
  assert.deepEqual(
    describeRequest(encrypt, input, address),
    describeCall('encrypt', input, address),
  )
})

test('what cannot be right is refused before anything is sent', async () => {
  await using server = await answering()
  const { address, seen } = server
  assert.throws(() => createCaller({ address: 'kms.example' }), ClavigerInputError)
  assert.throws(() => createCaller({ address, token: 'two words' }), ClavigerInputError)
  const call = createCaller({ address })
  await assert.rejects(call(datakey, { key: 'app', bytes: 1 }), ClavigerInputError)
  assert.deepEqual(seen, [])
})

/** Types are tested by compiling: each line stands for what a caller writes, and `@ts-expect-error` for what must not compile. */
export async function typesOf(call: Caller): Promise<void> {
  const { ciphertext, version } = await call(encrypt, { key, plaintext: new Uint8Array(1) })
  ciphertext satisfies Uint8Array
  version satisfies number
  const made = await call(datakey, { key })
  made.plaintext satisfies Uint8Array | undefined
  // @ts-expect-error a data key comes without a plaintext where that is asked for
  made.plaintext satisfies Uint8Array
  // @ts-expect-error a message needs its plaintext
  await call(encrypt, { key })
  // @ts-expect-error bytes are bytes
  await call(encrypt, { key, plaintext: 'aGk=' })
  // @ts-expect-error there is no such field
  await call(datakey, { key, length: 32 })
}
