import { operations, type OperationName } from '@claviger/contract'
import { describeRequest, wireFields, type DescribedCall } from './call/index.ts'
import type { CallInput } from './types.ts'

/**
 * The input of an operation as it stands on the wire, fields of the path included: what a proof for just that call names
 * (login.stepUp). Throws ClavigerInputError where the input does not fit the contract.
 */
export function wireInput<Name extends OperationName>(
  name: Name,
  input: CallInput<Name>,
): Record<string, unknown> {
  return wireFields<(typeof operations)[Name]>(operations[name], input)
}

/**
 * The request that an operation makes, without the credential. `address` is the server's base URL; empty for a relative URL. Throws
 * ClavigerInputError where the input does not fit the contract.
 */
export function describeCall<Name extends OperationName>(
  name: Name,
  input: CallInput<Name>,
  address = '',
): DescribedCall {
  return describeRequest<(typeof operations)[Name]>(operations[name], input, address)
}
