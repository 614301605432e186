import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { operations, openApi, type Operation } from '@claviger/contract'
import { startHouse } from '../harness/house.ts'
import { inputsFor } from '../harness/inputs.ts'
import { base64, requestOf, type Sent } from './client.ts'
import { conforms, type Schema } from './json-schema.ts'
import { assertProblem } from './problem.ts'
import { restDoorOver } from './socket-free.ts'

/**
 * Every field of every operation with what it is not: refused, with the field named and nothing of what was sent, and nothing changed or
 * recorded. Derived from the rows, so a new field is in here when it is in its row.
 */

const house = await startHouse()
after(() => house.close())
const { owner, failures } = restDoorOver(house)
const inputs = inputsFor(house)
const { components } = openApi('0.0.0') as unknown as {
  components: { schemas: Record<string, Schema> }
}

/** Values of every type that JSON has, among them some that are nearly right. */
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  4_294_967_296,
  '',
  'x',
  '5',
  'true',
  'x'.repeat(70_000),
  '00000000-0000-0000-0000-00000000000G',
  [],
  ['x'],
  [null],
  [[]],
  {},
  { a: 1 },
  { a: { b: {} } },
  { length: 5 },
]

/** Spellings that other decoders take: without padding, url-safe, with white space, with bits left over. */
const notBase64 = [
  'QQ',
  'QUI',
  'QQ=',
  'Q',
  'QQ==QQ==',
  '-_-_',
  'QU I=',
  'QUJD\n',
  'QR==',
  'QUJ=',
  '====',
  '=',
  'QUJD=',
  'ÄÖÜ=',
]

type Name = keyof typeof inputs

function rowOf(name: Name): Operation {
  return operations[name]
}

interface Fields {
  readonly sent: Sent
  readonly body: Record<string, unknown>
  /** The input as the server works with it: bytes are bytes. */
  readonly input: Record<string, unknown>
  readonly properties: Record<string, Schema>
  readonly required: readonly string[]
}

/** A request that succeeds, taken apart; made once, since nothing that follows succeeds. */
async function goodRequest(name: Name): Promise<Fields> {
  const row = rowOf(name)
  const input = (await inputs[name]()) as Record<string, unknown>
  const sent = requestOf(name, row.input.encode(input) as Record<string, unknown>)
  const document = openApi('0.0.0').paths
  const [method = '', path = ''] = row.route.split(' ')
  const described = document[path]?.[method.toLowerCase()] as {
    requestBody?: { content: Record<string, { schema: Schema }> }
  }
  const schema = described.requestBody?.content['application/json']?.schema
  return {
    sent,
    body: sent.body === undefined ? {} : (JSON.parse(String(sent.body)) as Record<string, unknown>),
    input,
    properties: (schema?.['properties'] ?? {}) as Record<string, Schema>,
    required: (schema?.['required'] ?? []) as string[],
  }
}

let refused = 0

/** Sends a body where a good one was, and expects the field to be named. */
async function refuse({ sent }: Fields, body: unknown, field: string): Promise<void> {
  const answer = await owner.send({ ...sent, body: JSON.stringify(body) })
  const problem = assertProblem(answer, 'invalid_request')
  refused += 1
  const named = problem.field ?? ''
  assert.ok(named === field || named.startsWith(`${field}.`), `${field}: ${answer.body.toString()}`)
}

for (const name of Object.keys(inputs) as Name[]) {
  if (rowOf(name).route.startsWith('GET')) continue
  test(`${name}: fields of the wrong kind, missing, unknown`, async () => {
    const good = await goodRequest(name)
    const { body, input, properties, required } = good
    const before = await owner.standing()
    for (const [field, schema] of Object.entries(properties)) {
      for (const value of values) {
        if (conforms(value, schema, components).length > 0) {
          await refuse(good, { ...body, [field]: value }, field)
        }
      }
      if (input[field] instanceof Uint8Array) {
        for (const value of notBase64) await refuse(good, { ...body, [field]: value }, field)
      }
    }
    for (const field of required) {
      const { [field]: _, ...rest } = body
      await refuse(good, rest, field)
    }
    for (const field of ['color', 'constructor', 'toString', 'Key', 'key ', '']) {
      if (field in properties) continue
      await refuse(good, { ...body, [field]: 'x' }, field)
    }
    assert.deepEqual(await owner.standing(), before)
    assert.deepEqual(failures, [])
  })
}

