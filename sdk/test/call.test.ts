import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations, type Operation, type OperationName } from '@claviger/contract'
import { ClavigerInputError, describeCall, type CallInput } from '@claviger/sdk'
import { assert as check, property, uint8Array, string, integer } from 'fast-check'
import { z } from 'zod'

const key = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'

test('path parameters are percent-encoded, GET fields stand in the query, the rest in the body', () => {
  const cases: [OperationName, CallInput<OperationName>, string, string | undefined][] = [
    ['key.create', {}, 'POST /v1/keys', '{}'],
    [
      'key.create',
      { algorithm: 'P-256', activateAt: 0 },
      'POST /v1/keys',
      '{"algorithm":"P-256","activateAt":"1970-01-01T00:00:00.000Z"}',
    ],
    ['key.get', { key: 'a/b?c#d é' }, 'GET /v1/keys/a%2Fb%3Fc%23d%20%C3%A9', undefined],
    [
      'key.list',
      { labels: 'env=prod,team=x', limit: 5 },
      'GET /v1/keys?labels=env%3Dprod%2Cteam%3Dx&limit=5',
      undefined,
    ],
    [
      'encrypt',
      { key: 'app', plaintext: Buffer.from('hi'), context: { a: 'b' } },
      'POST /v1/keys/app/encrypt',
      '{"plaintext":"aGk=","context":{"a":"b"}}',
    ],
    ['alias.update', { alias: 'app', key }, 'PATCH /v1/aliases/app', `{"key":"${key}"}`],
    ['alias.delete', { alias: 'app' }, 'DELETE /v1/aliases/app', undefined],
    ['ledger.prove', { index: 7 }, 'GET /v1/ledger/entries/7/proof', undefined],
    ['ledger.tile', { path: '0/x001/234.p/5' }, 'GET /v1/ledger/tile/0/x001/234.p/5', undefined],
    ['system.seal', {}, 'POST /v1/system/seal', '{}'],
  ]
  for (const [name, input, line, body] of cases) {
    const call = describeCall(name, input)
    assert.equal(`${call.method} ${call.url}`, line)
    assert.equal(call.body, body)
    assert.equal('content-type' in call.headers, body !== undefined, name)
    assert.ok(!('authorization' in call.headers), 'the credential is not part of a described call')
  }
})

test('the address stands in front, with or without its slash', () => {
  assert.equal(
    describeCall('system.health', {}, 'https://kms.example/base/').url,
    'https://kms.example/base/v1/health',
  )
  assert.equal(
    describeCall('system.health', {}, 'https://kms.example').url,
    'https://kms.example/v1/health',
  )
})

test('what is missing, unknown or wrong is named and not sent, and no value is repeated', () => {
  const cases: [OperationName, unknown, string][] = [
    ['encrypt', { key: 'app' }, 'plaintext'],
    ['encrypt', { key: 'app', plaintext: 'SECRET' }, 'plaintext'],
    ['encrypt', { key: 'app', plaintext: new Uint8Array(70_000) }, 'plaintext'],
    ['encrypt', { plaintext: new Uint8Array() }, 'key'],
    ['key.create', { alias: '../SECRET/' }, 'alias'],
    ['key.destroy', { key: 'app', days: 400 }, 'days'],
    ['principal.create', { name: 'SECRET\u0007' }, 'name'],
  ]
  for (const [name, input, field] of cases) {
    assert.throws(
      () => describeCall(name, input as CallInput<OperationName>),
      (error: unknown) => {
        assert.ok(error instanceof ClavigerInputError)
        assert.equal(error.field, field)
        assert.ok(!error.message.includes('SECRET'), error.message)
        return true
      },
    )
  }
  assert.throws(
    () => describeCall('key.get', { key: 'a', colour: 'red' } as CallInput<'key.get'>),
    /colour/,
  )
})

test('what is sent is what the server reads: the row decodes it to the same values', () => {
  check(
    property(
      uint8Array({ maxLength: 100 }),
      string({ minLength: 1, maxLength: 20 }).filter((name) => name !== '__proto__'),
      (plaintext, value) => {
        const context = { [value]: value }
        const { body } = describeCall('encrypt', { key: 'app', plaintext, context })
        const wire = { ...(JSON.parse(body ?? '') as object), key: 'app' }
        const read = operations.encrypt.input.parse(wire)
        assert.deepEqual(Buffer.from(read.plaintext), Buffer.from(plaintext))
        assert.deepEqual({ ...read.context }, context)
      },
    ),
  )
  check(
    property(integer({ min: 0, max: 4_102_444_800_000 }), (activateAt) => {
      const { body } = describeCall('key.create', { activateAt })
      const read = operations['key.create'].input.parse(JSON.parse(body ?? ''))
      assert.equal(read.activateAt, activateAt)
      assert.equal(read.algorithm, 'AES-256-GCM', 'the server fills in what was left out')
    }),
  )
})

test('every row can be called: its input is an object, and every part of its address one of its fields', () => {
  for (const row of Object.values(operations) as Operation[]) {
    assert.ok(row.input instanceof z.ZodObject, row.name)
    for (const [, field = ''] of row.route.matchAll(/\{(\w+)\}/g)) {
      assert.ok(field in row.input.shape, `${row.name}: ${field}`)
    }
  }
})

test('a name that would be lost on the way is refused, wherever it stands', () => {
  const lost = JSON.parse('{"__proto__": "1017"}') as Record<string, string>
  const plaintext = Buffer.from('hi')
  for (const call of [
    () => describeCall('encrypt', { key: 'app', plaintext, context: lost }),
    () => describeCall('decrypt', { ciphertext: Buffer.alloc(98), context: lost }),
    () => describeCall('encryptBatch', { key: 'app', items: [{ plaintext, context: lost }] }),
    () => describeCall('key.create', { labels: lost }),
  ])
    assert.throws(
      call,
      (error: unknown) =>
        error instanceof ClavigerInputError && error.message.includes('called __proto__'),
    )
})
