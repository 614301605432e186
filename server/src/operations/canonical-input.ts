import {
  inputWithoutSecrets,
  operations,
  withoutSecrets,
  type OperationName,
} from '@claviger/contract'
import { canonicalJson, ClavigerError } from '#model'

/** The one spelling of an operation's input, which approvals and proofs are bound to. */

interface Encoder {
  encode(value: unknown): unknown
}

/** The row of an operation by its name, which may be anything; attacker-chosen. */
export function operationNamed(name: string) {
  return Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined
}

/** @throws ClavigerError invalid_request for fractions and too many levels, which fields that hold any JSON may have */
function spelled(schema: unknown, input: unknown): string {
  try {
    return canonicalJson((schema as Encoder).encode(input))
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause
    throw new ClavigerError(
      'invalid_request',
      'input: holds a number that is no integer, or too many levels',
      { field: 'input', cause },
    )
  }
}

/** Canonical JSON of what the input is on the wire, with every default filled in. @throws ClavigerError invalid_request */
export function inputText(name: OperationName, input: unknown): string {
  return spelled(operations[name].input, input)
}

/** What of it others approve: all but its secrets, which they are not shown. @throws ClavigerError invalid_request */
export function approvedText(name: OperationName, input: unknown): string {
  const row = operations[name]
  return spelled(inputWithoutSecrets(row), withoutSecrets(row, input))
}
