import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { operations, type OperationName } from '@claviger/contract'
import {
  ClavigerApiError,
  ClavigerConnectionError,
  ClavigerInputError,
  createClient,
  type Claviger,
} from '@claviger/sdk'

const token = 'clv_secret-token-of-the-test'

/** A listener on loopback that answers as told: what is tested here is how the client reads bytes, good and bad. */
async function answering(
  listener: RequestListener,
): Promise<{ address: string } & AsyncDisposable> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function json(status: number, body: unknown, type = 'application/json'): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
  }
}

async function failure(run: () => Promise<unknown>): Promise<Error> {
  try {
    await run()
  } catch (error) {
    assert.ok(error instanceof Error)
    return error
  }
  return assert.fail('it should have been refused')
}

test('every operation is a method, by the name of its row', () => {
  const client = createClient({ address: 'http://127.0.0.1:8300' })
  for (const name of Object.keys(operations) as OperationName[]) {
    const method = name
      .split('.')
      .reduce<unknown>((place, word) => (place as Record<string, unknown>)[word], client)
    assert.equal(typeof method, 'function', name)
  }
})

test('an answer is decoded: bytes are bytes, times are numbers, and the token travels as a bearer', async () => {
  const seen: (string | undefined)[] = []
  await using server = await answering((request, response) => {
    seen.push(`${request.method} ${request.url}`, request.headers.authorization)
    response.end(
      JSON.stringify({
        ciphertext: 'wQE=',
        key: '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11',
        version: 3,
      }),
    )
  })
  const client = createClient({ address: `${server.address}/`, token })
  const { ciphertext, version } = await client.encrypt({ key: 'app', plaintext: Buffer.from('hi') })
  assert.deepEqual(Buffer.from(ciphertext), Buffer.from([0xc1, 1]))
  assert.equal(version, 3)
  assert.deepEqual(seen, ['POST /v1/keys/app/encrypt', `Bearer ${token}`])
})

test('a raw answer comes back as its bytes', async () => {
  await using server = await answering((_request, response) =>
    response.end(Buffer.from([0, 255, 10])),
  )
  const { body } = await createClient({ address: server.address }).ledger.tile({ path: '0/000' })
  assert.deepEqual(Buffer.from(body), Buffer.from([0, 255, 10]))
})

test('a field that a newer server adds is left out, and one that is missing is an error', async () => {
  await using newer = await answering(json(200, { status: 'ok', mood: 'fine' }))
  assert.deepEqual(await createClient({ address: newer.address }).system.health(), { status: 'ok' })
  await using wrong = await answering(json(200, { mood: 'fine' }))
  const error = await failure(() => createClient({ address: wrong.address }).system.health())
  assert.ok(error instanceof ClavigerConnectionError)
  assert.equal(error.failure, 'not-claviger')
})

test('problem details become a ClavigerApiError with all they say', async () => {
  const problem = {
    type: 'about:blank',
    title: 'T',
    status: 400,
    code: 'invalid_request',
    detail: 'bad',
    request: 'r-1',
    field: 'plaintext',
  }
  await using server = await answering(json(400, problem, 'application/problem+json'))
  const error = await failure(() => createClient({ address: server.address, token }).key.list())
  assert.ok(error instanceof ClavigerApiError)
  const { code, status, detail, requestId, field } = error
  assert.deepEqual(
    { code, status, detail, requestId, field },
    { code: 'invalid_request', status: 400, detail: 'bad', requestId: 'r-1', field: 'plaintext' },
  )
})

test('a demand for a fresh proof, or for approvers, comes with its error', async () => {
  const demand = async (body: object) => {
    await using server = await answering(
      json(403, { detail: 'no', request: 'r-1', ...body }, 'application/problem+json'),
    )
    const error = await failure(() => createClient({ address: server.address, token }).key.list())
    assert.ok(error instanceof ClavigerApiError)
    return { stepUp: error.stepUp, approval: error.approval }
  }
  const stepUp = { factors: ['totp', 'passkey'], maxAgeSeconds: 300, bound: false }
  const approval = { policy: '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11', approvals: 2 }
  const none = { stepUp: undefined, approval: undefined }
  assert.deepEqual(await demand({ code: 'step_up_required', stepUp }), { ...none, stepUp })
  assert.deepEqual(await demand({ code: 'approval_required', approval }), { ...none, approval })
  // Only with its own code, and never half of one.
  assert.deepEqual(await demand({ code: 'forbidden', stepUp, approval }), none)
  assert.deepEqual(await demand({ code: 'step_up_required', stepUp: { factors: 'all' } }), none)
})

