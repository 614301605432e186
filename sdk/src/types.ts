import type { InputOf, OperationName, OutputOf, WireInputOf } from '@claviger/contract'

type OptionalIn<Shape> = {
  [Field in keyof Shape]-?: Record<never, never> extends Pick<Shape, Field> ? Field : never
}[keyof Shape]

type Flat<Shape> = { [Field in keyof Shape]: Shape[Field] } & {}

/** What a caller gives: the values the server works with (bytes are bytes, times are milliseconds), defaults left out. */
export type CallInput<Name extends OperationName> = Flat<
  {
    [Field in Exclude<keyof InputOf<Name>, OptionalIn<WireInputOf<Name>>>]: InputOf<Name>[Field]
  } & {
    [Field in Extract<keyof InputOf<Name>, OptionalIn<WireInputOf<Name>>>]?:
      | InputOf<Name>[Field]
      | undefined
  }
>

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
    ? (input?: CallInput<Name>, options?: CallOptions) => Promise<OutputOf<Name>>
    : (input: CallInput<Name>, options?: CallOptions) => Promise<OutputOf<Name>>

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
