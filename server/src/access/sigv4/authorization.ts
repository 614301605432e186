import { queryPairs } from './canonical-request.ts'
import { SignatureError } from './errors.ts'
import { assertRequestLine, soleValue, valuesOf, type SignedRequest } from './request.ts'
import { parseTime } from './time.ts'

/** Reading the Authorization header of SigV4 and the headers that belong to it. Nothing is believed yet: that is for verify.ts. */

const SIGNED_HEADERS_MAX = 64

const ALGORITHM = 'AWS4-HMAC-SHA256'
const TERMINATOR = 'aws4_request'
const PARAMETERS = ['Credential', 'Signature', 'SignedHeaders'] as const
type Parameter = (typeof PARAMETERS)[number]

const ACCESS_KEY = /^\w{1,128}$/
/** A label of a host name, which is what every client makes sure of: regions become parts of names and of ARNs. */
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/
const SIGNATURE = /^[0-9a-f]{64}$/
/** RFC 9110 section 5.6.2, in lower case. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/
const TOKEN = /^[!-~]{1,8192}$/

/**
 * Headers that are unsafe unsigned: who has seen one request could send it to another operation, or as another session. All clients
 * sign more than these, and no two of them the same; PHP's does not sign `content-type`, and boto3's no `amz-sdk-*`.
 */
const SIGNED_ALWAYS = ['host', 'x-amz-date'] as const
const SIGNED_IF_PRESENT = ['x-amz-target', 'x-amz-security-token'] as const

/** Query parameters that would make the query say who asks. Only its header says so here. */
const QUERY_AUTHENTICATION = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
])

/** What a caller claims about a request: well formed, and not yet verified. */
export interface Presented {
  readonly accessKey: string
  /** `yyyymmdd`, the day of `time`. */
  readonly date: string
  readonly region: string
  readonly service: string
  /** Lower-case, sorted, without repetition; each is in the request. */
  readonly signedHeaders: readonly string[]
  /** 64 hex digits. */
  readonly signature: string
  /** `x-amz-date` as it came: `yyyymmddThhmmssZ`. */
  readonly timestamp: string
  /** The same in milliseconds since 1970. */
  readonly time: number
  readonly sessionToken: string | undefined
}

/**
 * Reads how a request is signed. `services` are the names that the scope may have, such as `kms`.
 *
 * @throws SignatureError missing, incomplete, mismatch, unknown-key or invalid-token.
 */
export function readSignature(request: SignedRequest, services: readonly string[]): Presented {
  assertRequestLine(request)
  const authorization = soleValue(request, 'authorization')
  refuseQueryAuthentication(request.query)
  if (authorization === undefined || !authorization.startsWith('AWS4-')) {
    throw new SignatureError('missing')
  }
  const { Credential, Signature, SignedHeaders } = parametersOf(authorization)
  const date = soleValue(request, 'x-amz-date')
  if (!Credential || !Signature || !SignedHeaders || date === undefined)
    throw incomplete({ Credential, Signature, SignedHeaders }, date)
  const time = parseTime(date)
  if (time === undefined) {
    throw new SignatureError(
      'incomplete',
      "Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601",
    )
  }
  const signedHeaders = readSignedHeaders(request, SignedHeaders)
  const scope = readCredential(Credential, date, services)
  const sessionToken = soleValue(request, 'x-amz-security-token')
  if (sessionToken !== undefined && !TOKEN.test(sessionToken)) {
    throw new SignatureError('invalid-token')
  }
  if (!SIGNATURE.test(Signature)) throw new SignatureError('mismatch')
  const { accessKey, region, service } = scope
  return {
    accessKey,
    date: scope.date,
    region,
    service,
    signedHeaders,
    signature: Signature,
    timestamp: date,
    time,
    sessionToken,
  }
}

/** Says everything that is missing. */
function incomplete(
  given: Readonly<Record<Parameter, string | undefined>>,
  date: string | undefined,
): SignatureError {
  const missing = PARAMETERS.filter((name) => !given[name]).map(
    (name) => `Authorization header requires '${name}' parameter.`,
  )
  if (date === undefined)
    missing.push("Authorization header requires existence of a 'X-Amz-Date' header.")
  return new SignatureError('incomplete', missing.join(' '))
}

function refuseQueryAuthentication(query: string): void {
  if (query === '') return
  if (queryPairs(query).some(([name]) => QUERY_AUTHENTICATION.has(name.toLowerCase()))) {
    throw new SignatureError(
      'incomplete',
      'Signatures in the query string are not accepted. Sign with the Authorization header.',
    )
  }
}

type Parameters = { [Name in Parameter]?: string | undefined }

/** What a client says the same in every request of a day: everything before the signature, where that comes last. */
const known = new Map<string, Parameters>()
const KNOWN_MAX = 1_000
const KNOWN_LENGTH_MAX = 512
const SIGNATURE_LENGTH = 64

