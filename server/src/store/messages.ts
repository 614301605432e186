import { ClavigerError } from '#model'
import type { Store } from './store.ts'

/** What the store's thread and the others say to each other. */

export type Method = keyof Store

export interface Question {
  readonly id: number
  readonly method: Method
  readonly parameters: readonly unknown[]
}

export type Answer =
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: SentError }

/** The thread's first message: the database is open, or why it is not. */
export type Opening =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly error: SentError }

/** An error as it survives structured cloning, which drops the class and the code of one. */
interface SentError {
  readonly code: ClavigerError['code'] | undefined
  readonly name: string
  readonly message: string
  readonly cause: SentError | undefined
}

export function sendError(thrown: unknown): SentError {
  if (!(thrown instanceof Error))
    return { code: undefined, name: 'Error', message: String(thrown), cause: undefined }
  return {
    code: thrown instanceof ClavigerError ? thrown.code : undefined,
    name: thrown.name,
    message: thrown.message,
    cause: thrown.cause === undefined ? undefined : sendError(thrown.cause),
  }
}

export function receiveError({ code, name, message, cause }: SentError): Error {
  const options = cause === undefined ? {} : { cause: receiveError(cause) }
  if (code !== undefined) return new ClavigerError(code, message, options)
  switch (name) {
    case 'RangeError':
      return new RangeError(message, options)
    case 'TypeError':
      return new TypeError(message, options)
    default:
      return new Error(message, options)
  }
}

/**
 * Buffers that can move to another thread instead of being copied: those that a view covers whole, so that nothing else lives in
 * them. (A small Buffer is a view into a pool that it shares with others.)
 */
export function movable(views: Iterable<Uint8Array>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const { buffer, byteLength } of views) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0)
      buffers.add(buffer)
  }
  return [...buffers]
}
