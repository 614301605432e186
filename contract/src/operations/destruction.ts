import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty } from './shared.ts'
import { statement } from './statement.ts'

/** The end of single versions, and the proof that a key is gone. */

export const destroyVersion = operation({
  name: 'key.destroyVersion',
  effect: 'change',
  action: 'key.destroy',
  route: 'POST /v1/keys/{key}/destroy-version',
  summary: 'Schedule the destruction of an old version that nothing known depends on',
  input: z.strictObject({
    key: codec.keyReference,
    version: codec.version.describe('Not the one that protects now'),
    days: z.int().min(1).max(365).default(30).describe('The window in which it can be restored'),
    anyway: codec
      .words(256)
      .min(1)
      .optional()
      .describe('Though something may depend on it: why, in words; it stands in the ledger'),
  }),
  output: empty,
  errors: ['not_found', 'wrong_state', 'conflict'],
})

export const restoreVersion = operation({
  name: 'key.restoreVersion',
  effect: 'change',
  action: 'key.restore',
  route: 'POST /v1/keys/{key}/restore-version',
  summary: 'Cancel the scheduled destruction of a version',
  input: z.strictObject({
    key: codec.keyReference,
    version: codec.version.describe('The version that waits for its destruction'),
  }),
  output: empty,
  errors: ['not_found', 'wrong_state'],
})

export const destructionCertificate = operation({
  name: 'key.destructionCertificate',
  effect: 'read',
  action: 'key.get',
  route: 'GET /v1/keys/{key}/destruction-certificate',
  summary:
    'Show the certificate of a key, or a version, that was destroyed: what went, when, and which copies there were',
  input: z.strictObject({
    key: codec.keyReference,
    version: z.coerce
      .number()
      .int()
      .min(1)
      .max(4_294_967_295)
      .optional()
      .describe('One that was destroyed by itself'),
  }),
  output: statement,
  errors: ['not_found', 'wrong_state'],
})
