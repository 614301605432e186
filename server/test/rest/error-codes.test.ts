import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { errorCodes, type ErrorCode } from '@claviger/contract'
import { pino } from 'pino'
import { runSelfTests, selfTests } from '#crypto'
import { listen } from '#http'
import { systemClock } from '#model'
import { openSqliteStore, type Store } from '#store'
import { compose } from '../../src/compose.ts'
import { prove } from '../access/person.ts'
import { PUBLIC_URL, startHouse } from '../harness/house.ts'
import { storeWith } from '../harness/store-with.ts'
import { base64, type Client } from './client.ts'
import { hire, newcomer } from './house.ts'
import { assertProblem, type Answer } from './problem.ts'
import { exchange, lines, parseAnswers } from './raw.ts'
import { restDoorOver } from './socket-free.ts'

/** Every error of the contract, and a way to meet it through REST. A new code has no row, and the last test says so. */

/** What stands between the house and its store, while a test breaks it. */
let broken: Partial<Store> = {}
let real: Store | undefined

const house = await startHouse({
  wrapStore: (store) => {
    real = store
    return new Proxy(store, {
      get: (target, name) => Reflect.get(storeWith(target, broken), name) as unknown,
    })
  },
})
const { door, owner, failures } = restDoorOver(house)
const patience = { headersMs: 300, requestMs: 600, lookEveryMs: 25 }
const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000', patience })
after(async () => {
  await listener.drain(0)
  // The last checkpoint cannot be signed any more: all cryptography is refused by then.
  await assert.rejects(house.close(), { code: 'crypto_unavailable' })
  await real?.close()
})
const { id: key } = await owner.call('key.create', {})
const { id: signing } = await owner.call('key.create', { algorithm: 'P-256' })
const plaintext = base64('x')

async function whileBroken(how: Partial<Store>, sent: () => Promise<Answer>): Promise<Answer> {
  broken = how
  try {
    return await sent()
  } finally {
    broken = {}
  }
}

async function raw(sent: string): Promise<Answer> {
  const [answer] = parseAnswers(await exchange(listener.port, sent))
  assert.ok(answer)
  return answer
}

function post(path: string, body: object, client: Client = owner): Promise<Answer> {
  return client.send({ method: 'POST', path, body: JSON.stringify(body) })
}

function get(path: string, client: Client = owner): Promise<Answer> {
  return client.send({ method: 'GET', path })
}

