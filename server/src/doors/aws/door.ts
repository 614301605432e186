import type { HttpDoor, HttpRequest, HttpResponse } from '#http'
import { readGrantToken, toClavigerError, type ClavigerError } from '#model'
import type { Credential, Gate, GatedName } from '#operations'
import { Asking } from './asking.ts'
import { BODY_BYTES_MAX } from './deserialize.ts'
import { encodeAnswer } from './encode.ts'
import { toAwsException } from './errors.ts'
import { AwsException, encodeException } from './exceptions.ts'
import { dryRunSucceeded } from './failures.ts'
import type { AnyHandler, Common } from './handlers/handler.ts'
import { handlers } from './handlers/index.ts'
import { readInput, type AwsOperation } from './members.ts'
import { dialectOf, readRequest, requestUuid } from './request.ts'
import { encodeStsException } from './sts-xml.ts'
import { answerSts } from './token-service.ts'

/** The door for clients of AWS KMS and STS. */

export interface AwsDoorOptions {
  readonly gate: Gate
  /** Where it is, beside `/`. */
  readonly prefix: string
  /** Told of every answer: how long it took and how it ended. */
  readonly observe: (operation: string, code: string, milliseconds: number) => void
  /** Told of every error that is the server's own fault, with its cause. */
  readonly reportFailure: (request: string, error: ClavigerError) => void
  /** Milliseconds from some fixed point, for durations. */
  readonly elapsed: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const KMS = ['kms']

export function createAwsDoor(options: AwsDoorOptions): HttpDoor {
  const { gate } = options

  async function perform(request: HttpRequest, operation: AwsOperation): Promise<HttpResponse> {
    const row = handlers[operation]
    if (row === undefined) {
      throw new AwsException('UnsupportedOperationException', `${operation} is not supported`)
    }
    const asking = new Asking(operation, regionOf(request), options.now())
    try {
      const output = await ask(gate, request, row, asking)
      return encodeAnswer(operation, output as never, requestUuid(request.id))
    } catch (thrown) {
      throw toAwsException(thrown, asking)
    }
  }

  async function respond(request: HttpRequest): Promise<HttpResponse> {
    const started = options.elapsed()
    let operation = 'none'
    try {
      const read = readRequest(request, options.prefix === '/' ? '/' : prefixOf(request, options))
      operation = read.kind === 'sts' ? 'sts' : read.operation
      const response =
        read.kind === 'sts'
          ? await answerSts(gate, request, read.form, requestUuid(request.id))
          : await perform(request, read.operation)
      options.observe(operation, 'ok', options.elapsed() - started)
      return response
    } catch (thrown) {
      const error = toClavigerError(thrown)
      const exception = toAwsException(thrown, undefined)
      if (exception.status >= 500) options.reportFailure(request.id, error)
      options.observe(operation, exception.code, options.elapsed() - started)
      const id = requestUuid(request.id)
      return dialectOf(request) === 'query'
        ? encodeStsException(exception, id)
        : encodeException(exception, id)
    }
  }

  return {
    bodyLimit: () => BODY_BYTES_MAX,
    respond,
    refuse: (code, id) =>
      encodeException(toAwsException(new AwsException(refusals[code]), undefined), requestUuid(id)),
  }
}

const refusals = {
  invalid_request: 'SerializationException',
  payload_too_large: 'RequestEntityTooLargeException',
  request_timeout: 'DependencyTimeoutException',
  headers_too_large: 'RequestEntityTooLargeException',
  overloaded: 'ThrottlingException',
} as const

/** `/` always serves; the configured prefix beside it. */
function prefixOf(request: HttpRequest, { prefix }: AwsDoorOptions): string {
  return request.path === '/' ? '/' : prefix
}

/** One operation through the gate. */
async function ask(
  gate: Gate,
  request: HttpRequest,
  row: AnyHandler,
  asking: Asking,
): Promise<unknown> {
  let input: unknown
  try {
    const output = await gate.perform<GatedName>({
      operation: row.native,
      credential: credentialOf(request),
      door: 'aws',
      source: request.source,
      secure: request.secure,
      request: request.id,
      region: asking.region,
      kmsOperation: asking.operation,
      isRehearsal: () => asking.dryRun,
      read(caller) {
        asking.believe(caller)
        input = readInput(asking.operation, request.body)
        const { DryRun, GrantTokens = [] } = input as Common
        assertGrantTokens(GrantTokens)
        asking.dryRun = DryRun === true
        return row.input(input, asking)
      },
      told(facts) {
        asking.facts = facts
      },
      examine(key, current, reference) {
        asking.meet(key, current, reference)
        row.examine?.(key, input, asking)
      },
    })
    // What was found not to be valid is told by the answer, also where only this is asked.
    const answer = row.output(output, input, asking)
    if (asking.dryRun) throw dryRunSucceeded()
    return answer
  } catch (thrown) {
    const error = toClavigerError(thrown)
    const recovered =
      input === undefined || thrown instanceof AwsException
        ? undefined
        : row.recover?.(error, input, asking)
    if (recovered === undefined) throw thrown
    if (recovered instanceof AwsException) throw recovered
    return recovered.output
  }
}

/** Grants are in force without their tokens; what is given as one must still be one. @throws AwsException */
function assertGrantTokens(tokens: readonly string[]): void {
  if (tokens.some((token) => readGrantToken(token) === undefined))
    throw new AwsException('InvalidGrantTokenException', 'The grant token is not valid')
}

/** What the caller presents; whether it is good is for the gate. */
function credentialOf(request: HttpRequest): Credential {
  const { method, path, query, body } = request
  return {
    kind: 'signed',
    services: KMS,
    request: { method, path, query, headers: request.distinctHeaders(), body },
  }
}

/** The region of the credential's scope; the signature covers it, and nothing hangs on it that a caller may not choose. */
function regionOf(request: HttpRequest): string {
  const header = request.headers['authorization']
  const scope =
    typeof header === 'string'
      ? /Credential=[^/,]*\/\d{8}\/([a-z0-9][a-z0-9-]{0,62})\//.exec(header)
      : null
  return scope?.[1] ?? 'us-east-1'
}
