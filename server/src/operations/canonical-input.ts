import {
  inputWithoutSecrets,
  operations,
  withoutSecrets,
  type OperationName,
} from '@claviger/contract'
import { canonicalJson } from '#model'

/** The one spelling of an operation's input, which approvals and proofs are bound to. */

interface Encoder {
  encode(value: unknown): unknown
}

/** The row of an operation by its name, which may be anything; attacker-chosen. */
export function operationNamed(name: string) {
  return Object.hasOwn(operations, name) ? operations[name as OperationName] : undefined
}

/** Canonical JSON of what the input is on the wire, with every default filled in. */
export function inputText(name: OperationName, input: unknown): string {
  const schema: unknown = operations[name].input
  return canonicalJson((schema as Encoder).encode(input))
}

/** What of it others approve: all but its secrets, which they are not shown. */
export function approvedText(name: OperationName, input: unknown): string {
  const row = operations[name]
  const schema: unknown = inputWithoutSecrets(row)
  return canonicalJson((schema as Encoder).encode(withoutSecrets(row, input)))
}
