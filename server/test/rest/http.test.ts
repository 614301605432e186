import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, test } from 'node:test'
import { base64, type Sent } from './client.ts'
import { startRestHouse } from './house.ts'
import { assertProblem, json, type Answer } from './problem.ts'
import { exchange, lines, parseAnswers } from './raw.ts'

/** HTTP as an attacker speaks it. After each class of it the server serves as before, and nothing has changed. */

const { owner, server } = await startRestHouse()
const { port, token } = server
const { id: key } = await owner.call('key.create', {})
const { revision } = await owner.standing()

afterEach(async () => {
  assert.ok(server.process.alive)
  await owner.call('encrypt', { key, plaintext: '' })
  assert.equal((await owner.standing()).revision, revision)
  assert.equal(server.process.log, '')
})

const host = 'Host: claviger'
const bearer = `Authorization: Bearer ${token}`
const jsonType = 'Content-Type: application/json'

async function one(sent: Uint8Array | string, options = {}): Promise<Answer> {
  const answers = parseAnswers(await exchange(port, sent, options))
  assert.equal(answers.length, 1)
  return answers[0] as Answer
}

test('what is not HTTP is told so, and the connection is closed', async () => {
  const table: readonly (string | Uint8Array)[] = [
    'hello\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'GET\r\n\r\n',
    lines('GET /v1/health HTTP/1.1', 'no colon here'),
    lines('GET /v1/health HTTP/1.1', host, 'bad header\u0001: x'),
    lines('GET /v1/health HTTP/1.1', host, 'Space : x'),
    lines('GET /v1/he alth HTTP/1.1', host),
    lines('GET /v1/health HTTP/3.0', host),
    lines('BREW /v1/health HTTP/1.1', host),
    lines('get /v1/health HTTP/1.1', host),
    randomBytes(200),
    'GET /v1/health HTTP/1.1\nHost: x\n\n',
  ]
  for (const sent of table) {
    const problem = assertProblem(await one(sent, { end: true }), 'invalid_request')
    assert.equal(problem.field, undefined)
  }
})

test('lengths that contradict each other: no request is smuggled behind another', async () => {
  const inner = lines(`POST /v1/keys/${key}/suspend HTTP/1.1`, host, bearer, 'Content-Length: 0')
  const body = `0\r\n\r\n${inner}`
  const head = ['POST /v1/random HTTP/1.1', host, bearer, jsonType]
  const table: readonly (readonly string[])[] = [
    ['Content-Length: 5', `Content-Length: ${body.length}`],
    ['Content-Length: 5, 6'],
    ['Content-Length: +5'],
    ['Content-Length: -1'],
    ['Content-Length: 0x5'],
    ['Content-Length: 5 5'],
    ['Content-Length: 99999999999999999999999'],
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: identity'],
    ['Transfer-Encoding:\tchunked', 'Content-Length: 5'],
    ['Transfer-Encoding : chunked', 'Content-Length: 5'],
    [' Transfer-Encoding: chunked', 'Content-Length: 5'],
  ]
  for (const headers of table) {
    const bytes = await exchange(port, lines(...head, ...headers) + body, { end: true })
    const answers = parseAnswers(bytes)
    assert.equal(answers.length, 1, `${headers.join(' | ')}: ${bytes.toString()}`)
    assertProblem(answers[0] as Answer, 'invalid_request')
  }
  assert.equal((await owner.call('key.get', { key })).state, 'active')
})

test('chunks that are none', async () => {
  const head = lines(
    'POST /v1/random HTTP/1.1',
    host,
    bearer,
    jsonType,
    'Transfer-Encoding: chunked',
  )
  for (const body of [
    'zz\r\n{}\r\n0\r\n\r\n',
    '-2\r\n{}\r\n0\r\n\r\n',
    '2\n{}\n0\n\n',
    '2\r\n{}0\r\n\r\n',
    'ffffffffffffffffff\r\n{}',
    '2;\u0000=x\r\n{}\r\n0\r\n\r\n',
  ]) {
    assertProblem(await one(head + body, { end: true }), 'invalid_request')
  }
  const good = 'Connection: close'
  const chunked = lines(
    'POST /v1/random HTTP/1.1',
    host,
    bearer,
    jsonType,
    good,
    'Transfer-Encoding: chunked',
  )
  const answer = await one(`${chunked}1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`)
  assert.equal(answer.status, 200)
})