test('an approval and a proof travel as headers of the one call', async () => {
  const seen: (string | undefined)[][] = []
  await using server = await answering((request, response) => {
    const { 'claviger-approval': approval, 'claviger-step-up': stepUp } = request.headers
    seen.push([approval, stepUp].map((value) => value?.toString()))
    response.end(JSON.stringify({ status: 'ok' }))
  })
  const client = createClient({ address: server.address, token })
  const [approval, stepUp] = [crypto.randomUUID(), crypto.randomUUID()]
  await client.system.health({}, { approval, stepUp })
  await client.system.health({}, { stepUp })
  await client.system.health()
  assert.deepEqual(seen, [
    [approval, stepUp],
    [undefined, stepUp],
    [undefined, undefined],
  ])
  for (const wrong of ['', 'x', `${approval}\r\nx: y`, approval.toUpperCase()]) {
    const error = await failure(() => client.system.health({}, { approval: wrong }))
    assert.ok(error instanceof ClavigerInputError)
    assert.equal(error.field, 'approval')
  }
  assert.equal(seen.length, 3)
})

test('what is not Claviger is said to be so, with the address and without the token', async () => {
  const strangers: RequestListener[] = [
    (_request, response) => response.writeHead(502).end('<html>Bad Gateway</html>'),
    (_request, response) => response.end('hello'),
    (_request, response) => response.end(Buffer.from([0xff, 0xfe])),
    (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    json(500, { code: 'a_code_of_the_future', detail: token }),
    json(400, { code: 'constructor', detail: 'x' }),
    json(400, []),
  ]
  for (const stranger of strangers) {
    await using server = await answering(stranger)
    const error = await failure(() => createClient({ address: server.address, token }).key.list())
    assert.ok(error instanceof ClavigerConnectionError)
    assert.ok(error.message.includes(server.address), error.message)
    assert.ok(!error.message.includes(token))
  }
})

test('where nothing listens, the error names the address and what to try', async () => {
  const { address } = await answering(() => {}).then(async (server) => {
    await server[Symbol.asyncDispose]()
    return server
  })
  const error = await failure(() => createClient({ address, token }).key.list())
  assert.ok(error instanceof ClavigerConnectionError)
  assert.equal(error.failure, 'unreachable')
  assert.match(error.message, /ECONNREFUSED.*is the server running/)
  assert.ok(error.message.includes(address) && !error.message.includes(token))
})

test('a call ends when its time is up or its signal says so', async () => {
  await using server = await answering(() => {})
  const late = await failure(() =>
    createClient({ address: server.address, timeoutMs: 20 }).system.health(),
  )
  assert.ok(late instanceof ClavigerConnectionError)
  assert.equal(late.failure, 'timeout')
  const client = createClient({ address: server.address })
  const cancelled = await failure(() =>
    client.system.health({}, { signal: AbortSignal.timeout(20) }),
  )
  assert.ok(cancelled instanceof ClavigerConnectionError)
  assert.equal(cancelled.failure, 'cancelled')
})

test('addresses and tokens that cannot be right are refused before anything is sent', () => {
  const cases = [
    { address: 'kms.example' },
    { address: 'ftp://kms.example' },
    { address: 'https://user:secret@kms.example' },
    { address: 'https://kms.example/?a=b' },
    { address: 'http://kms.example:8300', token },
    { address: 'http://127.0.0.1.example', token },
    { address: 'https://kms.example', token: 'two words' },
    { address: 'https://kms.example', token: 'line\nbreak' },
    { address: 'https://kms.example', token: '' },
  ]
  for (const options of cases) {
    assert.throws(
      () => createClient(options),
      (error: unknown) => {
        assert.ok(error instanceof ClavigerInputError)
        assert.ok(!error.message.includes('secret'), error.message)
        return true
      },
    )
  }
  createClient({ address: 'http://kms.example:8300', token, insecurePlainHttp: true })
  for (const address of [
    'http://localhost:1',
    'http://[::1]:1',
    'http://127.3.2.1',
    'https://kms.example/x',
  ]) {
    createClient({ address, token })
  }
})

/** Types are tested by compiling: each line stands for what a caller writes, and `@ts-expect-error` for what must not compile. */
export async function typesOf(client: Claviger): Promise<void> {
  const key = await client.key.create({ algorithm: 'AES-256-GCM' })
  key.id satisfies string
  key.usage satisfies 'encrypt' | 'sign' | 'mac' | 'agree' | 'encapsulate'
  key.createdAt satisfies number
  const { ciphertext } = await client.encrypt({ key: key.id, plaintext: new Uint8Array(1) })
  ciphertext satisfies Uint8Array
  await client.key.create()
  await client.system.status()
  await client.binding.create({ role: 'owner', principal: key.owner })
  // @ts-expect-error a key needs its plaintext
  await client.encrypt({ key: key.id })
  // @ts-expect-error bytes are bytes
  await client.encrypt({ key: key.id, plaintext: 'aGk=' })
  // @ts-expect-error there is no such field
  await client.key.create({ algorythm: 'AES-256-GCM' })
  // @ts-expect-error there is no such role
  await client.binding.create({ role: 'emperor', principal: key.owner })
  // @ts-expect-error it cannot be called without saying which
  await client.key.get()
  // @ts-expect-error there is no such operation
  void client.key.melt
}
