import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { nextPage, page } from './shared.ts'
import { statement } from './statement.ts'

/**
 * A compromise as one procedure. A case is opened in one change that takes the key out of use and puts another in its place; then what it
 * protected is re-wrapped, the key is revoked and destroyed, and the case is closed with a report. Each step may be taken again: what is
 * done stays done.
 */

/** How long a compromised key may still be decrypted with, at most, in hours: three weeks. */
export const CONTAINMENT_HOURS_MAX = 504

const of = { case: codec.uuid.describe('The id of a case') }
const anyway = codec
  .words(256)
  .min(1)
  .optional()
  .describe('Though something is left: why, in words; it stands in the ledger and in the report')

const useOfPrincipal = z.strictObject({
  principal: z.string(),
  uses: z.int(),
  refused: z.int().describe('Attempts that were denied, refused or failed'),
  operations: z.record(z.string(), z.int()),
  first: codec.timestamp(),
  last: codec.timestamp(),
})

/** The steps of a case in their order, and what it waits for between them. */
export const caseSteps = [
  'assess',
  'rewrap',
  'wait',
  'revoke',
  'destroy',
  'acknowledge',
  'close',
  'closed',
] as const
export type CaseStep = (typeof caseSteps)[number]

/** Who is to do it. */
const caseWaits = ['server', 'stores', 'dependents', 'order', 'nobody'] as const
export type CaseWait = (typeof caseWaits)[number]

const notice = z
  .int()
  .optional()
  .describe('The index of the notice that dependents of the key acknowledge')
const replacement = z.strictObject({ key: codec.uuid, version: codec.version })
const windowDays = z.int().min(1).max(365)

export const caseView = z.strictObject({
  id: codec.uuid,
  key: codec.uuid,
  version: codec.version.optional().describe('Only this version is compromised'),
  reason: z.string(),
  since: codec.timestamp().describe('When the compromise is believed to have begun'),
  openedAt: codec.timestamp(),
  openedBy: codec.uuid,
  notice,
  decryptsUntil: codec.timestamp().describe('Until then it decrypts, for the principals named'),
  principals: z.array(codec.uuid).describe('Who may decrypt with it, to re-wrap'),
  replacement,
  related: z
    .array(z.strictObject({ key: codec.uuid, region: z.string(), notice, replacement }))
    .optional()
    .describe('Multi-Region keys with the same material, which end with it'),
  aliases: z.array(z.string()).describe('Names that point at the replacement now'),
  assessedAt: codec.timestamp().optional(),
  uses: z.array(useOfPrincipal).describe('Who used it since the compromise began'),
  usesMore: z.boolean().optional().describe('There were more than are shown'),
  runs: z.array(codec.uuid).describe('The re-wrap runs of the case'),
  rewrapsAt: codec.timestamp().optional().describe('When they were begun'),
  revokedAt: codec.timestamp().optional(),
  destroyDays: windowDays
    .optional()
    .describe('Its destruction is ordered, with this window in days'),
  destroyAt: codec.timestamp().optional().describe('When the material goes'),
  next: z
    .enum(caseSteps)
    .describe(
      'What comes next: a step, or wait (for re-wrap runs), or acknowledge (by dependents)',
    ),
  waitsFor: z
    .enum(caseWaits)
    .describe(
      'Who is to do it: the server goes on by itself; stores are re-wrapped, dependents acknowledge, somebody orders it',
    ),
  left: z.array(z.string()).describe('What is left to do, in words'),
  closedAt: codec.timestamp().optional(),
  closedBy: codec.actor.optional(),
})