/** The parameters of the header, read once for each client and day. */
function parametersOf(authorization: string): Parameters {
  const end = authorization.length - SIGNATURE_LENGTH
  const beginning = authorization.slice(0, end)
  if (end > KNOWN_LENGTH_MAX || !beginning.endsWith('Signature='))
    return parseParameters(authorization)
  const held = known.get(beginning)
  const Signature = authorization.slice(end)
  // With a comma there would be more parameters; whether it is a signature is looked at below.
  if (held !== undefined && !/[, \t]/.test(Signature))
    return { Credential: held.Credential, SignedHeaders: held.SignedHeaders, Signature }
  const parsed = parseParameters(authorization)
  if (known.size >= KNOWN_MAX) known.clear()
  if (parsed.Signature === Signature) known.set(beginning, parsed)
  return parsed
}

/** `AWS4-HMAC-SHA256 Name=value, Name=value, ...`, in any order, with or without blanks around the commas, each name once. */
function parseParameters(authorization: string): Parameters {
  const blank = authorization.search(/[ \t]/)
  const algorithm = blank === -1 ? authorization : authorization.slice(0, blank)
  if (algorithm !== ALGORITHM) {
    throw new SignatureError(
      'incomplete',
      `Unsupported AWS 'algorithm' (only ${ALGORITHM} for now).`,
    )
  }
  const parameters: Parameters = {}
  if (blank === -1) return parameters
  for (const part of authorization.slice(blank).split(',')) {
    const [, name, value] = /^[ \t]*(\w+)=([^ \t]*)[ \t]*$/.exec(part) ?? []
    const parameter = PARAMETERS.find((one) => one === name)
    if (parameter === undefined || value === undefined || parameters[parameter] !== undefined) {
      throw new SignatureError(
        'incomplete',
        'Authorization header holds something that is not a valid key=value pair.',
      )
    }
    parameters[parameter] = value
  }
  return parameters
}

/**
 * The list as it must be written: lower-case, in order, nothing twice, and nothing that the request does not have. A list that says
 * less than the truth would leave the rest of the request to whoever passes it on.
 */
function readSignedHeaders(request: SignedRequest, list: string): readonly string[] {
  const names = namesIn(list)
  if (!names.every((name) => valuesOf(request, name).length > 0)) {
    throw new SignatureError('mismatch')
  }
  const unsigned =
    SIGNED_ALWAYS.find((name) => !names.includes(name)) ??
    SIGNED_IF_PRESENT.find(
      (name) => soleValue(request, name) !== undefined && !names.includes(name),
    )
  if (unsigned !== undefined) {
    throw new SignatureError(
      'mismatch',
      `'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`,
    )
  }
  // Of two hosts, a proxy and this server could each have taken another.
  soleValue(request, 'host')
  return names
}

/** Lists that were read lately: a client's is always the same. */
const lists = new Map<string, readonly string[]>()

/** The names of a list that is well written. @throws SignatureError incomplete */
function namesIn(list: string): readonly string[] {
  const held = lists.get(list)
  if (held !== undefined) return held
  const names = list.split(';', SIGNED_HEADERS_MAX + 1)
  if (names.length > SIGNED_HEADERS_MAX) {
    throw new SignatureError('incomplete', `More than ${SIGNED_HEADERS_MAX} headers are signed.`)
  }
  const inOrder = names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name)
  if (!inOrder || !names.every((name) => HEADER_NAME.test(name))) {
    throw new SignatureError(
      'incomplete',
      "'SignedHeaders' must be names of headers in lower case, in order, each once.",
    )
  }
  if (list.length <= KNOWN_LENGTH_MAX) {
    if (lists.size >= KNOWN_MAX) lists.clear()
    lists.set(list, names)
  }
  return names
}

/** `<access key>/<yyyymmdd>/<region>/<service>/aws4_request`. It is not quoted in errors: people put secrets there by mistake. */
function readCredential(
  credential: string,
  time: string,
  services: readonly string[],
): SigningScope {
  const held = scopes.get(credential)
  if (held !== undefined && services.includes(held.service) && time.startsWith(held.date))
    return held
  const scope = parseCredential(credential, time, services)
  if (credential.length <= KNOWN_LENGTH_MAX) {
    if (scopes.size >= KNOWN_MAX) scopes.clear()
    scopes.set(credential, scope)
  }
  return scope
}

type SigningScope = Pick<Presented, 'accessKey' | 'date' | 'region' | 'service'>

/** Credentials that were well written: a client's is the same all day. */
const scopes = new Map<string, SigningScope>()

function parseCredential(
  credential: string,
  time: string,
  services: readonly string[],
): SigningScope {
  const parts = credential.split('/', 6)
  const [accessKey = '', date = '', region = '', service = '', terminator] = parts
  if (parts.length !== 5) {
    throw new SignatureError(
      'incomplete',
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term',
    )
  }
  const wrong: string[] = []
  if (!REGION.test(region)) wrong.push('Credential should be scoped to a valid region.')
  if (!services.includes(service)) {
    const named = services.map((name) => `'${name}'`).join(' or ')
    wrong.push(`Credential should be scoped to correct service: ${named}.`)
  }
  if (terminator !== TERMINATOR) {
    wrong.push(`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`)
  }
  if (date !== time.slice(0, 8)) {
    wrong.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${time}'.`,
    )
  }
  if (wrong.length > 0) throw new SignatureError('mismatch', wrong.join(' '))
  if (!ACCESS_KEY.test(accessKey)) throw new SignatureError('unknown-key')
  return { accessKey, date, region, service }
}
