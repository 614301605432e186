import type { HttpDoor, HttpRequest, HttpResponse } from '#http'
import type { ClavigerError } from '#model'
import type { Gate, GatedName } from '#operations'
import { BODY_BYTES_MAX } from './deserialize.ts'
import { encodeAnswer } from './encode.ts'
import { Errand } from './errand.ts'
import { toAwsException } from './errors.ts'
import { AwsException, encodeException } from './exceptions.ts'
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

export function createAwsDoor(options: AwsDoorOptions): HttpDoor {
  const { gate } = options

  async function respond(request: HttpRequest): Promise<HttpResponse> {
    const started = options.elapsed()
    const id = requestUuid(request.id)
    let operation = 'none'
    try {
      const read = readRequest(request, options.prefix === '/' ? '/' : prefixOf(request, options))
      operation = read.kind === 'sts' ? 'sts' : read.operation
      let response: HttpResponse
      if (read.kind === 'sts') {
        response = await answerSts(gate, request, read.form, id)
      } else {
        const errand = new Errand(request, read.operation, options.now())
        let output: unknown
        let refused: { readonly thrown: unknown } | undefined
        // Awaited here: each function between costs a turn of the queue of microtasks (docs/performance.md, point 18).
        try {
          output = await gate.perform<GatedName>(errand)
        } catch (thrown) {
          refused = { thrown }
        }
        const answer =
          refused === undefined ? errand.answer(output) : errand.recover(refused.thrown)
        response = encodeAnswer(read.operation, answer as never, id)
      }
      options.observe(operation, 'ok', options.elapsed() - started)
      return response
    } catch (thrown) {
      const exception = toAwsException(thrown, undefined)
      if (exception.status >= 500) options.reportFailure(request.id, exception)
      options.observe(operation, exception.code, options.elapsed() - started)
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
