import { z } from 'zod'
import * as codec from '../codecs.ts'
import { errorCodes, type ErrorCode } from '../errors.ts'

/** Shapes that several rows share. */

export const keyStates = [
  'pre-activation',
  'active',
  'suspended',
  'deactivated',
  'compromised',
  'destroyed',
  'destroyed-compromised',
] as const
export const keyUsages = ['encrypt', 'sign', 'mac', 'agree', 'encapsulate'] as const
export const keyOrigins = ['generated', 'imported'] as const
/** RFC 5280 section 5.3.1, without certificateHold (which is `key.suspend`) and removeFromCRL. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
] as const

export type KeyState = (typeof keyStates)[number]
export type KeyUsage = (typeof keyUsages)[number]
export type KeyOrigin = (typeof keyOrigins)[number]
export type RevocationReason = (typeof revocationReasons)[number]

export const revocation = z.strictObject({
  reason: z.enum(revocationReasons),
  revokedAt: codec.timestamp(),
  compromisedAt: codec
    .timestamp()
    .optional()
    .describe('When the compromise is believed to have begun'),
})

/** Which key and version did it: part of every answer of a key's use. */
export const keyAndVersion = { key: codec.uuid, version: codec.version }

export const versionView = z.strictObject({
  version: codec.version,
  state: z.enum(keyStates),
  createdAt: codec.timestamp(),
  activatedAt: codec.timestamp().optional(),
  protectStopAt: codec
    .timestamp()
    .optional()
    .describe('After this only decrypt, verify and the like'),
  processStopAt: codec.timestamp().optional().describe('After this nothing'),
  destroyedAt: codec.timestamp().optional(),
  revocation: revocation.optional(),
  uses: z.int().describe('Operations done with this version'),
  bytes: z.int().describe('Bytes protected with this version'),
  wraps: z.int().describe('Data keys wrapped by this version'),
})

export const keyView = z.strictObject({
  id: codec.uuid,
  tenant: codec.uuid,
  algorithm: z.string(),
  usage: z.enum(keyUsages),
  state: z.enum(keyStates),
  origin: z.enum(keyOrigins),
  protection: z.enum(['software']),
  exportable: z.boolean(),
  owner: codec.uuid.describe('The principal that answers for the key'),
  description: z.string(),
  labels: codec.labels,
  aliases: z.array(codec.alias),
  version: codec.version.describe('The version that encrypts, signs and wraps now'),
  createdAt: codec.timestamp(),
  destroyAt: codec.timestamp().optional().describe('When the scheduled destruction happens'),
  revocation: revocation.optional(),
})

/** A failed item of a batch: the same code and words as the operation alone would give. */
export const itemError = z.strictObject({
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

export const empty = z.strictObject({})
export const page = {
  limit: codec.limit.describe('How many in one page'),
  cursor: codec.cursor.optional().describe('Where the last page ended'),
}
export const nextPage = {
  cursor: codec.cursor.optional().describe('Give it back to get the next page; absent on the last'),
}
