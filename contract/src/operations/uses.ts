import { z } from 'zod'
import * as codec from '../codecs.ts'
import { errorCodes, type ErrorCode } from '../errors.ts'

/** What the rows have in common that use keys: each is a `use`, and stands in the ledger. */

export const message = codec.bytes(codec.MESSAGE_BYTES_MAX)
export const key = { key: codec.keyReference }
export const useErrors = ['not_found', 'wrong_usage', 'wrong_state', 'crypto_unavailable'] as const

/** Which key and version did it: part of every answer of a key's use. */
export const keyAndVersion = { key: codec.uuid, version: codec.version }

/** A failed item of a batch: the same code and words as the operation alone would give. */
const itemError = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
  }),
})

/** One result or one error per item, in the order of the request. */
export function batchOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(z.union([item, itemError])) })
}

/** The items of a batch request. */
export function items<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .min(1)
    .max(codec.BATCH_ITEMS_MAX)
    .describe('Up to 1,000 items, each as the operation alone would take it')
}
