import type { ErrorCode } from '@claviger/contract'
import type { HttpResponse } from '#http'
import { ClavigerError } from '#model'

/** What AWS KMS answers instead of a result. Clients go by the type's name, so names are exactly AWS's. */

/** Server faults, by the model's status; everything else is 400, whatever the model's httpError says. */
const serverFaults: Readonly<Record<string, number>> = {
  KMSInternalException: 500,
  KeyUnavailableException: 500,
  DependencyTimeoutException: 503,
}

/** Why a ciphertext, signature or MAC is refused is told to nobody, by AWS neither. */
const silent: ReadonlySet<string> = new Set([
  'InvalidCiphertextException',
  'KMSInvalidMacException',
  'KMSInvalidSignatureException',
])

/** Exceptions of the model (kms 2014-11-01) that a server without custom key stores can throw. */
type ModelledType =
  | 'AlreadyExistsException'
  | 'ConflictException'
  | 'CustomKeyStoreNotFoundException'
  | 'DependencyTimeoutException'
  | 'DisabledException'
  | 'DryRunOperationException'
  | 'ExpiredImportTokenException'
  | 'IncorrectKeyException'
  | 'IncorrectKeyMaterialException'
  | 'InvalidAliasNameException'
  | 'InvalidArnException'
  | 'InvalidCiphertextException'
  | 'InvalidGrantIdException'
  | 'InvalidGrantTokenException'
  | 'InvalidImportTokenException'
  | 'InvalidKeyUsageException'
  | 'InvalidMarkerException'
  | 'KMSInternalException'
  | 'KMSInvalidMacException'
  | 'KMSInvalidSignatureException'
  | 'KMSInvalidStateException'
  | 'KeyUnavailableException'
  | 'LimitExceededException'
  | 'MalformedPolicyDocumentException'
  | 'NotFoundException'
  | 'TagException'
  | 'UnsupportedOperationException'

/** What every service of AWS may throw, and no model lists. */
type CommonType =
  | 'AccessDeniedException'
  | 'ExpiredTokenException'
  | 'IncompleteSignatureException'
  | 'InvalidSignatureException'
  | 'MissingAuthenticationTokenException'
  | 'RequestEntityTooLargeException'
  | 'SerializationException'
  | 'ThrottlingException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'ValidationException'

/** Codes of the security token service, which have no suffix. */
type TokenServiceType =
  | 'IDPCommunicationError'
  | 'IDPRejectedClaim'
  | 'InvalidAction'
  | 'InvalidIdentityToken'
  | 'MalformedPolicyDocument'
  | 'MalformedQueryString'
  | 'MissingAction'
  | 'PackedPolicyTooLarge'

export type AwsExceptionType = ModelledType | CommonType | TokenServiceType

/**
 * `message` is absent where AWS says nothing beside the type. The code is for the ledger: of what is malformed nothing is recorded, a key
 * that is not made for an operation is.
 */
export class AwsException extends ClavigerError {
  readonly type: AwsExceptionType

  /** `cause` is for operators, where the fault is the server's own. */
  constructor(
    type: AwsExceptionType,
    message = '',
    code: ErrorCode = 'invalid_request',
    cause?: unknown,
  ) {
    super(code, message, { cause })
    this.name = 'AwsException'
    this.type = type
  }

  /** Of the answer; not that of the code. */
  override get status(): number {
    return serverFaults[this.type] ?? 400
  }
}

/** Headers of every answer in JSON. `requestId` is a UUID, by which AWS's clients name a request. */
export function jsonHeaders(requestId: string): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.1',
    'cache-control': 'no-store',
    'x-amzn-RequestId': requestId,
  }
}

/** AWS JSON 1.1: the type is in the body, which all clients read, and never only in a header. */
export function encodeException(exception: AwsException, requestId: string): HttpResponse {
  const { type, message, status } = exception
  const hushed = message === '' || silent.has(type)
  return {
    status,
    headers: jsonHeaders(requestId),
    body: JSON.stringify(hushed ? { __type: type } : { __type: type, message }),
  }
}
