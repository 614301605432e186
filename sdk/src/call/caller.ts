import type { Operation } from '@claviger/contract'
import { ClavigerConnectionError, ClavigerInputError } from '../errors.ts'
import type { CallOptions, RowInput, RowOutput } from '../types.ts'
import { type Answer, readAnswer } from './answer.ts'
import { describeRequest } from './request.ts'
import { ATTEMPTS_DEFAULT, tryAgain } from './try-again.ts'

/** How long one call may take, in milliseconds, unless told otherwise. Making an RSA-4096 key takes seconds. */
export const TIMEOUT_MS_DEFAULT = 30_000

/** What is needed of `fetch`, which is one of these. An error of the network holds its code, or has a cause that does. */
export type Fetch = (
  url: string,
  request: {
    readonly method?: string
    readonly headers: Record<string, string>
    /** An answer that leads elsewhere is an error. */
    readonly redirect: 'error'
    /** Ends the request, and the reading of its answer. */
    readonly signal: AbortSignal
    readonly body?: string
  },
) => Promise<Answer>

export interface ClientOptions {
  /** The server's base URL, such as https://kms.example:8300. */
  readonly address: string
  /** A bearer token, or that of a login. Operations that need no credential work without it. */
  readonly token?: string | undefined
  readonly fetch?: Fetch | undefined
  /** For the call and its repetitions together; 30 seconds unless given. */
  readonly timeoutMs?: number | undefined
  /** How often a call is sent while the server is too busy to do it; 3 unless given. */
  readonly attempts?: number | undefined
  /** Sends the token over plain HTTP to another machine, where everyone on the way can read it. */
  readonly insecurePlainHttp?: boolean | undefined
}

/** The headers of a call's options, and the shape of an id that may stand in them. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const optionHeaders = Object.freeze({
  approval: 'claviger-approval',
  stepUp: 'claviger-step-up',
} as const)

function headersOf(options: CallOptions): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of ['approval', 'stepUp'] as const) {
    const id = options[name]
    if (id === undefined) continue
    if (!ID.test(id)) throw new ClavigerInputError(name, 'must be a lower-case UUID')
    headers[optionHeaders[name]] = id
  }
  return headers
}

const TOKEN = /^[\x21-\x7e]{1,4096}$/

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** The base URL without its last slash, or a ClavigerInputError that says what is wrong with it. */
export function checkedAddress(options: ClientOptions): { address: string; readable: boolean } {
  const url = URL.parse(options.address)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ClavigerInputError('address', 'must be a URL such as https://kms.example:8300')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ClavigerInputError('address', 'must have no user name, query or fragment')
  }
  const plain = url.protocol === 'http:' && !isLoopback(url.hostname)
  const readable = plain && options.insecurePlainHttp !== true
  if (readable && options.token !== undefined) throw shown('the token')
  return { address: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, readable }
}

function shown(what: string): ClavigerInputError {
  return new ClavigerInputError(
    'address',
    `is plain HTTP to another machine, which would show ${what} to everyone on the way; use https`,
  )
}

/** The system's name of a network error: it stands in the cause of what fetch throws, and holds nothing of the request. */
function networkReason(error: unknown): string {
  let inner = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0] as unknown
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code
  return 'network error'
}

const ADVICE: Readonly<Record<string, string>> = Object.freeze({
  ECONNREFUSED: 'nothing listens there: is the server running, and is this its port?',
  ENOTFOUND: 'the host name does not resolve: check the address.',
  ECONNRESET: 'the connection was cut: does the server speak TLS there (https)?',
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is not trusted: give the authority's certificate.",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is not trusted: give the authority's certificate.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the certificate is not trusted: give the authority's certificate.",
  CERT_HAS_EXPIRED: "the server's certificate has expired: renew it.",
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for another name: use the name it was made for.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS there: is it http?',
  EPROTO: 'the server does not speak TLS there: is it http?',
  HPE_INVALID_CONSTANT: 'what answers there does not speak HTTP: is this its port?',
  REDIRECT: 'it leads elsewhere, and the request does not follow: give the address it leads to.',
})

function unreachable(address: string, error: unknown): ClavigerConnectionError {
  const reason = networkReason(error)
  const advice = ADVICE[reason] ?? 'check the address and the network.'
  const message = `Cannot reach ${address} (${reason}): ${advice}`
  return new ClavigerConnectionError('unreachable', address, message, error)
}

/** Makes one call of the operation that a row describes. */
export type Caller = <Row extends Operation>(
  row: Row,
  input: RowInput<Row>,
  options?: CallOptions,
) => Promise<RowOutput<Row>>

/**
 * Calls operations of the server at `address`, from their rows. It resolves to the row's output and rejects with ClavigerApiError (the
 * server said no), ClavigerConnectionError (no proper answer came) or ClavigerInputError (nothing was sent). Sent again is only what an
 * `overloaded` server did not do, because a use or a change that seems lost may stand in the ledger. Throws ClavigerInputError where the
 * address or the token cannot be right.
 */
export function createCaller(options: ClientOptions): Caller {
  const { address, readable } = checkedAddress(options)
  const { token, timeoutMs = TIMEOUT_MS_DEFAULT, attempts = ATTEMPTS_DEFAULT } = options
  const send = options.fetch ?? globalThis.fetch
  if (token !== undefined && !TOKEN.test(token)) {
    throw new ClavigerInputError(
      'token',
      'is not a token: it has spaces or characters outside ASCII',
    )
  }

  return async function call<Row extends Operation>(
    row: Row,
    input: RowInput<Row>,
    callOptions: CallOptions = {},
  ) {
    const request = describeRequest(row, input, address)
    const more = headersOf(callOptions)
    // Whoever calls these is known by a secret in the input: a password, a code, a link's token.
    if (readable && row.action === 'none' && row.effect === 'change')
      throw shown('what it is proved with')
    const deadline = AbortSignal.timeout(timeoutMs)
    const end = performance.now() + timeoutMs
    const { signal } = callOptions
    const given = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const attempt = async () => {
      const response = await send(request.url, {
        method: request.method,
        headers: {
          ...request.headers,
          ...more,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        // A redirect would carry the request to somewhere nobody chose.
        redirect: 'error',
        signal: given,
        ...(request.body === undefined ? {} : { body: request.body }),
      })
      return (await readAnswer(row, response, address)) as RowOutput<Row>
    }
    try {
      return await tryAgain(attempt, { attempts, end, signal: given })
    } catch (error) {
      if (error instanceof Error && error.name.startsWith('Claviger')) throw error
      if (signal?.aborted === true) {
        throw new ClavigerConnectionError(
          'cancelled',
          address,
          `The call to ${address} was cancelled`,
        )
      }
      if (deadline.aborted) {
        const message = `${address} did not answer within ${timeoutMs} ms: is it overloaded? Allow more time, or try again.`
        throw new ClavigerConnectionError('timeout', address, message)
      }
      throw unreachable(address, error)
    }
  }
}
