import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import {
  operations,
  type ErrorCode,
  type Operation,
  type OperationName,
  type Problem,
  type WireInputOf,
  type WireOutputOf,
} from '@claviger/contract'
import type { HttpDoor } from '#http'
import { assertProblem, json, type Answer } from './problem.ts'

/** A caller of the REST door, derived from the contract but sharing no code with the SDK or the door. */

export interface Sent {
  readonly method: string
  /** With its query, percent-encoded. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** Carries a request to a door and its answer back. */
export type Transport = (sent: Sent) => Promise<Answer>

const agents: Agent[] = []

/** Over a socket, kept open for the next request. */
export function overHttp(address: string): Transport {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  agents.push(agent)
  return ({ method, path, headers = {}, body }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest(
      `${address}${path}`,
      { method, agent, headers: { ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
    return promise
  }
}

/** Straight into a door, without a socket. */
export function intoDoor(door: HttpDoor): Transport {
  let count = 0
  return async ({ method, path, headers = {}, body = '' }) => {
    const mark = path.indexOf('?')
    count += 1
    const lowerCase = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const answer = await door.respond({
      method,
      path: mark === -1 ? path : path.slice(0, mark),
      query: mark === -1 ? '' : path.slice(mark + 1),
      headers: lowerCase,
      distinctHeaders: () => lowerCase,
      body: Buffer.from(body as string),
      source: '127.0.0.1',
      id: `00000000-${count.toString(36)}`,
    })
    return { ...answer, body: Buffer.from(answer.body as string) }
  }
}

/** A value as it stands in an address, also one that nobody should put there. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** Where the fields of an operation travel. */
export function requestOf(name: OperationName, input: Readonly<Record<string, unknown>>): Sent {
  const row = operations[name] as unknown as Operation
  const [method = '', template = ''] = row.route.split(' ')
  const rest = new Map(Object.entries(input))
  const path = template.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = text(rest.get(field))
    rest.delete(field)
    return field === 'path' ? value : encodeURIComponent(value)
  })
  if (method === 'GET') {
    const query = new URLSearchParams()
    for (const [field, value] of rest) if (value !== undefined) query.set(field, text(value))
    return { method, path: query.size === 0 ? path : `${path}?${query.toString()}` }
  }
  return {
    method,
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(Object.fromEntries(rest)),
  }
}

/** Codes that the row of an operation may be silent about: they say nothing of what it does. */
const ANYWHERE: readonly ErrorCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'unsupported_media_type',
  'payload_too_large',
  'too_many_requests',
  'integrity_failed',
  'internal',
  'not_initialized',
  'sealed',
  'ledger_unavailable',
  'shutting_down',
]

function documented(name: OperationName): ReadonlySet<ErrorCode> {
  return new Set<ErrorCode>([...ANYWHERE, ...operations[name].errors])
}

export class Client {
  readonly token: string | undefined
  readonly #transport: Transport

  constructor(transport: Transport, token: string | undefined) {
    this.#transport = transport
    this.token = token
  }

  /** The same server, another token. */
  as(token: string | undefined): Client {
    return new Client(this.#transport, token)
  }

  /** Sends anything, with the token unless another authorization is given. */
  send(sent: Sent): Promise<Answer> {
    const authorization = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }
    return this.#transport({ ...sent, headers: { ...authorization, ...sent.headers } })
  }

  /** Does an operation; the answer is checked against the row. */
  async call<Name extends OperationName>(
    name: Name,
    input: WireInputOf<Name>,
  ): Promise<WireOutputOf<Name>> {
    const answer = await this.send(requestOf(name, input))
    assert.equal(answer.status, 200, `${name}: ${answer.body.toString('utf8').slice(0, 500)}`)
    assert.match(String(answer.headers['claviger-request']), /^[0-9a-f]{8}-[0-9a-z]+$/)
    const output = json(answer)
    const decoded = operations[name].output.safeDecode(output as never)
    assert.ok(decoded.success, `${name}: the answer is not what the contract says`)
    return output as WireOutputOf<Name>
  }

  /** Expects an operation to be refused with a code. The input may be anything. */
  async refuse(
    code: ErrorCode,
    name: OperationName,
    input: Readonly<Record<string, unknown>>,
  ): Promise<Problem> {
    assert.ok(documented(name).has(code), `${name}: ${code} is not in its row`)
    return assertProblem(await this.send(requestOf(name, input)), code)
  }

  /** The number of durable changes and of entries. */
  async standing(): Promise<{ readonly revision: number; readonly entries: number }> {
    const { revision, entries } = await this.call('ledger.head', {})
    return { revision, entries }
  }
}

/** Closes what the clients hold open. */
export function closeClients(): void {
  for (const agent of agents.splice(0)) agent.destroy()
}

/** Bytes or text as they stand in JSON. */
export function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as string).toString('base64')
}

export function bytes(text: string | undefined): Buffer {
  assert.ok(text !== undefined)
  return Buffer.from(text, 'base64')
}
