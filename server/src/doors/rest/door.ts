import type { InputOf, Operation, OperationName } from '@claviger/contract'
import type { HttpDoor, HttpRequest, HttpResponse } from '#http'
import { toClavigerError, type ClavigerError } from '#model'
import type { Ceremonies, Gate, GatedName } from '#operations'
import { RestCall, RestOrigin } from './call.ts'
import { withCookie } from './cookie.ts'
import { askedFor, stream, Streams, type ListNotices } from './events.ts'
import { demandsOf, problem } from './problem.ts'
import { Routes } from './routes.ts'
import { encodeOutput, readInput } from './wire.ts'

/** The native REST door: routes, bodies and answers are derived from the contract's rows. */

export interface RestDoorOptions {
  readonly gate: Gate
  readonly ceremonies: Ceremonies
  /** Answers of the server about itself, which need no credential. */
  readonly status: () => unknown
  /** @throws ClavigerError where the server cannot serve */
  readonly assertReady: () => void
  /** The ledger's revision: event streams look when it moves. */
  readonly revision: () => number
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

const json = { 'content-type': 'application/json', 'cache-control': 'no-store' }

export function createRestDoor(options: RestDoorOptions): HttpDoor {
  const routes = new Routes()
  const streams = new Streams()
  let openApi: string | undefined

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
      const matched = routes.match(request.method, request.path)
      if (matched.kind === 'openapi')
        return { status: 200, headers: json, body: (openApi ??= options.openApi()) }
      if (matched.kind === 'metrics') {
        const { contentType, text } = await options.metrics()
        return { status: 200, headers: { 'content-type': contentType }, body: text }
      }
      if (matched.kind === 'events') {
        operation = 'notice.list'
        return await watch(options, streams, request)
      }
      const { route, parameters } = matched
      const { name, row } = route
      operation = name
      let response: HttpResponse
      if (isCeremony(name)) {
        response = answer(row, request, await performCeremony(name, row, request, parameters))
      } else {
        // Awaited here: each function between costs a turn of the queue of microtasks (docs/performance.md, point 18).
        const call = new RestCall(name, row, request, parameters)
        response = answerTo(call, row, request, await options.gate.perform(call))
      }
      options.observe(operation, 'ok', options.elapsed() - started)
      return response
    } catch (thrown) {
      const error = toClavigerError(thrown)
      if (error.status >= 500) options.reportFailure(request.id, error)
      options.observe(operation, error.code, options.elapsed() - started)
      const allow = error.code === 'method_not_allowed' ? routes.methodsAt(request.path) : undefined
      return problem(error.code, error.message, request.id, error.field, allow, demandsOf(error))
    }
  }

  return {
    bodyLimit: (method, path) => routes.bodyLimit(method, path),
    respond,
    refuse: (code, id) => problem(code, refusals[code], id),
  }
}

/** With the cookie of a login that begins, goes on or ends with this call. */
function answerTo(
  call: RestCall<GatedName>,
  row: Operation,
  request: HttpRequest,
  output: unknown,
): HttpResponse {
  const ends = call.operation === 'logout' && call.credential.kind === 'cookie'
  if (!ends && !call.carried) return answer(row, request, output)
  return withCookie({ carried: call.carried, ends }, output, (told) => answer(row, request, told))
}

/** Begins an event stream: what is wrong with asking for it is answered as everywhere. */
async function watch(
  { gate, revision }: RestDoorOptions,
  streams: Streams,
  request: HttpRequest,
): Promise<HttpResponse> {
  const origin = new RestOrigin(request)
  const input = askedFor(request)
  let owner = { tenant: '', principal: '' }
  const list: ListNotices = (asked) =>
    gate.perform({
      ...origin,
      operation: 'notice.list',
      read: () => asked,
      told: ({ caller }) => {
        if (caller !== undefined) owner = { tenant: caller.tenant, principal: caller.principal }
      },
    })
  const first = await list(input)
  const release = streams.take(owner)
  return {
    status: 200,
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'claviger-request': request.id,
    },
    body: '',
    async *stream(gone) {
      try {
        yield* stream({ input, first, list, revision }, gone)
      } finally {
        release()
      }
    },
  }
}

const refusals = {
  invalid_request: 'The request is not HTTP/1.1',
  payload_too_large: 'The body is larger than this operation takes',
  request_timeout:
    'The request did not arrive in time: headers within 10 seconds, everything within 30',
  headers_too_large: 'The headers are larger than 16 KiB',
  overloaded: 'Too many large requests are under way; try again later',
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
    body: encodeOutput(row, output),
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
