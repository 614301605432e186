import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openApi, operations, type OperationName } from '@claviger/contract'
import { startHouse } from '../harness/house.ts'
import { twoApprove } from '../harness/two-approve.ts'
import { conforms, type Schema } from './json-schema.ts'
import type { Answer } from './problem.ts'
import { restDoorOver } from './socket-free.ts'

/** What the document says of requests that do not succeed, of headers, of bytes, and of who may ask. */

interface Described {
  readonly security?: readonly object[]
  readonly parameters: readonly { readonly $ref?: string }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> }
  readonly responses: Record<string, { readonly content: Record<string, { schema: Schema }> }>
}

const house = await startHouse()
after(() => house.close())
const { owner } = restDoorOver(house)
const document = JSON.parse(JSON.stringify(openApi('0.0.0'))) as {
  readonly paths: Record<string, Record<string, Described>>
  readonly security: readonly object[]
  readonly components: {
    readonly schemas: Record<string, Schema>
    readonly parameters: Record<string, { readonly name: string; readonly in: string }>
    readonly securitySchemes: Record<string, object>
  }
}

function described(name: OperationName): Described {
  const [method = '', path = ''] = operations[name].route.split(' ')
  const found = document.paths[path]?.[method.toLowerCase()]
  assert.ok(found)
  return found
}

function problemIn({ body }: Answer): Record<string, unknown> {
  return JSON.parse(body.toString()) as Record<string, unknown>
}

function assertDescribed(name: OperationName, answer: Answer): void {
  const type = String(answer.headers['content-type'])
  const schema = described(name).responses[String(answer.status)]?.content[type]?.schema
  assert.ok(schema, `${name}: ${answer.status} as ${type}`)
  assert.deepEqual(conforms(problemIn(answer), schema, document.components), [])
}

test('what is refused before an operation is looked at, or by a rule, is described', async () => {
  const { id: key } = await house.createKey()
  const send = (type: string, body: string) =>
    owner.send({
      method: 'POST',
      path: `/v1/keys/${key}/encrypt`,
      headers: { 'content-type': type },
      body,
    })
  for (const [status, type, body] of [
    [415, 'text/plain', 'x'],
    [413, 'application/octet-stream', 'x'.repeat(65_537)],
  ] as const) {
    const answer = await send(type, body)
    assert.equal(answer.status, status)
    assertDescribed('encrypt', answer)
  }
  await twoApprove(house)
  const answer = await owner.send({
    method: 'POST',
    path: `/v1/keys/${key}/suspend`,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  assert.equal(problemIn(answer)['code'], 'approval_required')
  assertDescribed('key.suspend', answer)
  const { properties } = document.components.schemas['Problem'] as {
    properties: Record<string, unknown>
  }
  for (const name of Object.keys(problemIn(answer))) assert.ok(name in properties, name)
})

test('bytes say how they are written', () => {
  const body = described('encrypt').requestBody?.content['application/json']?.schema
  const fields = body?.['properties'] as Record<string, Schema>
  assert.equal(fields['plaintext']?.['contentEncoding'], 'base64')
  assert.equal(fields['padding']?.['contentEncoding'], undefined)
  const answer = described('key.public').responses['200']?.content['application/json']?.schema
  const told = answer?.['properties'] as Record<string, Schema>
  assert.equal(told['publicKey']?.['contentEncoding'], 'base64')
})

test('who asks is said in one of three ways, and headers are named where they count', () => {
  assert.deepEqual(Object.keys(document.components.securitySchemes), [
    'token',
    'certificate',
    'login',
    'csrf',
  ])
  const withCsrf = [{ token: [] }, { certificate: [] }, { login: [], csrf: [] }]
  assert.deepEqual(document.security, withCsrf)
  assert.deepEqual(described('whoami').security, [
    { token: [] },
    { certificate: [] },
    { login: [] },
  ])
  assert.equal(described('encrypt').security, undefined)
  assert.deepEqual(described('login').security, [])
  const headers = (name: OperationName) =>
    described(name)
      .parameters.map(({ $ref }) => $ref?.split('/').at(-1))
      .filter((header) => header !== undefined)
      .map((header) => document.components.parameters[header]?.name)
  const common = ['Claviger-Principal', 'Claviger-Step-Up', 'Claviger-Approval']
  assert.deepEqual(headers('key.suspend'), common)
  assert.deepEqual(headers('encrypt'), [...common, 'Claviger-Context'])
  assert.deepEqual(headers('login'), [])
})
