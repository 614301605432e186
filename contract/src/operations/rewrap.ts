import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { nextPage, page } from './shared.ts'

/**
 * Re-wrap runs: going through everything a key protects, in one place after another, until it is under a newer version or another key.
 * Whoever holds the ciphertexts does the work (the command, a program with the SDK) and reports here how far it is.
 */

/** Where ciphertexts are, as whoever goes through them calls it: a folder, a column, a bucket. */
const source = codec
  .words(256)
  .min(1)
  .describe('What is gone through, such as a folder or a column: one name for one place')
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const run = codec.uuid.describe('The id of a run')

const counts = {
  done: count.describe('Items re-wrapped so far'),
  already: count.describe('Items found to be there already'),
  failed: count.describe('Items that could not be re-wrapped'),
}
const marks = {
  total: count.optional().describe('Items there are, where that is known'),
  bytes: count.optional().describe('Bytes re-wrapped so far'),
  position: codec
    .words(512)
    .optional()
    .describe('Where to go on after a stop, in words of its own'),
}

/** A key and what ciphertexts call it: the shared id of related multi-Region keys, else its own. */
const named = {
  key: codec.uuid,
  envelopeKey: codec.uuid.describe('The id that ciphertexts of the key name'),
}

export const rewrapOutcomes = ['complete', 'incomplete', 'abandoned'] as const

export const rewrapView = z.strictObject({
  id: codec.uuid,
  ...named,
  source: z.string(),
  dependent: codec.uuid.optional().describe('The declared store that the place is'),
  into: z
    .strictObject({ ...named, version: codec.version })
    .describe('The key and version that everything goes to, or a later one of that key'),
  ...counts,
  total: count.optional(),
  bytes: count.optional(),
  position: z.string().optional(),
  startedAt: codec.timestamp(),
  startedBy: codec.actor,
  reportedAt: codec.timestamp().optional(),
  finishedAt: codec.timestamp().optional(),
  outcome: z
    .enum(rewrapOutcomes)
    .optional()
    .describe('Complete: nothing was left behind. Absent while the run is open'),
})

export const startRewrap = operation({
  name: 'rewrap.start',
  effect: 'change',
  action: 'rewrap.run',
  route: 'POST /v1/rewraps',
  summary:
    'Begin to re-wrap what a key protects in one place, or go on with the run that is open there',
  input: z.strictObject({
    key: codec.keyReference.describe('The key whose ciphertexts are re-wrapped'),
    into: codec.keyReference
      .optional()
      .describe('The key they go to; unless given, the one that replaced it, or the same'),
    source,
    dependent: codec.uuid
      .optional()
      .describe('The declared store (dependent.create) that the place is'),
    total: marks.total,
  }),
  output: rewrapView,
  errors: ['not_found', 'wrong_usage', 'wrong_state', 'conflict'],
})

export const reportRewrap = operation({
  name: 'rewrap.report',
  effect: 'change',
  action: 'rewrap.run',
  route: 'POST /v1/rewraps/{run}/report',
  summary: 'Say how far a run is; counts are those of the whole run, and never go back',
  input: z.strictObject({ run, ...counts, ...marks }),
  output: rewrapView,
  errors: ['not_found', 'wrong_state'],
})

export const finishRewrap = operation({
  name: 'rewrap.finish',
  effect: 'change',
  action: 'rewrap.run',
  route: 'POST /v1/rewraps/{run}/finish',
  summary: 'End a run with its final figure; what failed keeps it from being complete',
  input: z.strictObject({
    run,
    ...counts,
    total: marks.total,
    bytes: marks.bytes,
    abandon: z
      .boolean()
      .optional()
      .describe('The place was not gone through to its end, and will not be'),
  }),
  output: rewrapView,
  errors: ['not_found', 'wrong_state'],
})

export const getRewrap = operation({
  name: 'rewrap.get',
  effect: 'read',
  action: 'rewrap.list',
  route: 'GET /v1/rewraps/{run}',
  summary: 'Show a run',
  input: z.strictObject({ run }),
  output: rewrapView,
  errors: ['not_found'],
})

export const listRewraps = operation({
  name: 'rewrap.list',
  effect: 'read',
  action: 'rewrap.list',
  route: 'GET /v1/rewraps',
  summary: 'List runs and how far they are',
  input: z.strictObject({
    key: codec.keyReference.optional().describe('Only of this key'),
    state: z.enum(['open', 'finished']).optional().describe('Only runs in this state'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(rewrapView), ...nextPage }),
  errors: ['not_found'],
})
