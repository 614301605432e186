import { z } from 'zod'
import * as codec from '../codecs.ts'
import { BUNDLE_BYTES_MAX } from '../ledger/bundle.ts'
import { outcomes } from '../ledger/record.ts'
import { operation } from '../operation.ts'
import { nextPage, page } from './shared.ts'

/** The ledger as people and machines read it. */

const index = z.coerce
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('The index of an entry, counted from 0')
const hash = codec.bytes(32, 32)
const octets = z.strictObject({ body: codec.bytes(BUNDLE_BYTES_MAX) })

/** A record as it stands in the tree, beside its index; the record's own fields are specified in docs/ledger.md. */
const entry = z.strictObject({ index: z.int(), record: z.record(z.string(), z.json()) })

export const ledgerHead = operation({
  name: 'ledger.head',
  effect: 'read',
  action: 'ledger.read',
  route: 'GET /v1/ledger',
  summary: 'Show the size of the ledger and its newest checkpoint',
  input: z.strictObject({}),
  output: z.strictObject({
    origin: z.string(),
    entries: z.int().describe('Entries that are durable now'),
    revision: z.int().describe('Changes that are durable now'),
    size: z.int().describe('Entries under the newest checkpoint'),
    root: hash,
    checkpoint: z.string().describe('A signed note (C2SP tlog-checkpoint)'),
    keys: z.array(z.string()).describe('The verifier keys (C2SP signed-note vkeys)'),
  }),
  errors: [],
})

export const searchLedger = operation({
  name: 'ledger.search',
  effect: 'read',
  action: 'ledger.read',
  route: 'GET /v1/ledger/entries',
  summary: 'Find entries, newest first unless ascending',
  input: z.strictObject({
    key: codec.uuid.optional().describe('Only what was done with this key'),
    principal: codec.uuid.optional().describe('Only what this principal did'),
    credential: z.string().max(256).optional().describe('Only what was done with this credential'),
    binding: z.string().max(256).optional().describe('Only what this binding allowed'),
    event: z.string().max(64).optional().describe('Only this event, such as key.revoke'),
    outcome: z.enum(outcomes).optional().describe('Only entries that ended so'),
    since: codec.timestamp().optional().describe('From this time on'),
    until: codec.timestamp().optional().describe('Until this time'),
    order: z
      .enum(['ascending', 'descending'])
      .default('descending')
      .describe('Oldest or newest first'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(entry), ...nextPage }),
  errors: [],
})

export const proveEntry = operation({
  name: 'ledger.prove',
  effect: 'read',
  action: 'ledger.read',
  route: 'GET /v1/ledger/entries/{index}/proof',
  summary: 'Prove that an entry is in the ledger (C2SP tlog-proof)',
  input: z.strictObject({ index }),
  output: z.strictObject({
    index: z.int(),
    record: z.string(),
    proof: z.string().describe('A c2sp.org/tlog-proof@v1 document'),
  }),
  errors: ['not_found'],
})

export const ledgerCheckpoint = operation({
  name: 'ledger.checkpoint',
  effect: 'read',
  action: 'ledger.read',
  route: 'GET /v1/ledger/checkpoint',
  summary: 'Get the newest checkpoint as a file (C2SP tlog-tiles)',
  input: z.strictObject({}),
  output: octets,
  errors: ['not_found'],
  octets: { output: 'body', type: 'text/plain; charset=utf-8' },
})

export const ledgerTile = operation({
  name: 'ledger.tile',
  effect: 'read',
  action: 'ledger.read',
  route: 'GET /v1/ledger/tile/{path}',
  summary: 'Get a tile or an entry bundle as a file (C2SP tlog-tiles)',
  input: z.strictObject({
    path: z.string().max(128).describe('Such as 0/x001/234 or entries/000.p/5'),
  }),
  output: octets,
  errors: ['not_found'],
  octets: { output: 'body' },
})
