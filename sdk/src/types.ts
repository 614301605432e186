import type { Operation, OperationName, operations } from '@claviger/contract'
import type { z } from 'zod'

type OptionalIn<Shape> = {
  [Field in keyof Shape]-?: Record<never, never> extends Pick<Shape, Field> ? Field : never
}[keyof Shape]

type Flat<Shape> = { [Field in keyof Shape]: Shape[Field] } & {}

type Given<Value, Wire> = Flat<
  {
    [Field in Exclude<keyof Value, OptionalIn<Wire>>]: Value[Field]
  } & {
    [Field in Extract<keyof Value, OptionalIn<Wire>>]?: Value[Field] | undefined
  }
>

/** What a caller gives: the values the server works with (bytes are bytes, times are milliseconds), defaults left out. */
export type RowInput<Row extends Operation> = Given<z.output<Row['input']>, z.input<Row['input']>>
/** What a caller gets. */
export type RowOutput<Row extends Operation> = z.output<Row['output']>

type Rows = typeof operations

/** The same of an operation by its name. */
export type CallInput<Name extends OperationName> = RowInput<Rows[Name]>

export interface CallOptions {
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** The id of an approved request to do just this (approval.request): the operation is done once under it. */
  readonly approval?: string | undefined
  /** The id of a proof that was made for just this call (login.stepUp); good for one. */
  readonly stepUp?: string | undefined
}

/** One method of the client. The input may be left out where every field of it may be. */
export type Call<Name extends OperationName> =
  Record<never, never> extends CallInput<Name>
    ? (input?: CallInput<Name>, options?: CallOptions) => Promise<RowOutput<Rows[Name]>>
    : (input: CallInput<Name>, options?: CallOptions) => Promise<RowOutput<Rows[Name]>>

type Noun = OperationName extends infer Name
  ? Name extends `${infer First}.${string}`
    ? First
    : never
  : never

/** A client: one method per row of the contract, `noun.verb` as `client.noun.verb(...)`. */
export type Claviger = {
  readonly [Name in OperationName as Name extends `${string}.${string}` ? never : Name]: Call<Name>
} & {
  readonly [First in Noun]: {
    readonly [
      Name in OperationName as Name extends `${First}.${infer Verb}` ? Verb : never
    ]: Call<Name>
  }
}
