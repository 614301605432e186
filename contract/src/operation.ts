import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'

/**
 * What an operation does to the system. `use` and `change` stand in the ledger before their answer leaves; `read` is recorded only
 * when it is denied; `ceremony` happens before or around unsealing, where there is no ledger yet to ask.
 */
export type Effect = 'read' | 'use' | 'change' | 'ceremony'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One row of the contract. REST routes, OpenAPI, SDK methods, CLI commands, RBAC actions and ledger events are derived from it. */
export interface Operation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  /** `noun.verb`, or a bare verb for what a key does. The SDK method, the CLI command and the ledger's event name. */
  readonly name: Name
  readonly effect: Effect
  /** The RBAC action that allows it; operations that do the same share one. `none` needs no credential, `any` only a valid one. */
  readonly action: string
  readonly route: `${Method} /${string}`
  /** One line, in the imperative, for OpenAPI and the command line. */
  readonly summary: string
  /** What is on the wire is its input side, what the server works with its output side (a codec). */
  readonly input: Input
  readonly output: Output
  /** Beyond those every operation can answer with. */
  readonly errors: readonly ErrorCode[]
  /** Members of the input that are secrets, with dots inside others: whoever approves the operation does not see them. */
  readonly secrets?: readonly string[]
  /** Fields that may travel as a bare `application/octet-stream` body instead of base64 in JSON. */
  readonly octets?: {
    readonly input?: string
    /** Where it is `body`, the answer has no JSON form. */
    readonly output?: string
    /** The media type of such a body, where it is another one. */
    readonly type?: string
  }
  /** The request body's limit, where it is not the common one. */
  readonly bodyBytesMax?: number
}

/** Gives a row its exact types. */
export function operation<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
>(row: Operation<Name, Input, Output>): Operation<Name, Input, Output> {
  return Object.freeze(row)
}

/** The common limit of a request body, in bytes: a 64 KiB message in base64, its context, and room. */
export const BODY_BYTES_MAX = 524_288
/** The limit for a batch, in bytes. */
export const BATCH_BODY_BYTES_MAX = 16_777_216