test('items of batches are looked at like the operation alone', async () => {
  for (const name of [
    'encryptBatch',
    'decryptBatch',
    'reencryptBatch',
    'signBatch',
    'verifyBatch',
    'macBatch',
  ] as const) {
    const good = await goodRequest(name)
    const [item] = good.body['items'] as [Record<string, unknown>]
    const before = await owner.standing()
    for (const wrong of [null, 'x', [], { ...item, color: 'x' }, 5]) {
      await refuse(good, { ...good.body, items: [item, wrong] }, 'items.1')
    }
    for (const field of Object.keys(item)) {
      for (const value of [null, 5, [], {}, 'Q']) {
        await refuse(
          good,
          { ...good.body, items: [item, { ...item, [field]: value }] },
          `items.1.${field}`,
        )
      }
    }
    assert.deepEqual(await owner.standing(), before)
  }
})

test('that was every field', () => {
  const fields = (Object.keys(inputs) as Name[]).flatMap((name) => {
    const { shape } = rowOf(name).input as unknown as { shape: Record<string, unknown> }
    return rowOf(name).route.startsWith('GET') ? [] : Object.keys(shape)
  })
  assert.ok(fields.length > 100)
  // Most values are wrong for most fields.
  assert.ok(refused > 10 * fields.length, String(refused))
})

