import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openApi, operations, type Operation, type OperationName } from '@claviger/contract'
import { dropDefaultApprovals } from '../harness/default-approvals.ts'
import { putBehindGlass } from '../harness/emergency.ts'
import { startHouse } from '../harness/house.ts'
import { linkAnswer } from '../harness/inputs-of-providers.ts'
import { inputsFor } from '../harness/inputs.ts'
import { TestProvider } from '../harness/login-provider.ts'
import { addPasskey } from '../harness/passkey-person.ts'
import { codeAt, enrolled, PASSWORD } from '../harness/person.ts'
import type { Sent } from './client.ts'
import { requestOf } from './client.ts'
import { conforms, type Schema } from './json-schema.ts'
import { json, type Answer } from './problem.ts'
import { restDoorOver } from './socket-free.ts'

/**
 * Every operation, once with success through the door; and the OpenAPI document, which must be well formed, have every route, and
 * describe each of those requests and answers.
 */

const house = await startHouse()
after(() => house.close())
const { owner, door } = restDoorOver(house)
const inputs = inputsFor(house)

interface Content {
  readonly schema: Schema
}
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly schema: Schema
}
interface Described {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: readonly object[]
  readonly parameters: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, Content> }
  readonly responses: Record<
    string,
    { readonly description: string; readonly content: Record<string, Content> }
  >
}
interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly license: object }
  readonly paths: Record<string, Record<string, Described>>
  readonly components: {
    readonly schemas: Record<string, Schema>
    readonly parameters: Record<string, Parameter>
    readonly securitySchemes: Record<string, { readonly type: string; readonly name?: string }>
  }
  readonly security: readonly Record<string, readonly string[]>[]
}

const answered = await owner.send({ method: 'GET', path: '/v1/openapi.json' })
const document = json(answered) as Document
const names = Object.keys(operations) as OperationName[]

function rowOf(name: OperationName): Operation {
  return operations[name]
}

function describedBy(name: OperationName): {
  readonly path: string
  readonly described: Described
} {
  const [method = '', path = ''] = rowOf(name).route.split(' ')
  const described = document.paths[path]?.[method.toLowerCase()]
  assert.ok(described !== undefined, `${name} is not described`)
  return { path, described }
}

/** Those of headers that several operations have stand in one place. */
function parametersOf({ parameters }: Described): readonly Parameter[] {
  return parameters.map((each) => {
    if (!('$ref' in each)) return each
    const found = document.components.parameters[each.$ref.replace('#/components/parameters/', '')]
    assert.ok(found, each.$ref)
    return found
  })
}

test('the document is OpenAPI 3.1, and is asked for without a token', async () => {
  assert.match(document.openapi, /^3\.1\.\d$/)
  assert.match(document.info.version, /^\d+\.\d+\.\d+$/)
  const anonymous = await owner.as(undefined).send({ method: 'GET', path: '/v1/openapi.json' })
  assert.deepEqual(anonymous.body, answered.body)
  assert.deepEqual(JSON.parse(JSON.stringify(openApi(document.info.version))), document)
})

test('it has every route and no other, each under a name of its own', () => {
  const described = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  assert.deepEqual(
    described.map(({ operationId }) => operationId).toSorted(),
    [...names, 'metrics', 'notice.watch'].toSorted(),
  )
  for (const name of names) {
    const { path, described: each } = describedBy(name)
    assert.equal(each.operationId, name)
    assert.ok(each.summary.length > 0)
    assert.equal(each.tags.length, 1)
    assert.equal(each.security?.length === 0, rowOf(name).action === 'none', name)
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const all = parametersOf(each)
    const parameters = all.filter((parameter) => parameter.in === 'path')
    assert.deepEqual(
      parameters.map((parameter) => parameter.name),
      inPath,
    )
    for (const parameter of parameters) assert.equal(parameter.required, true)
    assert.equal(
      new Set(all.map((parameter) => `${parameter.in} ${parameter.name}`)).size,
      all.length,
    )
    for (const [status, response] of Object.entries(each.responses)) {
      assert.match(status, /^(200|[45]\d\d)$/)
      assert.ok(response.description.length > 0)
      assert.ok(Object.keys(response.content).length > 0)
    }
    assert.ok('200' in each.responses)
  }
})