test('a request that is never finished is never begun', async () => {
  const whole = lines(
    `POST /v1/keys/${key}/suspend HTTP/1.1`,
    host,
    bearer,
    jsonType,
    'Content-Length: 2',
  )
  for (const cut of [20, whole.length - 2, whole.length, whole.length + 1]) {
    const bytes = await exchange(port, `${whole}{}`.slice(0, cut), { end: true })
    for (const answer of parseAnswers(bytes)) assertProblem(answer, 'invalid_request')
  }
  assert.equal((await owner.call('key.get', { key })).state, 'active')
})

test('headers that are too large', async () => {
  for (const headers of [
    [`X-Large: ${'x'.repeat(20_000)}`],
    Array.from({ length: 300 }, (_, at) => `X-${at}: ${'x'.repeat(100)}`),
    [`Authorization: Bearer ${'x'.repeat(17_000)}`],
  ]) {
    const sent = lines('GET /v1/whoami HTTP/1.1', host, ...headers)
    assertProblem(await one(sent, { end: true }), 'headers_too_large')
  }
  const path = `GET /v1/keys/${'x'.repeat(17_000)} HTTP/1.1`
  assertProblem(await one(lines(path, host), { end: true }), 'headers_too_large')
})

test('a large credential is as unknown as a small one', async () => {
  for (const size of [4_000, 4_097, 12_000]) {
    const headers = { authorization: `Bearer ${'x'.repeat(size)}` }
    const answer = await owner.send({ method: 'GET', path: '/v1/whoami', headers })
    assertProblem(answer, 'unauthenticated')
  }
})

test('bodies that are too large are refused, and the connection is closed', async () => {
  const limits = [
    [`/v1/keys/${key}/encrypt`, 524_288],
    ['/v1/nowhere', 524_288],
    [`/v1/keys/${key}/encrypt-batch`, 16_777_216],
  ] as const
  for (const [path, limit] of limits) {
    const head = [`POST ${path} HTTP/1.1`, host, bearer, jsonType]
    // Announced: refused before any of it is there.
    const announced = await one(lines(...head, `Content-Length: ${limit + 1}`), { answers: 1 })
    assertProblem(announced, 'payload_too_large')
    assert.equal(announced.headers['connection'], 'close')
  }
  // A client of AWS KMS is told so in its own protocol.
  const aws = await one(lines('POST / HTTP/1.1', host, 'Content-Length: 1048577'), { answers: 1 })
  const { __type: type } = JSON.parse(aws.body.toString()) as Record<string, unknown>
  assert.deepEqual([aws.status, type], [400, 'RequestEntityTooLargeException'])
  const page = await one(lines('GET /account HTTP/1.1', host, 'Content-Length: 99999999'), {
    answers: 1,
  })
  assert.equal(page.status, 413)
  const [path, limit] = limits[0]
  const head = [`POST ${path} HTTP/1.1`, host, bearer, jsonType]
  // Sent in chunks, with no length before: refused at the limit.
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const sent = lines(...head, 'Transfer-Encoding: chunked') + chunk.repeat(limit / 65_536 + 1)
  assertProblem(await one(sent), 'payload_too_large')
  // Sent whole: the answer arrives all the same.
  for (let turn = 0; turn < 5; turn += 1) {
    const body = lines(...head, `Content-Length: ${4 * limit}`) + 'x'.repeat(4 * limit)
    assertProblem(await one(body), 'payload_too_large')
  }
})

test('requests behind each other on one connection are answered in their order', async () => {
  const request = (length: number) => {
    const body = JSON.stringify({ length })
    return (
      lines('POST /v1/random HTTP/1.1', host, bearer, jsonType, `Content-Length: ${body.length}`) +
      body
    )
  }
  const lengths = Array.from({ length: 50 }, (_, at) => at + 1)
  const sent = lengths.map(request).join('')
  const answers = parseAnswers(await exchange(port, sent, { answers: lengths.length }))
  assert.deepEqual(
    answers.map(
      (answer) => Buffer.from((json(answer) as { bytes: string }).bytes, 'base64').length,
    ),
    lengths,
  )
})

