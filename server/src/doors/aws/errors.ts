import { hasReplicas, KeyError, QuotaReached, toClavigerError, type ClavigerError } from '#model'
import { principalArn, SignatureError } from '#operations'
import { aliasNotFound, keyNotFound } from './arn.ts'
import type { Asking } from './asking.ts'
import { AwsException, type AwsExceptionType } from './exceptions.ts'
import * as failures from './failures.ts'
import { keyUsageOf } from './specs.ts'

/** The house's errors in AWS's words. */

const signatureTypes: Readonly<Record<SignatureError['kind'], AwsExceptionType>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  mismatch: 'InvalidSignatureException',
  expired: 'InvalidSignatureException',
  'not-yet-current': 'InvalidSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  'invalid-token': 'UnrecognizedClientException',
  'expired-token': 'ExpiredTokenException',
  replayed: 'InvalidSignatureException',
}

/** What went wrong, as AWS's clients want to hear it. `asking` is absent where the request did not come as far as an operation. */
export function toAwsException(thrown: unknown, asking: Asking | undefined): AwsException {
  if (thrown instanceof AwsException) return thrown
  const error = toClavigerError(thrown)
  // AWS's clients try again when they are told to slow down, and what is wrong with a signature stays wrong.
  const signature = error.code === 'too_many_requests' ? error.cause : error
  if (signature instanceof SignatureError)
    return new AwsException(signatureTypes[signature.kind], signature.message, signature.code)
  if (error instanceof KeyError && asking !== undefined) {
    const known = aboutKey(error, asking)
    if (known !== undefined) return known
  }
  return byCode(error, asking)
}

function aboutKey(error: KeyError, asking: Asking): AwsException | undefined {
  const arn = asking.arn(error.key)
  switch (error.hindrance) {
    case 'suspended':
    case 'revoked':
    case 'not-yet-active':
    case 'ended':
      return failures.disabled(arn)
    case 'pending-destruction':
      return failures.pendingDeletion(arn, hasReplicas(error.key))
    case 'awaiting-material':
      return failures.pendingImport(arn)
    case 'destroyed':
      return keyNotFound(arn)
    case undefined:
      return error.code === 'wrong_usage'
        ? failures.wrongUsage(arn, keyUsageOf(error.key.usage), asking.operation)
        : undefined
    default:
      return error.hindrance satisfies never
  }
}

function byCode(error: ClavigerError, asking: Asking | undefined): AwsException {
  switch (error.code) {
    case 'unauthenticated':
      return new AwsException(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      )
    case 'forbidden':
      return accessDenied(asking)
    case 'policy_violated':
      return new AwsException(
        'AccessDeniedException',
        `${notAuthorized(asking)} with an explicit deny in a lifecycle policy. ${error.message}`,
        error.code,
      )
    case 'approval_required':
      return new AwsException(
        'AccessDeniedException',
        `${notAuthorized(asking)} with an explicit deny in an approval policy. ${error.message}`,
        error.code,
      )
    case 'not_found':
      return notFound(asking)
    case 'invalid_ciphertext':
      return new AwsException('InvalidCiphertextException')
    case 'conflict':
      if (error instanceof QuotaReached)
        return new AwsException('LimitExceededException', error.message)
      return new AwsException('AlreadyExistsException', error.message)
    case 'wrong_state':
    case 'limit_reached':
      return new AwsException('KMSInvalidStateException', error.message)
    case 'wrong_usage':
      return new AwsException('InvalidKeyUsageException', error.message)
    case 'algorithm_refused':
    case 'not_exportable':
      return new AwsException('UnsupportedOperationException', error.message)
    case 'payload_too_large':
      return new AwsException('LimitExceededException', error.message)
    case 'invalid_request':
    case 'invalid_key_material':
      return new AwsException('ValidationException', error.message)
    case 'overloaded':
    case 'too_many_requests':
      return failures.throttled()
    case 'sealed':
    case 'not_initialized':
    case 'shutting_down':
    case 'ledger_unavailable':
    case 'crypto_unavailable':
    case 'request_timeout':
      return new AwsException('DependencyTimeoutException', error.message, error.code, error)
    default:
      return new AwsException(
        'KMSInternalException',
        'The server failed; its log has the cause under the request id',
        error.code,
        error.cause ?? error,
      )
  }
}

/** The same whether what was asked for is there or not: the resource is what the request said. */
export function accessDenied(asking: Asking | undefined, denied?: Denied): AwsException {
  return new AwsException(
    'AccessDeniedException',
    `${notAuthorized(asking, denied)} because no role binding, key policy or grant allows it`,
    'forbidden',
  )
}

/** What was denied, where it is not the operation on the first key that it names. */
interface Denied {
  readonly action: string
  readonly reference: string
}

/** How AWS begins, whatever denies it: of an organization's policies it goes on "with an explicit deny in a service control policy". */
function notAuthorized(asking: Asking | undefined, denied?: Denied): string {
  const caller = asking?.caller
  const who = caller === undefined ? '' : principalArn(caller)
  const reference = denied?.reference ?? asking?.said[0]?.[0]
  const on = asking === undefined || reference === undefined ? '*' : asking.arnOfSaid(reference)
  const action = denied?.action ?? asking?.operation ?? '*'
  return `User: ${who} is not authorized to perform: kms:${action} on resource: ${on}`
}

function notFound(asking: Asking | undefined): AwsException {
  const missing = asking?.said.find(([reference]) => asking.facts?.key(reference) === undefined)
  if (asking === undefined || missing === undefined)
    return new AwsException('NotFoundException', 'There is no such thing')
  const [reference, said] = missing
  const arn = asking.arnOfSaid(reference)
  return said.kind === 'alias' ? aliasNotFound(arn) : keyNotFound(arn)
}
