import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { errorCodes, operations, type Operation, type OperationName } from '@claviger/contract'
import fc from 'fast-check'
import { base64, requestOf } from './client.ts'
import { startRestHouse } from './house.ts'
import { assertProblem, json } from './problem.ts'
import { exchange, lines, parseAnswers } from './raw.ts'

/** Whatever is sent, there is a well-formed answer in time, never a 500, and never an end of the process. */

const { owner, server } = await startRestHouse()
const { port, token } = server
const { id: key } = await owner.call('key.create', { alias: 'known' })
const { id: signing } = await owner.call('key.create', { algorithm: 'P-256' })
const { ciphertext } = await owner.call('encrypt', { key, plaintext: base64('x') })
/** Of a key that no request here names. */
const { id: apart } = await owner.call('key.create', {})
const kept = await owner.call('encrypt', { key: apart, plaintext: base64('x') })
const { id: principal } = await owner.call('principal.create', { name: 'somebody' })

afterEach(async () => {
  assert.ok(server.process.alive)
  assert.equal(server.process.log, '')
  const { plaintext } = await owner.call('decrypt', { ciphertext: kept.ciphertext })
  assert.equal(plaintext, base64('x'))
})

const bearer = `Authorization: Bearer ${token}`
const body = JSON.stringify({ plaintext: base64('y') })
const good = Buffer.from(
  lines(
    `POST /v1/keys/${key}/encrypt HTTP/1.1`,
    'Host: x',
    bearer,
    'Content-Type: application/json',
    'Connection: close',
    `Content-Length: ${body.length}`,
  ) + body,
)

/** What comes back is whole answers, each of them the contract's or Node's own empty one. */
async function assertAnswered(sent: Uint8Array): Promise<void> {
  for (const answer of parseAnswers(await exchange(port, sent, { end: true }))) {
    assert.ok(
      answer.status < 500 || answer.status === errorCodes.overloaded.status,
      `${answer.status}`,
    )
    if (answer.status >= 400 && answer.body.length > 0) assertProblem(answer)
  }
}

test('bytes that are anything', async () => {
  const anything = fc.uint8Array({ maxLength: 2_000 })
  await fc.assert(fc.asyncProperty(anything, assertAnswered), { numRuns: 150 })
})

test('words of HTTP in any order', async () => {
  const word = fc.constantFrom(
    'GET',
    'POST',
    ' ',
    '/v1/health',
    '/v1/random',
    'HTTP/1.1',
    'HTTP/1.0',
    '\r\n',
    '\r\n\r\n',
    '\n',
    ':',
    'Host',
    'x',
    'Content-Length: 5',
    'Content-Length: 0',
    'Transfer-Encoding: chunked',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    bearer,
    '{}',
    'Connection: close',
    'Connection: keep-alive',
    'Expect: 100-continue',
    'Upgrade: h2c',
    '\u0000',
    '\t',
    '?',
    '%',
    '#',
  )
  const words = fc.array(word, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')))
  await fc.assert(fc.asyncProperty(words, assertAnswered), { numRuns: 200 })
})

test('a good request with bytes changed, taken away and put in', async () => {
  const edit = fc.record({
    at: fc.nat(good.length - 1),
    removed: fc.nat(8),
    added: fc.uint8Array({ maxLength: 8 }),
  })
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 }).map((all) => {
    let bytes = good
    for (const { at, removed, added } of all) {
      bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])
    }
    return bytes
  })
  await fc.assert(fc.asyncProperty(edits, assertAnswered), { numRuns: 250 })
})

/** Sealing ends the serving of everything else, so it is not among them. */
const names = (Object.keys(operations) as OperationName[]).filter((name) => name !== 'system.seal')