test('methods that an address does not know are told which it does', async () => {
  const table: readonly (readonly [method: string, path: string, allow: string])[] = [
    ['DELETE', '/v1/keys', 'GET, POST'],
    ['PUT', `/v1/keys/${key}`, 'GET, PATCH'],
    ['OPTIONS', '/v1/keys', 'GET, POST'],
    ['TRACE', '/v1/keys', 'GET, POST'],
    ['GET', `/v1/keys/${key}/encrypt`, 'POST'],
    ['POST', '/v1/openapi.json', 'GET'],
    ['DELETE', '/metrics', 'GET'],
  ]
  for (const [method, path, allow] of table) {
    const answer = await owner.send({ method, path, headers: { 'x-secret': 'do not echo' } })
    assertProblem(answer, 'method_not_allowed')
    assert.equal(answer.headers['allow'], allow)
    assert.equal(answer.body.includes('do not echo'), false)
  }
  const head = await owner.send({ method: 'HEAD', path: '/v1/keys' })
  assert.deepEqual([head.status, head.body.length], [405, 0])
  for (const target of ['*', 'claviger:443', '//', '/v1', '/v2/keys', '/v1/keys/', '/v1//keys']) {
    const method = target.includes(':') ? 'CONNECT' : 'OPTIONS'
    const bytes = await exchange(
      port,
      lines(`${method} ${target} HTTP/1.1`, host, 'Connection: close'),
    )
    for (const answer of parseAnswers(bytes)) assertProblem(answer)
  }
  // The address that AWS clients send everything to answers as they expect.
  const aws = await owner.send({ method: 'OPTIONS', path: '/' })
  const { __type: type } = JSON.parse(aws.body.toString()) as Record<string, unknown>
  assert.deepEqual([aws.status >= 400, type], [true, 'UnknownOperationException'])
})

const nowhere = [
  '/../../etc/passwd',
  '/v1/keys/../keys',
  '/v1/keys/%2e%2e/keys',
  '/V1/HEALTH',
  '/v1/health/',
  '/v1/keys/',
  '/v1/health/x',
  '/v1/health%00',
  '/v1/__proto__',
  '/v1/constructor',
  '/v1/keys/a/b/c',
  '/v1/keys/a/toString',
  '/metrics/',
  '/v1/openapi.json/',
  '/🗝️',
]

test('addresses where nothing is', async () => {
  for (const path of nowhere) {
    // A client library would take the dots away before it sends them.
    const sent = lines(`GET ${encodeURI(path)} HTTP/1.1`, host, bearer, 'Connection: close')
    assertProblem(await one(sent), 'no_route')
  }
})

test('an address may be whole', async () => {
  const close = 'Connection: close'
  for (const address of [`http://claviger/v1/keys/${key}`, `HTTPS://other:1/v1/keys/${key}?`])
    assert.equal((await one(lines(`GET ${address} HTTP/1.1`, host, bearer, close))).status, 200)
  for (const address of ['http://claviger', 'http://claviger?x', 'ftp://claviger/v1/health']) {
    const answer = await one(lines(`GET ${address} HTTP/1.1`, host, bearer, close))
    assert.ok(answer.status >= 300, address)
  }
})

test('percent-encoding that is none', async () => {
  for (const part of ['%', '%2', '%zz', '%ff', '%c0%af', '%ed%a0%80']) {
    for (const sent of [
      { method: 'GET', path: `/v1/keys/${part}` },
      { method: 'POST', path: `/v1/keys/${part}/encrypt`, body: '{}' },
      { method: 'GET', path: `/v1/keys?labels=${part}` },
      { method: 'GET', path: `/v1/keys?${part}=1` },
      { method: 'DELETE', path: `/v1/aliases/${part}` },
    ]) {
      assertProblem(await owner.send(sent), 'invalid_request')
    }
  }
  // An encoded slash is part of a name, not of the way to it.
  assertProblem(await owner.send({ method: 'GET', path: '/v1/keys/a%2Fb' }), 'not_found')
})