test('queries with values that are none', async () => {
  const before = await owner.standing()
  const uuids = [
    'x',
    '00000000-0000-4000-8000-00000000000G',
    'A0000000-0000-4000-8000-000000000000',
  ]
  const table: readonly (readonly [path: string, field: string, values: readonly string[]])[] = [
    ['/v1/ledger/entries', 'key', uuids],
    ['/v1/ledger/entries', 'principal', uuids],
    ['/v1/ledger/entries', 'outcome', ['fine']],
    [
      '/v1/ledger/entries',
      'since',
      ['yesterday', '2026', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00+01:00'],
    ],
    ['/v1/ledger/entries', 'order', ['random']],
    ['/v1/ledger/entries', 'event', ['x'.repeat(65)]],
    ['/v1/tokens', 'principal', uuids],
    ['/v1/bindings', 'principal', uuids],
    ['/v1/keys/first/public', 'version', ['0', '-1', 'x', '1.5', '4294967296']],
  ]
  for (const [path, field, wrong] of table) {
    for (const value of wrong) {
      const answer = await owner.send({
        method: 'GET',
        path: `${path}?${field}=${encodeURIComponent(value)}`,
      })
      assert.equal(assertProblem(answer, 'invalid_request').field, field, value)
    }
  }
  for (const index of ['-1', 'x', '1.5', '9007199254740992', '1e400']) {
    const answer = await owner.send({ method: 'GET', path: `/v1/ledger/entries/${index}/proof` })
    assert.equal(assertProblem(answer, 'invalid_request').field, 'index', index)
  }
  for (const path of [
    '',
    'x',
    '../0/000',
    '0/000/000',
    '99/000',
    '0/-01',
    '0/1',
    'entries/x',
    '0/000.p/0',
    '0/000.p/257',
    '0/000.p/x',
    '%00',
    'x'.repeat(128),
  ]) {
    assertProblem(await owner.send({ method: 'GET', path: `/v1/ledger/tile/${path}` }))
  }
  assert.deepEqual(await owner.standing(), before)
})

const { id: key } = await owner.call('key.create', { alias: 'first' })

test('bodies that are no JSON object', async () => {
  const before = await owner.standing()
  const deep = 200_000
  for (const body of [
    '[]',
    'null',
    '5',
    '"{}"',
    'true',
    '{',
    '{}{}',
    '{}x',
    "{'length':5}",
    '{"length":5,}',
    '{"length":05}',
    '{"length":NaN}',
    '{length:5}',
    '/**/{}',
    ' ',
    '\u0000',
    '{"length":"\n"}',
    '['.repeat(deep),
    '{"a":'.repeat(deep),
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    `{"length":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
    Buffer.from([0x7b, 0xff, 0x7d]),
    Buffer.from('{"length":"\xe4"}', 'latin1'),
    Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from('{}', 'utf16le'),
  ]) {
    const sent = { method: 'POST', path: '/v1/random', body }
    assertProblem(await owner.send(sent), 'invalid_request')
  }
  // Numbers that are too large for JSON's reader to be exact, and numbers that are whole all the same.
  for (const length of ['1e400', '9007199254740993', '-0', '1e-400']) {
    const sent = { method: 'POST', path: '/v1/random', body: `{"length":${length}}` }
    assertProblem(await owner.send(sent), 'invalid_request')
  }
  assert.deepEqual(await owner.standing(), before)
  for (const body of ['', '{}', '{"length":32.0}', '{"length":3.2e1}', ' \n\t{}\r\n']) {
    const answer = await owner.send({ method: 'POST', path: '/v1/random', body })
    assert.equal(answer.status, 200, body)
  }
  // RFC 8259 section 4 leaves it open which of two members counts; here it is the last, and the checks see just that one.
  const twice = '{"length":16,"length":17}'
  const answer = await owner.send({ method: 'POST', path: '/v1/random', body: twice })
  const { bytes } = JSON.parse(answer.body.toString()) as { bytes: string }
  assert.equal(Buffer.from(bytes, 'base64').length, 17)
})

test('a member called __proto__ is refused wherever it stands, however it is spelled', async () => {
  const before = await owner.standing()
  const path = `/v1/keys/${key}/encrypt`
  for (const name of [
    '__proto__',
    '\\u005f_proto__',
    '__proto_\\u005F',
    '\\u005f\\u005fproto\\u005f\\u005f',
  ]) {
    for (const body of [
      `{"plaintext":"","${name}":{"context":{}}}`,
      `{"plaintext":"","context":{"${name}":"x"}}`,
      `{"plaintext":"","context":{"a":"b","${name}":"x"}}`,
    ]) {
      assertProblem(await owner.send({ method: 'POST', path, body }), 'invalid_request')
    }
    const labels = { method: 'POST', path: '/v1/keys', body: `{"labels":{"${name}":"x"}}` }
    assertProblem(await owner.send(labels), 'invalid_request')
    const headers = {
      'content-type': 'application/octet-stream',
      'claviger-context': base64(`{"${name}":"x"}`),
    }
    assertProblem(await owner.send({ method: 'POST', path, headers, body: 'x' }), 'invalid_request')
  }
  assert.deepEqual(await owner.standing(), before)
  assert.equal(({} as Record<string, unknown>)['context'], undefined)
})

test('names of Object.prototype are names like any other', async () => {
  const context = {
    constructor: 'a',
    toString: 'b',
    hasOwnProperty: 'c',
    valueOf: 'd',
    __proto: 'e',
  }
  const { ciphertext } = await owner.call('encrypt', { key, plaintext: '', context })
  await owner.call('decrypt', { ciphertext, context })
  for (const name of Object.keys(context)) {
    const less = Object.fromEntries(Object.entries(context).filter(([other]) => other !== name))
    await owner.refuse('invalid_ciphertext', 'decrypt', { ciphertext, context: less })
  }
  const labels = { constructor: 'x', prototype: 'y' }
  assert.deepEqual((await owner.call('key.create', { labels })).labels, labels)
  for (const reference of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    await owner.refuse('not_found', 'key.get', { key: reference })
    await owner.refuse('not_found', 'encrypt', { key: reference, plaintext: '' })
  }
})

test('contexts and labels that are none', async () => {
  const pairs = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, value]))
  for (const context of [
    { '': 'x' },
    { ['x'.repeat(257)]: 'x' },
    { a: 'x'.repeat(4_097) },
    { a: '\ud800' },
    { '\udc00': 'a' },
    pairs(65, 'x'),
  ]) {
    const body = JSON.stringify({ plaintext: '', context })
    const answer = await owner.send({ method: 'POST', path: `/v1/keys/${key}/encrypt`, body })
    assert.match(assertProblem(answer, 'invalid_request').field ?? '', /^context/)
  }
  await owner.call('encrypt', { key, plaintext: '', context: pairs(64, '🗝️ ключ') })
  for (const labels of [
    { 'a,b': 'x' },
    { a: 'x,y' },
    { 'a=b': 'x' },
    { a: 'x\n' },
    { '': 'x' },
    { ['a'.repeat(129)]: 'x' },
    { a: 'x'.repeat(257) },
    pairs(51, 'x'),
  ]) {
    const problem = await owner.refuse('invalid_request', 'key.create', { labels })
    assert.match(problem.field ?? '', /^labels/)
  }
  const description = 'line\nbreak'
  await owner.refuse('invalid_request', 'key.create', { description })
})