const ways: Readonly<Record<ErrorCode, () => Promise<Answer>>> = {
  invalid_request: () => post('/v1/random', { length: 0 }),
  wrong_usage: () => post(`/v1/keys/${signing}/encrypt`, { plaintext }),
  algorithm_refused: () => post('/v1/keys', { algorithm: '3DES' }),
  invalid_ciphertext: () => post('/v1/decrypt', { ciphertext: plaintext, key }),
  invalid_key_material: () =>
    post('/v1/keys/import', { algorithm: 'AES', unsafePlaintext: base64('too short for it') }),
  invalid_share: () => post('/v1/system/rotate-root', { proof: ['no share'] }),
  unauthenticated: () => get('/v1/whoami', owner.as('clv_nobody')),
  forbidden: async () => get('/v1/keys', (await newcomer(owner)).client),
  step_up_required: async () => {
    await owner.call('stepUpRule.create', {
      name: 'prove it',
      actions: ['key.rotate'],
      scope: { kind: 'key', key: signing },
      factors: ['totp'],
      maxAgeSeconds: 60,
    })
    const person = await hire(owner, 'key-admin')
    prove(person.token ?? '', [{ factor: 'totp', at: 0 }])
    const answer = await post(`/v1/keys/${signing}/rotate`, {}, person)
    assert.deepEqual((JSON.parse(answer.body.toString()) as { stepUp?: unknown }).stepUp, {
      factors: ['totp'],
      maxAgeSeconds: 60,
      bound: false,
    })
    return answer
  },
  approval_required: async () => {
    const { id } = await owner.call('approvalPolicy.create', {
      name: 'two of us',
      actions: ['key.suspend'],
      scope: { kind: 'key', key: signing },
      approvals: 2,
    })
    const answer = await post(`/v1/keys/${signing}/suspend`, {})
    const { approval } = JSON.parse(answer.body.toString()) as { approval?: unknown }
    assert.deepEqual(approval, { policy: id, approvals: 2 })
    return answer
  },
  policy_violated: async () => {
    const scope = { kind: 'labels', selector: 'kept=long' } as const
    await owner.call('lifecyclePolicy.create', {
      name: 'kept long',
      scope,
      rules: { strengthMin: 256 },
    })
    return post('/v1/keys', { algorithm: 'AES-128-GCM', labels: { kept: 'long' } })
  },
  limit_reached: async () => {
    const { id } = await owner.call('key.create', { usesMax: 1 })
    await owner.call('encrypt', { key: id, plaintext })
    return post(`/v1/keys/${id}/encrypt`, { plaintext })
  },
  not_exportable: () => post(`/v1/keys/${key}/export`, { publicKey: base64(Buffer.alloc(256)) }),
  not_found: () => get('/v1/keys/nobody'),
  no_route: () => get('/v1/nowhere'),
  method_not_allowed: () => owner.send({ method: 'DELETE', path: '/v1/keys' }),
  request_timeout: () => raw('GET /v1/health HTTP/1.1\r\n'),
  separation_violated: async () => {
    const { id: principal } = await newcomer(owner)
    await owner.call('separation.create', { name: 'apart', duties: ['auditor', 'approver'] })
    await owner.call('binding.create', { principal, role: 'auditor' })
    return post('/v1/bindings', { principal, role: 'approver' })
  },
  conflict: async () => {
    await owner.call('alias.create', { alias: 'taken', key })
    return post('/v1/aliases', { alias: 'taken', key })
  },
  wrong_state: () => post(`/v1/keys/${key}/resume`, {}),
  acknowledgement_required: async () => {
    const { id } = await owner.call('key.create', {})
    await owner.call('dependent.create', { key: id, name: 'shop' })
    return post(`/v1/keys/${id}/destroy`, {})
  },
  already_initialized: () =>
    post('/v1/system/init', { seal: { kind: 'shares', shares: 2, threshold: 2 } }),
  payload_too_large: () =>
    raw(lines('POST /v1/random HTTP/1.1', 'Host: x', 'Content-Length: 999999')),
  unsupported_media_type: () =>
    owner.send({
      method: 'POST',
      path: '/v1/random',
      headers: { 'content-type': 'text/xml' },
      body: '<length/>',
    }),
  too_many_requests: async () => {
    const unseal = () => post('/v1/system/unseal', { share: 'x' })
    // Ceremonies are one at a time.
    const [, second] = await Promise.all([unseal(), unseal()])
    return second
  },
  headers_too_large: () => raw(lines('GET /v1/health HTTP/1.1', `X: ${'x'.repeat(20_000)}`)),
  integrity_failed: async () => {
    const { id } = await owner.call('key.create', {})
    return whileBroken(
      {
        async key(asked) {
          const stored = await real?.key(asked)
          if (stored === undefined) return undefined
          const document = stored.key.document.replace('"exportable":false', '"exportable":true')
          return { ...stored, key: { ...stored.key, document } }
        },
      },
      () => get(`/v1/keys/${id}`),
    )
  },
  internal: () =>
    whileBroken(
      {
        list() {
          throw new TypeError('a defect, with a secret in its words: hunter2')
        },
      },
      () => get('/v1/keys'),
    ),
  not_initialized: async () => {
    const store = await openSqliteStore(':memory:')
    const log = pino({ level: 'silent' })
    const fresh = await compose({
      store,
      clock: systemClock,
      log,
      origin: 'claviger.test/ledger',
      publicUrl: () => PUBLIC_URL,
      node: 'node',
    })
    try {
      const { gate } = fresh
      const { owner: nobody } = restDoorOver(house, {
        gate,
        assertReady: () => fresh.assertServing(),
        reportFailure: (_request, error) => failures.push(error),
      })
      return await get('/v1/whoami', nobody)
    } finally {
      await fresh.close()
    }
  },
  sealed: async () => {
    await owner.call('system.seal', {})
    const answer = await get('/v1/whoami')
    await house.unseal()
    return answer
  },
  overloaded: async () => {
    const { id } = await owner.call('key.create', { algorithm: 'SLH-DSA-SHA2-128f' })
    const sign = () => post(`/v1/keys/${id}/sign`, { message: plaintext })
    const answers = await Promise.all(Array.from({ length: 24 }, sign))
    const busy = answers.find(({ status }) => status !== 200)
    assert.ok(busy)
    return busy
  },
  ledger_unavailable: async () => {
    const answer = await whileBroken(
      { commit: () => Promise.reject(new Error('the disk is gone')) },
      () => post('/v1/random', {}),
    )
    while (house.house.ledger.failed) await new Promise((resolve) => setTimeout(resolve, 10))
    return answer
  },
  // The last two are for good.
  crypto_unavailable: () => {
    const [first] = selfTests
    assert.ok(first)
    runSelfTests(systemClock, [{ ...first, expected: '00' }])
    return post(`/v1/keys/${key}/encrypt`, { plaintext })
  },
  shutting_down: () => {
    house.house.stop()
    return get('/v1/whoami')
  },
}

for (const [code, way] of Object.entries(ways) as [ErrorCode, () => Promise<Answer>][]) {
  test(code, async () => {
    failures.length = 0
    const answer = await way()
    const problem = assertProblem(answer, code)
    assert.ok(!('field' in problem) || code === 'invalid_request')
    assert.doesNotMatch(answer.body.toString(), /hunter2|the disk is gone/)
    // What is the server's own fault is told to its log, and only that.
    assert.equal(
      failures.some((failure) => failure.code === code),
      errorCodes[code].status >= 500,
    )
  })
}

test('every code of the contract has a way', () => {
  assert.deepEqual(Object.keys(ways).toSorted(), Object.keys(errorCodes).toSorted())
})