test('bodies where none belongs, queries where none belongs, and fields said twice', async () => {
  const table: readonly (readonly [Sent, field: string | undefined])[] = [
    [{ method: 'GET', path: '/v1/keys', body: '{}' }, undefined],
    [{ method: 'GET', path: '/v1/health', body: 'x' }, undefined],
    [{ method: 'POST', path: '/v1/random?length=5', body: '{}' }, 'query'],
    [{ method: 'DELETE', path: '/v1/aliases/x?key=y' }, 'query'],
    [{ method: 'GET', path: '/v1/keys?limit=1&limit=2' }, 'limit'],
    [{ method: 'GET', path: `/v1/keys/${key}?key=other` }, 'key'],
    [{ method: 'GET', path: '/v1/keys?__proto__=x' }, '__proto__'],
    [{ method: 'GET', path: '/v1/keys?constructor=x' }, 'constructor'],
    [{ method: 'GET', path: '/v1/keys?Limit=1' }, 'Limit'],
    [{ method: 'GET', path: '/v1/keys?&' }, ''],
    [{ method: 'POST', path: `/v1/keys/${key}/rotate`, body: '{"key":"other"}' }, 'key'],
    [{ method: 'DELETE', path: '/v1/aliases/x', body: '{"alias":"y"}' }, 'alias'],
    [{ method: 'DELETE', path: '/v1/aliases/x', body: '{"more":1}' }, 'more'],
  ]
  for (const [sent, field] of table) {
    const problem = assertProblem(await owner.send(sent), 'invalid_request')
    assert.equal(problem.field, field, sent.path)
  }
})

test('content types', async () => {
  const send = (type: string, body: string) =>
    owner.send({ method: 'POST', path: '/v1/random', headers: { 'content-type': type }, body })
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'application/jsonx',
    'multipart/form-data; boundary=x',
    'application/problem+json',
  ]) {
    assertProblem(await send(type, '{}'), 'unsupported_media_type')
  }
  for (const type of [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    '',
  ]) {
    assert.equal((await send(type, '{}')).status, 200, type)
  }
  const context = base64('{"a":"b"}')
  const answer = await owner.send({
    method: 'POST',
    path: `/v1/keys/${key}/encrypt`,
    headers: { 'content-type': 'application/json', 'claviger-context': context },
    body: '{"plaintext":""}',
  })
  // It would look bound and not be.
  assert.equal(assertProblem(answer, 'invalid_request').field, 'context')
})

test('a client that goes away in the middle of its answer harms nobody', async () => {
  const body = JSON.stringify({ length: 1_024 })
  const request =
    lines('POST /v1/random HTTP/1.1', host, bearer, jsonType, `Content-Length: ${body.length}`) +
    body
  for (let turn = 0; turn < 20; turn += 1) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => socket.on('connect', () => resolve()))
    await new Promise<void>((resolve) => socket.write(request.repeat(turn + 1), () => resolve()))
    socket.resetAndDestroy()
  }
})

test('who does not say which host is meant is told so, unless the protocol is older than that', async () => {
  for (const expected of [[], ['Expect: 100-continue']])
    assertProblem(await one(lines('GET /v1/health HTTP/1.1', ...expected)), 'invalid_request')
  assert.equal((await one('GET /v1/health\r\n\r\n', { end: true })).status, 200)
})

test('expectations, upgrades and protocols that nobody here knows', async () => {
  const close = 'Connection: close'
  const continued = lines(
    'POST /v1/random HTTP/1.1',
    host,
    bearer,
    jsonType,
    close,
    'Content-Length: 2',
    'Expect: 100-continue',
  )
  assert.equal((await one(`${continued}{}`)).status, 200)
  const strange = lines(
    'POST /v1/random HTTP/1.1',
    host,
    bearer,
    close,
    'Content-Length: 0',
    'Expect: miracles',
  )
  assert.equal((await one(strange)).status, 417)
  const upgrade = lines(
    'GET /v1/health HTTP/1.1',
    host,
    'Connection: upgrade, close',
    'Upgrade: websocket',
  )
  const bytes = await exchange(port, upgrade)
  for (const answer of parseAnswers(bytes)) assert.equal(answer.status, 200)
  const prior = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`
  assertProblem(await one(prior, { end: true }), 'invalid_request')
  const http10 = await exchange(port, 'GET /v1/health HTTP/1.0\r\n\r\n')
  assert.equal(parseAnswers(http10)[0]?.status, 200)
})
