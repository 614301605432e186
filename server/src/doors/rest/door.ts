import type { InputOf, Operation, OperationName } from '@claviger/contract'
import type { HttpDoor, HttpRequest, HttpResponse } from '#http'
import { toClavigerError, type ClavigerError } from '#model'
import type { Ceremonies, Credential, Gate, GatedName } from '#operations'
import { assertOwnOrigin, cookieCredential, withCookie } from './cookie.ts'
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

/** Longer than any credential of ours. */
const CREDENTIAL_LENGTH_MAX = 8_192

/** One more than the length of a UUID, so that no longer text is cut down to one. */
const ID_LENGTH = 37

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
      const response = isCeremony(name)
        ? answer(row, request, await performCeremony(name, row, request, parameters))
        : await performGated(options.gate, name, row, request, parameters)
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

async function performGated(
  gate: Gate,
  name: GatedName,
  row: Operation,
  request: HttpRequest,
  parameters: Record<string, string>,
): Promise<HttpResponse> {
  const credential = credentialOf(request)
  if (credential.kind === 'cookie') assertOwnOrigin(request)
  let carried = false
  const output: unknown = await gate.perform({
    ...originOf(request),
    operation: name,
    credential,
    read() {
      const input = readInput(row, request, parameters) as InputOf<typeof name>
      carried = isCarried(input, request)
      return input
    },
  })
  const ends = name === 'logout' && credential.kind === 'cookie'
  return withCookie({ carried, ends }, output, (told) => answer(row, request, told))
}

/** Begins an event stream: what is wrong with asking for it is answered as everywhere. */
async function watch(
  { gate, revision }: RestDoorOptions,
  streams: Streams,
  request: HttpRequest,
): Promise<HttpResponse> {
  const credential = credentialOf(request)
  if (credential.kind === 'cookie') assertOwnOrigin(request)
  const input = askedFor(request)
  let owner = { tenant: '', principal: '' }
  const list: ListNotices = (asked) =>
    gate.perform({
      ...originOf(request),
      operation: 'notice.list',
      credential,
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

function originOf(request: HttpRequest) {
  return {
    door: 'rest',
    source: request.source,
    secure: request.secure,
    request: request.id,
    stepUp: idIn(request, 'claviger-step-up'),
    approval: idIn(request, 'claviger-approval'),
  }
}

/** Whether a new login goes into a cookie; only a page of this server may ask for that. @throws ClavigerError forbidden */
function isCarried(input: object, request: HttpRequest): boolean {
  const carried = 'carrier' in input && input.carrier === 'cookie'
  if (carried) assertOwnOrigin(request)
  return carried
}

/** What the caller presents; whether it is good is for the gate. */
function credentialOf(request: HttpRequest): Credential {
  const header = request.headers['authorization']
  if (header === undefined)
    return cookieCredential(request) ?? certificateCredential(request) ?? { kind: 'none' }
  if (typeof header !== 'string' || header.length > CREDENTIAL_LENGTH_MAX) return { kind: 'none' }
  const space = header.indexOf(' ')
  if (space !== 6 || header.slice(0, space).toLowerCase() !== 'bearer') return { kind: 'none' }
  return { kind: 'bearer', token: header.slice(space + 1).trim(), ...meantPrincipal(request) }
}

/** Who a caller says it is to be, where its certificate or identity token may be several. */
function meantPrincipal({ headers }: HttpRequest): { readonly principal?: string } {
  const principal = headers['claviger-principal']
  return typeof principal === 'string' ? { principal } : {}
}

/** An id in a header; what is no id is looked for too, and not found. */
function idIn(request: HttpRequest, header: string): string | undefined {
  const value = request.headers[header]
  return typeof value === 'string' ? value.slice(0, ID_LENGTH) : undefined
}

/** Of a connection that began with a client certificate which an authority of ours vouches for. */
function certificateCredential(request: HttpRequest): Credential | undefined {
  const { certificate } = request
  if (certificate === undefined) return undefined
  return { kind: 'certificate', certificate, ...meantPrincipal(request) }
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
