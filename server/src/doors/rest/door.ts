import {
  BODY_BYTES_MAX,
  operations,
  type InputOf,
  type Operation,
  type OperationName,
} from '@claviger/contract'
import { addRoute, createRouter, findRoute } from 'rou3'
import type { HttpDoor, HttpRequest, HttpResponse } from '#http'
import { ClavigerError, toClavigerError } from '#model'
import type { Ceremonies, Credential, Gate, GatedName } from '#operations'
import { problem } from './problem.ts'
import { readInput } from './wire.ts'

/** The native REST door: routes, bodies and answers are derived from the contract's rows. */

export interface RestDoorOptions {
  readonly gate: Gate
  readonly ceremonies: Ceremonies
  /** Answers of the server about itself, which need no credential. */
  readonly status: () => unknown
  /** @throws ClavigerError where the server cannot serve */
  readonly assertReady: () => void
  /** The OpenAPI document as text; made when it is first asked for. */
  readonly openApi: () => string
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** Told of every answer: how long it took and how it ended. */
  readonly observe: (operation: string, code: string, milliseconds: number) => void
  /** Told of every error that is the server's own fault, with its cause. */
  readonly reportFailure: (request: string, error: ClavigerError) => void
  /** Milliseconds from some fixed point, for durations. */
  readonly elapsed: () => number
}

interface Route {
  readonly name: OperationName
  readonly row: Operation
}

type Match =
  | {
      readonly kind: 'operation'
      readonly route: Route
      readonly parameters: Record<string, string>
    }
  | { readonly kind: 'openapi' }
  | { readonly kind: 'metrics' }

/** Longer than any credential of ours. */
const CREDENTIAL_LENGTH_MAX = 4_096

const json = { 'content-type': 'application/json', 'cache-control': 'no-store' }

/** A path of the contract as the router writes it; a ledger tile's path goes on over slashes. */
function routerPath(path: string): string {
  return path.replace('{path}', '**:path').replaceAll(/\{(\w+)\}/g, ':$1')
}

export function createRestDoor(options: RestDoorOptions): HttpDoor {
  const router = createRouter<Route>()
  let openApi: string | undefined
  for (const [name, row] of Object.entries(operations) as [OperationName, Operation][]) {
    const [method = '', path = ''] = row.route.split(' ')
    addRoute(router, method, routerPath(path), { name, row })
  }

  /** The router passes over a slash at the end: `/v1/keys/` would list keys where a reference was left empty. */
  function find(method: string, path: string) {
    return path.endsWith('/') ? undefined : findRoute(router, method, path)
  }

  function methodsAt(path: string): string[] {
    if (path === '/v1/openapi.json' || path === '/metrics') return ['GET']
    return ['GET', 'POST', 'PATCH', 'DELETE'].filter((method) => find(method, path) !== undefined)
  }

  /** @throws ClavigerError no_route, method_not_allowed, invalid_request */
  function match(method: string, path: string): Match {
    if (method === 'GET' && path === '/v1/openapi.json') return { kind: 'openapi' }
    if (method === 'GET' && path === '/metrics') return { kind: 'metrics' }
    const found = find(method, path)
    if (found === undefined) {
      const others = methodsAt(path)
      if (others.length > 0)
        throw new ClavigerError('method_not_allowed', `Use ${others.join(' or ')} at this address`)
      throw new ClavigerError(
        'no_route',
        'There is nothing at this address; GET /v1/openapi.json lists what there is',
      )
    }
    return { kind: 'operation', route: found.data, parameters: decodeParameters(found.params) }
  }

  async function performCeremony(
    name: string,
    row: Operation,
    request: HttpRequest,
    parameters: Record<string, string>,
  ): Promise<unknown> {
    const input = readInput(row, request, parameters)
    const origin = { door: 'rest', source: request.source, request: request.id }
    switch (name) {
      case 'system.health':
        return { status: 'ok' }
      case 'system.ready':
        options.assertReady()
        return { status: 'ready' }
      case 'system.init':
        return options.ceremonies.init(input as InputOf<'system.init'>, origin)
      case 'system.unseal':
        await options.ceremonies.unseal(input as InputOf<'system.unseal'>, origin)
        return options.status()
      default:
        return options.status()
    }
  }

  async function respond(request: HttpRequest): Promise<HttpResponse> {
    const started = options.elapsed()
    let operation = 'none'
    try {
      const matched = match(request.method, request.path)
      if (matched.kind === 'openapi')
        return { status: 200, headers: json, body: (openApi ??= options.openApi()) }
      if (matched.kind === 'metrics') {
        const { contentType, text } = await options.metrics()
        return { status: 200, headers: { 'content-type': contentType }, body: text }
      }
      const { route, parameters } = matched
      const { name, row } = route
      operation = name
      const output = isCeremony(name)
        ? await performCeremony(name, row, request, parameters)
        : await options.gate.perform({
            operation: name,
            credential: credentialOf(request),
            door: 'rest',
            source: request.source,
            request: request.id,
            read: () => readInput(row, request, parameters) as InputOf<typeof name>,
          })
      const response = answer(row, request, output)
      options.observe(operation, 'ok', options.elapsed() - started)
      return response
    } catch (thrown) {
      const error = toClavigerError(thrown)
      if (error.status >= 500) options.reportFailure(request.id, error)
      options.observe(operation, error.code, options.elapsed() - started)
      const allow = error.code === 'method_not_allowed' ? methodsAt(request.path) : undefined
      return problem(error.code, error.message, request.id, error.field, allow)
    }
  }

  return {
    bodyLimit(method, path) {
      const found = findRoute(router, method, path)
      // What has no route is read all the same, up to the common limit, to be told so.
      return found === undefined ? BODY_BYTES_MAX : (found.data.row.bodyBytesMax ?? BODY_BYTES_MAX)
    },
    respond,
    refuse: (code, id) => problem(code, refusals[code], id),
  }
}