/** Values that get further than noise does: of the right shape, some of them of something that is there. */
const shaped = fc.constantFrom<unknown>(
  key,
  signing,
  'known',
  principal,
  ciphertext,
  base64('message'),
  base64('x'.repeat(32)),
  0,
  1,
  2,
  32,
  true,
  false,
  '',
  'AES-256-GCM',
  'P-256',
  'encrypt',
  'sign',
  'ecdsa-sha-256',
  'p1363',
  'keyCompromise',
  'owner',
  'auditor',
  'env=prod',
  '2020-01-01T00:00:00Z',
  '2099-01-01T00:00:00Z',
  {},
  { a: 'b' },
  { kind: 'tenant' },
  { kind: 'key', key },
  { kind: 'labels', selector: 'a=b' },
  { kind: 'shares', shares: 3, threshold: 2 },
  [],
  ['x'],
  [{}],
  [{ plaintext: '' }, { ciphertext }, { message: '' }],
  [{ ciphertext }],
  [{ plaintext: '' }],
  [{ message: '' }],
)

/** What each field mostly holds, where it has a name that says it. */
const fitting: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  key: fc.constantFrom(key, signing, 'known', 'nobody'),
  sourceKey: fc.constantFrom(key, signing, 'nobody'),
  principal: fc.constant(principal),
  ciphertext: fc.constantFrom(ciphertext, base64('x'.repeat(120))),
  plaintext: fc.constant(base64('x')),
  message: fc.constant(base64('x')),
  alias: fc.constantFrom('known', 'new', 'newer'),
}

const calls = fc.constantFrom(...names).chain((name) => {
  const row = operations[name] as unknown as Operation
  const { shape } = row.input as unknown as { shape: Record<string, unknown> }
  const noise = fc.oneof({ weight: 3, arbitrary: shaped }, { weight: 1, arbitrary: fc.jsonValue() })
  const wanted = Object.fromEntries(
    Object.keys(shape).map((field) => [
      field,
      fc.oneof({ weight: 4, arbitrary: fitting[field] ?? noise }, { weight: 1, arbitrary: noise }),
    ]),
  )
  const needed = [...row.route.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const known = Object.keys(wanted).filter((field) => needed.includes(field) || field in fitting)
  return fc.record({
    name: fc.constant(name),
    input: fc.oneof(
      fc.record(wanted, { requiredKeys: known }),
      fc.record(wanted, { requiredKeys: [] }),
    ),
    more: fc.oneof(
      { weight: 9, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue(), { maxKeys: 1 }),
      },
    ),
  })
})

test('any JSON to every operation', async () => {
  const codes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(calls, async ({ name, input, more }) => {
      const sent = requestOf(name, { ...more, ...input })
      const answer = await owner.send(sent)
      const code = answer.status === 200 ? 'ok' : assertProblem(answer).code
      assert.ok(answer.status < 500, `${name} ${JSON.stringify(input)}: ${code}`)
      if (answer.headers['content-type'] === 'application/json') {
        assert.ok(operations[name].output.safeDecode(json(answer) as never).success, name)
      }
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }),
    { numRuns: 2_500 },
  )
  // It got further than the first check.
  for (const code of ['ok', 'invalid_request', 'not_found', 'wrong_usage']) {
    assert.ok((codes.get(code) ?? 0) >= 3, `${code}: ${JSON.stringify([...codes])}`)
  }
})

test('any bytes as a body of every operation', async () => {
  const bodies = fc.tuple(
    fc.constantFrom(...names),
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => Buffer.from(text)),
    ),
    fc.constantFrom('application/json', 'application/octet-stream', 'text/plain', ''),
  )
  await fc.assert(
    fc.asyncProperty(bodies, async ([name, bytes, type]) => {
      const { method, path } = requestOf(name, {
        key,
        alias: 'known',
        principal,
        token: principal,
        binding: principal,
        index: 0,
        path: '0/000',
      })
      const [address = ''] = path.split('?')
      const answer = await owner.send({
        method,
        path: address,
        headers: { 'content-type': type },
        body: bytes,
      })
      assert.ok(answer.status < 500)
      if (answer.status >= 400) assertProblem(answer)
    }),
    { numRuns: 600 },
  )
})

test('the ledger is whole after all of that', async () => {
  assert.deepEqual((await owner.call('system.doctor', {})).findings, [])
})