export const openCase = operation({
  name: 'compromise.open',
  effect: 'change',
  action: 'compromise.run',
  route: 'POST /v1/compromises',
  summary:
    'Take a compromised key out of use, and put another in its place; or go on with the case that it has',
  input: z.strictObject({
    key: codec.keyReference,
    version: codec.version.optional().describe('Only this version; the whole key unless given'),
    since: codec.timestamp().describe('When the compromise is believed to have begun'),
    reason: codec.words(256).min(1).describe('What happened; it stands in the ledger'),
    hours: z
      .int()
      .min(0)
      .max(CONTAINMENT_HOURS_MAX)
      .default(72)
      .describe('How long it still decrypts, for re-wrapping; 0 ends everything at once'),
    principals: z
      .array(codec.uuid)
      .max(64)
      .optional()
      .describe('Who may decrypt with it meanwhile; the owners of its dependents unless given'),
    replacement: codec.keyReference
      .optional()
      .describe('The key that takes its place; one is made unless given'),
    destroyDays: windowDays
      .optional()
      .describe(
        'The window, in days, of its destruction once it is revoked, or a longer one that policies ask for; unordered unless given',
      ),
  }),
  output: caseView,
  errors: [
    'not_found',
    'wrong_state',
    'wrong_usage',
    'conflict',
    'overloaded',
    'crypto_unavailable',
  ],
})

export const assessCase = operation({
  name: 'compromise.assess',
  effect: 'change',
  action: 'compromise.run',
  route: 'POST /v1/compromises/{case}/assess',
  summary: 'Find every use of the key since the compromise began, and by whom',
  input: z.strictObject(of),
  output: caseView,
  errors: ['not_found', 'wrong_state'],
})

export const rewrapCase = operation({
  name: 'compromise.rewrap',
  effect: 'change',
  action: 'compromise.run',
  route: 'POST /v1/compromises/{case}/rewrap',
  summary: 'Begin a re-wrap run to the replacement for every declared store of the key',
  input: z.strictObject(of),
  output: caseView,
  errors: ['not_found', 'wrong_state'],
})

export const revokeCase = operation({
  name: 'compromise.revoke',
  effect: 'change',
  action: 'compromise.run',
  route: 'POST /v1/compromises/{case}/revoke',
  summary: 'Revoke the key as compromised, once everything is re-wrapped',
  input: z.strictObject({ ...of, anyway }),
  output: caseView,
  errors: ['not_found', 'wrong_state', 'conflict'],
})

export const destroyCase = operation({
  name: 'compromise.destroy',
  effect: 'change',
  action: 'compromise.run',
  route: 'POST /v1/compromises/{case}/destroy',
  summary: 'Schedule the destruction of the revoked key',
  input: z.strictObject({
    ...of,
    days: windowDays.default(30).describe('The window in which it can be restored'),
  }),
  output: caseView,
  errors: ['not_found', 'wrong_state'],
})

export const closeCase = operation({
  name: 'compromise.close',
  effect: 'change',
  action: 'compromise.run',
  route: 'POST /v1/compromises/{case}/close',
  summary: 'Close the case with a report, once the key is revoked and every dependent has acted',
  input: z.strictObject({ ...of, anyway }),
  output: caseView,
  errors: ['not_found', 'wrong_state', 'conflict'],
})

export const getCase = operation({
  name: 'compromise.get',
  effect: 'read',
  action: 'compromise.list',
  route: 'GET /v1/compromises/{case}',
  summary: 'Show a case, and what is left to do',
  input: z.strictObject(of),
  output: caseView,
  errors: ['not_found'],
})

export const listCases = operation({
  name: 'compromise.list',
  effect: 'read',
  action: 'compromise.list',
  route: 'GET /v1/compromises',
  summary: 'List cases',
  input: z.strictObject({
    key: codec.keyReference.optional().describe('Only of this key'),
    state: z.enum(['open', 'closed']).optional().describe('Only cases in this state'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(caseView), ...nextPage }),
  errors: ['not_found'],
})

export const caseReport = operation({
  name: 'compromise.report',
  effect: 'read',
  action: 'compromise.list',
  route: 'GET /v1/compromises/{case}/report',
  summary: 'Show the report of a closed case, with the proof that the ledger vouches for it',
  input: z.strictObject(of),
  output: statement,
  errors: ['not_found', 'wrong_state'],
})