const refusals = {
  invalid_request: 'The request is not HTTP/1.1',
  payload_too_large: 'The body is larger than this operation takes',
  request_timeout:
    'The request did not arrive in time: headers within 10 seconds, everything within 30',
  headers_too_large: 'The headers are larger than 16 KiB',
  shutting_down: 'The server is stopping',
}

const ceremonies: ReadonlySet<string> = new Set([
  'system.health',
  'system.ready',
  'system.status',
  'system.init',
  'system.unseal',
])

function isCeremony(name: OperationName): name is Exclude<OperationName, GatedName> {
  return ceremonies.has(name)
}

/** What the caller presents; whether it is good is for the gate. */
function credentialOf(request: HttpRequest): Credential {
  const header = request.headers['authorization']
  if (typeof header !== 'string' || header.length > CREDENTIAL_LENGTH_MAX) return { kind: 'none' }
  const space = header.indexOf(' ')
  if (space !== 6 || header.slice(0, space).toLowerCase() !== 'bearer') return { kind: 'none' }
  return { kind: 'bearer', token: header.slice(space + 1).trim() }
}

function decodeParameters(encoded: Record<string, string> | undefined): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const [name, value] of Object.entries(encoded ?? {})) {
    try {
      parameters[name] = value.includes('%') ? decodeURIComponent(value) : value
    } catch {
      throw new ClavigerError('invalid_request', `${name}: is not valid percent-encoding`, {
        field: name,
      })
    }
  }
  return parameters
}

function answer(row: Operation, request: HttpRequest, output: unknown): HttpResponse {
  const field = row.octets?.output
  const wantsOctets =
    field !== undefined &&
    String(request.headers['accept'] ?? '').includes('application/octet-stream')
  if (field !== undefined && (wantsOctets || field === 'body'))
    return octets(row, field, output as Record<string, unknown>, request)
  return {
    status: 200,
    headers: { ...json, 'claviger-request': request.id },
    body: JSON.stringify(row.output.encode(output as never)),
  }
}

function octets(
  row: Operation,
  field: string,
  output: Record<string, unknown>,
  request: HttpRequest,
): HttpResponse {
  return {
    status: 200,
    headers: {
      'content-type': row.octets?.type ?? 'application/octet-stream',
      'cache-control': 'no-store',
      // The ledger has the operation under this id.
      'claviger-request': request.id,
      ...(typeof output['key'] === 'string'
        ? { 'claviger-key': output['key'], 'claviger-version': String(output['version']) }
        : {}),
    },
    body: output[field] as Uint8Array,
  }
}
