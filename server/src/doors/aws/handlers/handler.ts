import type { InputOf as NativeInput, OutputOf as NativeOutput } from '@claviger/contract'
import type { ClavigerError, Key } from '#model'
import type { GatedName } from '#operations'
import type { Asking } from '../asking.ts'
import type { AwsException } from '../exceptions.ts'
import type { AwsOperation, InputOf, OutputOf } from '../members.ts'

/**
 * What AWS calls an operation is one operation of the house: a handler says which, and turns inputs and outputs into each other. It
 * decides about nothing that the gate decides about.
 */
export interface Handler<Name extends AwsOperation, Native extends GatedName> {
  readonly native: Native
  /** @throws AwsException for what AWS refuses of an input beyond the constraints of its members */
  readonly input: (input: InputOf<Name>, asking: Asking) => NativeInput<Native>
  /** What AWS demands of a key that the caller may use. @throws AwsException */
  readonly examine?: (key: Key, input: InputOf<Name>, asking: Asking) => void
  readonly output: (
    output: NativeOutput<Native>,
    input: InputOf<Name>,
    asking: Asking,
  ) => OutputOf<Name>
  /**
   * An error that this operation says in its own way: an exception, or the answer of a success where AWS takes it for one; undefined for
   * the common way.
   */
  readonly recover?: (
    error: ClavigerError,
    input: InputOf<Name>,
    asking: Asking,
  ) => AwsException | { readonly output: OutputOf<Name> } | undefined
}

/** A handler whose types were found to fit each other; the table has it under its name. */
export interface AnyHandler {
  readonly native: GatedName
  input(input: unknown, asking: Asking): NativeInput<GatedName>
  examine?(key: Key, input: unknown, asking: Asking): void
  output(output: unknown, input: unknown, asking: Asking): unknown
  recover?(
    error: ClavigerError,
    input: unknown,
    asking: Asking,
  ): AwsException | { readonly output: unknown } | undefined
}

/** Gives a handler its exact types. */
export function handler<Name extends AwsOperation, Native extends GatedName>(
  row: Handler<Name, Native>,
): AnyHandler {
  return row
}

/** The members that say a request is only a rehearsal, or speak for grants that are in force here anyway. */
export interface Common {
  readonly DryRun?: boolean | undefined
  readonly GrantTokens?: readonly string[] | undefined
}