test('every reference leads somewhere, and every security scheme is one', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)]
  assert.ok(references.length > 0)
  const { components } = document
  for (const [, reference = ''] of references) {
    const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(\w+)$/.exec(reference) ?? []
    assert.ok(kind === 'schemas' || kind === 'parameters', reference)
    assert.ok(name in components[kind], reference)
  }
  const asked = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap((each) => each.security ?? [])
  for (const requirement of [...document.security, ...asked])
    for (const name of Object.keys(requirement)) assert.ok(name in components.securitySchemes, name)
})

/** Whether a request and its answer are as the document describes them. */
function assertDescribed(name: OperationName, sent: Sent, answer: Answer): void {
  const { described } = describedBy(name)
  const { components } = document
  const query = new URLSearchParams(sent.path.split('?')[1])
  for (const parameter of parametersOf(described).filter((each) => each.in === 'query')) {
    const text = query.get(parameter.name)
    query.delete(parameter.name)
    if (text === null) assert.equal(parameter.required, false, `${name}: ${parameter.name}`)
    else {
      // OpenAPI's style form: a number is written as its digits.
      const value = parameter.schema.type === 'integer' ? Number(text) : text
      assert.deepEqual(
        conforms(value, parameter.schema, components),
        [],
        `${name}: ${parameter.name}`,
      )
    }
  }
  assert.deepEqual([...query.keys()], [], name)
  if (sent.method !== 'GET') {
    const schema = described.requestBody?.content['application/json']?.schema
    const body = JSON.parse(String(sent.body)) as Record<string, unknown>
    if (schema === undefined) assert.deepEqual(body, {}, name)
    else assert.deepEqual(conforms(body, schema, components), [], name)
  }
  const { content = {} } = described.responses[String(answer.status)] ?? {}
  const type = String(answer.headers['content-type'])
  const schema = content[type]?.schema
  assert.ok(schema, `${name}: ${answer.status} as ${type}`)
  if (type.endsWith('json')) {
    const body: unknown = JSON.parse(answer.body.toString('utf8'))
    assert.deepEqual(conforms(body, schema, components), [], name)
  } else assert.equal(schema['format'], 'binary')
}

/** What the owner sends to do an operation, from the inputs that succeed for whoever may do it. */
async function requestFor(name: keyof typeof inputs): Promise<Sent> {
  const row = rowOf(name)
  return requestOf(name, row.input.encode(await inputs[name]()) as Record<string, unknown>)
}

const done = new Set<OperationName>()

/** What only a person's login does, and with what. */
const personal: Readonly<
  Record<string, (token: string, code: string) => object | Promise<object>>
> = {
  'login.stepUpChallenge': async (token) => {
    await addPasskey(house, token)
    return {}
  },
  'login.stepUp': (_token, code) => ({ code }),
  'approval.challenge': async (token) => {
    await addPasskey(house, token)
    const { principal } = await house.perform('whoami', {}, { token })
    const scope = { kind: 'tenant' as const }
    await house.perform('binding.create', { role: 'approver', principal: principal.id, scope })
    return inputs['approval.challenge']()
  },
  'login.deviceConfirm': async () => ({
    userCode: (await house.perform('login.deviceStart', {})).userCode,
  }),
  'login.providerLinks': () => ({}),
  'login.providerLinkStart': () => inputs['login.providerLinkStart'](),
  'login.providerLink': async (token) => {
    const { provider } = await inputs['login.providerLinkStart']()
    const shared = await TestProvider.shared()
    return linkAnswer(house, shared, { provider, subject: 'alice', token })
  },
  'login.providerUnlink': async (token) => {
    const { provider } = await inputs['login.providerLinkStart']()
    const shared = await TestProvider.shared()
    const answer = await linkAnswer(house, shared, { provider, subject: 'alice', token })
    await house.perform('login.providerLink', answer, { token })
    return { provider }
  },
  'login.providerLogout': () => ({}),
  logout: () => ({}),
  'factor.begin': () => ({ kind: 'totp' }),
  'factor.add': async (token) => {
    const { id, totp } = await house.perform('factor.begin', { kind: 'totp' }, { token })
    return { ceremony: id, code: codeAt(totp?.secret ?? '', house.clock.now()) }
  },
  'factor.renewCodes': () => ({}),
  'breakGlass.open': async (token) => {
    const { principal } = await house.perform('whoami', {}, { token })
    await house.perform('role.create', {
      role: 'on-call',
      summary: '',
      actions: ['breakGlass.open'],
    })
    await house.perform('binding.create', {
      role: 'on-call',
      principal: principal.id,
      scope: { kind: 'tenant' },
    })
    const { id: glass, code } = await putBehindGlass(house)
    return { glass, code, reason: 'fire' }
  },
  'password.change': () => ({ current: PASSWORD, password: 'nine unrelated brown horses' }),
}

