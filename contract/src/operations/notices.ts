import { z } from 'zod'
import * as codec from '../codecs.ts'
import { noticeTypeNames } from '../notice-types.ts'
import { operation } from '../operation.ts'

/** Notices as they are read: by asking for a page, or as the event stream of GET /v1/events, whose events are these items. */

export const listNotices = operation({
  name: 'notice.list',
  effect: 'read',
  action: 'notice.list',
  route: 'GET /v1/notices',
  summary: 'Read what became of keys, oldest first, from where the last page ended',
  input: z.strictObject({
    key: codec.keyReference.optional().describe('Only notices about this key'),
    dependent: codec.uuid.optional().describe('Only notices about the key of this dependent'),
    after: z.coerce
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Only notices after this index of the ledger; from now on unless given'),
    limit: codec.limit.describe('How many in one page'),
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        type: z.enum(noticeTypeNames),
        timestamp: z.string(),
        data: z.strictObject({
          notice: z.int().describe('Its index in the ledger'),
          tenant: codec.uuid,
          key: z.string().optional(),
          version: z.int().optional(),
          subject: z.string().optional(),
          dependent: z.string().optional(),
          detail: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
        }),
      }),
    ),
    next: z.int().describe("What the next page takes as 'after'"),
  }),
  errors: ['not_found'],
})
