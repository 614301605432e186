import { assertConstraints } from './constraints.ts'
import { deserialize } from './deserialize.ts'
import { keyInputs } from './schema/key-inputs.ts'
import { otherInputs } from './schema/other-inputs.ts'
import { outputs } from './schema/outputs.ts'
import type { InputStructure, Members, OutputStructure } from './schema/shapes.ts'
import { useInputs } from './schema/use-inputs.ts'

/** The operations of AWS KMS (TrentService, 2014-11-01) with their members: the one table that types and readers come from. */

const inputs = { ...keyInputs, ...otherInputs, ...useInputs }
type Inputs = typeof inputs
type Outputs = typeof outputs

export type AwsOperation = keyof Inputs
/** What a handler gets: bytes are bytes, times are milliseconds since 1970, absent members are not there. */
export type InputOf<Name extends AwsOperation> = InputStructure<Inputs[Name]>
/** What a handler gives back; undefined where the answer has no body. */
export type OutputOf<Name extends AwsOperation> = Name extends keyof Outputs
  ? OutputStructure<Outputs[Name]>
  : undefined

/** All operations, in the order of the alphabet. */
export const awsOperations: readonly AwsOperation[] = (
  Object.keys(inputs) as AwsOperation[]
).toSorted()

const inputTable: ReadonlyMap<string, Members> = new Map(Object.entries(inputs))
const outputTable: ReadonlyMap<string, Members> = new Map(Object.entries(outputs))

export function isAwsOperation(name: string): name is AwsOperation {
  return inputTable.has(name)
}

/** The members of an answer; undefined where it has no body. */
export function outputMembers(operation: AwsOperation): Members | undefined {
  return outputTable.get(operation)
}

/**
 * The input of an operation.
 *
 * @throws AwsException SerializationException for a wrong JSON type, ValidationException that names every violated constraint
 */
export function readInput<Name extends AwsOperation>(
  operation: Name,
  body: Uint8Array,
): InputOf<Name> {
  const members: Members = inputs[operation]
  const input = deserialize(body, members)
  assertConstraints(input, members)
  return input as InputOf<Name>
}