for (const [name, input] of Object.entries(personal) as [
  OperationName,
  (typeof personal)[string],
][]) {
  test(`${name}: done by a person, and described`, async () => {
    const { token, code } = await enrolled(house)
    const sent = requestOf(name, (await input(token, code(1))) as Record<string, unknown>)
    assert.equal((await owner.as(undefined).send(sent)).status, 401)
    const answer = await owner.as(token).send(sent)
    assert.equal(answer.status, 200, answer.body.toString())
    assertDescribed(name, sent, answer)
    done.add(name)
  })
}

for (const name of Object.keys(inputs) as (keyof typeof inputs)[]) {
  if (name in personal) continue
  if (operations[name].action === 'none') {
    test(`${name}: done without a token, and described`, async () => {
      const sent = await requestFor(name)
      const answer = await owner.as(undefined).send(sent)
      assert.equal(answer.status, 200, answer.body.toString())
      assertDescribed(name, sent, answer)
      done.add(name)
    })
    continue
  }
  test(`${name}: done, described, and refused without a token`, async () => {
    const sent = await requestFor(name)
    const anonymous = await owner.as(undefined).send(sent)
    // What proves who one is needs no other credential.
    assert.equal(anonymous.status, rowOf(name).action === 'none' ? 200 : 401)
    const answer = await owner.send(sent)
    assert.equal(answer.status, 200, answer.body.toString())
    assertDescribed(name, sent, answer)
    assertDescribed(name, sent, anonymous)
    done.add(name)
    if (name === 'system.reissueSeal') {
      house.shares = (json(answer) as { shares: string[] }).shares
    }
    if (name === 'approvalPolicy.createDefaults') await dropDefaultApprovals(house)
    if (name === 'system.seal') {
      for (const share of house.shares) await owner.call('system.unseal', { share })
    }
  })
}

test('what needs no token: the condition of the server, and its ceremonies', async () => {
  for (const name of ['system.health', 'system.ready', 'system.status'] as const) {
    const sent = requestOf(name, {})
    const answer = await owner.as(undefined).send(sent)
    assert.equal(answer.status, 200)
    assertDescribed(name, sent, answer)
    done.add(name)
  }
  await owner.call('system.seal', {})
  const [share = ''] = house.shares
  const unseal = requestOf('system.unseal', { share })
  assertDescribed('system.unseal', unseal, await owner.as(undefined).send(unseal))
  for (const each of house.shares.slice(1)) await owner.call('system.unseal', { share: each })
  done.add('system.unseal')
  const init = requestOf('system.init', { seal: { kind: 'shares', shares: 3, threshold: 2 } })
  const refused = await owner.send(init)
  assert.equal(refused.status, 409)
  assertDescribed('system.init', init, refused)
  // With success it is where a server begins, in system.test.ts.
  done.add('system.init')
})

test('no operation was left out', () => {
  assert.deepEqual([...done].toSorted(), names.toSorted())
})

test('how large a body may be is for each address to say', () => {
  for (const name of names) {
    const row = rowOf(name)
    const [method = '', path = ''] = row.route.split(' ')
    assert.equal(door.bodyLimit(method, path.replaceAll(/[{}]/g, '')), row.bodyBytesMax ?? 524_288)
  }
})
