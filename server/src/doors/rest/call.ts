import type { InputOf, Operation } from '@claviger/contract'
import type { HttpRequest } from '#http'
import type { Call, Credential, GatedName, Origin } from '#operations'
import { assertOwnOrigin, cookieCredential } from './cookie.ts'
import { readInput } from './wire.ts'

/** Longer than any credential of ours. */
const CREDENTIAL_LENGTH_MAX = 8_192

/** One more than the length of a UUID, so that no longer text is cut down to one. */
const ID_LENGTH = 37

/** Where an operation comes from. */
export class RestOrigin implements Origin {
  readonly credential: Credential
  readonly door = 'rest'
  readonly source: string
  readonly secure: boolean | undefined
  readonly request: string
  readonly stepUp: string | undefined
  readonly approval: string | undefined

  /** @throws ClavigerError forbidden for a cookie that another site's page sent */
  constructor(from: HttpRequest) {
    this.credential = credentialOf(from)
    this.source = from.source
    this.secure = from.secure
    this.request = from.id
    this.stepUp = idIn(from, 'claviger-step-up')
    this.approval = idIn(from, 'claviger-approval')
  }
}

/** One operation on its way through the gate. An object of a class, and not a literal with functions: there is one for every request. */
export class RestCall<Name extends GatedName> extends RestOrigin implements Call<Name> {
  readonly operation: Name
  /** Whether a new login goes into a cookie. */
  carried = false
  readonly #row: Operation
  readonly #from: HttpRequest
  readonly #parameters: Record<string, string>

  /** @throws ClavigerError as {@link RestOrigin} does */
  constructor(
    operation: Name,
    row: Operation,
    from: HttpRequest,
    parameters: Record<string, string>,
  ) {
    super(from)
    this.operation = operation
    this.#row = row
    this.#from = from
    this.#parameters = parameters
  }

  read(): InputOf<Name> {
    const input = readInput(this.#row, this.#from, this.#parameters) as InputOf<Name>
    this.carried = isCarried(input, this.#from)
    return input
  }
}

/** Whether a new login goes into a cookie; only a page of this server may ask for that. @throws ClavigerError forbidden */
function isCarried(input: object, request: HttpRequest): boolean {
  const carried = 'carrier' in input && input.carrier === 'cookie'
  if (carried) assertOwnOrigin(request)
  return carried
}

/** What the caller presents; whether it is good is for the gate. @throws ClavigerError forbidden */
function credentialOf(request: HttpRequest): Credential {
  const header = request.headers['authorization']
  if (header === undefined) {
    const cookie = cookieCredential(request)
    if (cookie !== undefined) assertOwnOrigin(request)
    return cookie ?? certificateCredential(request) ?? { kind: 'none' }
  }
  if (typeof header !== 'string' || header.length > CREDENTIAL_LENGTH_MAX) return { kind: 'none' }
  const space = header.indexOf(' ')
  if (space !== 6 || header.slice(0, space).toLowerCase() !== 'bearer') return { kind: 'none' }
  const token = header.slice(space + 1).trim()
  const principal = meantPrincipal(request)
  return principal === undefined ? { kind: 'bearer', token } : { kind: 'bearer', token, principal }
}

/** Of a connection that began with a client certificate which an authority of ours vouches for. */
function certificateCredential(request: HttpRequest): Credential | undefined {
  const { certificate } = request
  if (certificate === undefined) return undefined
  const principal = meantPrincipal(request)
  return { kind: 'certificate', certificate, ...(principal === undefined ? {} : { principal }) }
}

/** Who a caller says it is to be, where its certificate or identity token may be several. */
function meantPrincipal({ headers }: HttpRequest): string | undefined {
  const principal = headers['claviger-principal']
  return typeof principal === 'string' ? principal : undefined
}

/** An id in a header; what is no id is looked for too, and not found. */
function idIn(request: HttpRequest, header: string): string | undefined {
  const value = request.headers[header]
  return typeof value === 'string' ? value.slice(0, ID_LENGTH) : undefined
}
