import type { HttpResponse } from '#http'
import type { AwsException, AwsExceptionType } from './exceptions.ts'
import type { StsAction } from './sts.ts'

/** Answers of the query protocol: XML in the namespace of the security token service. */

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/'

export interface SessionCredentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  /** Milliseconds since 1970; written in whole seconds, downwards. */
  readonly Expiration: number
}

interface AssumedRole {
  readonly Credentials: SessionCredentials
  readonly AssumedRoleUser: { readonly AssumedRoleId: string; readonly Arn: string }
}

export interface StsOutputs {
  readonly GetCallerIdentity: {
    readonly UserId: string
    readonly Account: string
    readonly Arn: string
  }
  readonly AssumeRole: AssumedRole
  readonly AssumeRoleWithWebIdentity: AssumedRole & {
    readonly SubjectFromWebIdentityToken: string
    readonly Audience: string
    readonly Provider: string
  }
}

/** Codes and status of the query protocol where they are not the type and 400; the common errors of AWS's services. */
const codes: Partial<Record<AwsExceptionType, readonly [code: string, status: number]>> = {
  AccessDeniedException: ['AccessDenied', 403],
  DependencyTimeoutException: ['ServiceUnavailable', 503],
  ExpiredTokenException: ['ExpiredToken', 403],
  IDPRejectedClaim: ['IDPRejectedClaim', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  KMSInternalException: ['InternalFailure', 500],
  KeyUnavailableException: ['ServiceUnavailable', 503],
  MalformedPolicyDocumentException: ['MalformedPolicyDocument', 400],
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  ThrottlingException: ['Throttling', 400],
  UnknownOperationException: ['InvalidAction', 400],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  ValidationException: ['ValidationError', 400],
}

export function encodeStsAnswer<Action extends StsAction>(
  action: Action,
  output: StsOutputs[Action],
  requestId: string,
): HttpResponse {
  const result = element(`${action}Result`, members({ ...output }))
  const metadata = element('ResponseMetadata', element('RequestId', escapeXml(requestId)))
  return xml(200, root(`${action}Response`, result + metadata), requestId)
}

/** Whose fault it is stands in Type, as AWS has it. */
export function encodeStsException(exception: AwsException, requestId: string): HttpResponse {
  const [code, status] = codes[exception.type] ?? [exception.type, exception.status]
  const error =
    element('Type', status < 500 ? 'Sender' : 'Receiver') +
    element('Code', escapeXml(code)) +
    element('Message', escapeXml(exception.message))
  const body = root(
    'ErrorResponse',
    element('Error', error) + element('RequestId', escapeXml(requestId)),
  )
  return xml(status, body, requestId)
}

function members(output: Readonly<Record<string, unknown>>): string {
  return Object.entries(output)
    .map(([name, value]) => {
      if (typeof value === 'object' && value !== null)
        return element(name, members(value as Record<string, unknown>))
      return element(name, escapeXml(typeof value === 'number' ? toIso(value) : String(value)))
    })
    .join('')
}

function toIso(milliseconds: number): string {
  return `${new Date(Math.floor(milliseconds / 1_000) * 1_000).toISOString().slice(0, 19)}Z`
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}

function root(name: string, content: string): string {
  return `<${name} xmlns="${NAMESPACE}">${content}</${name}>\n`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A parser would make a line feed of it (XML 1.0 section 2.11).
  '\r': '&#xD;',
}
/** What no document may have, not even as a reference (XML 1.0 section 2.2). */
const notXml = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/** Text as the content of an element. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(notXml, '\uFFFD')
    .replaceAll(/[&<>"'\r]/g, (character) => entities[character] ?? '')
}

function xml(status: number, body: string, requestId: string): HttpResponse {
  return {
    status,
    headers: {
      'content-type': 'text/xml',
      'cache-control': 'no-store',
      'x-amzn-RequestId': requestId,
    },
    body,
  }
}
