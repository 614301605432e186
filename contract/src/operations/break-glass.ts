import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { scope } from './scope.ts'
import { empty, nextPage, page, roleName } from './shared.ts'

/**
 * Rights for emergencies, behind glass: a code in a safe gives a person a role for a while, everybody is alarmed, and somebody else must
 * review what was done. NIST SP 800-53 AC-2(2), emergency accounts; 45 CFR 164.312(a)(2)(ii), emergency access procedure.
 */

const states = ['sealed', 'open', 'ended', 'reviewed'] as const

const glassView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  role: z.string(),
  scope,
  minutes: z.int(),
  waivesApprovals: z.boolean(),
  state: z.enum(states).describe('ended: its use waits for a review'),
  createdAt: codec.timestamp(),
  createdBy: codec.uuid,
  use: z
    .strictObject({
      principal: codec.uuid,
      reason: z.string(),
      binding: codec.uuid.describe('ledger.search finds by it what was done'),
      openedAt: codec.timestamp(),
      endsAt: codec.timestamp(),
    })
    .optional(),
  review: z
    .strictObject({
      principal: codec.uuid,
      at: codec.timestamp(),
      verdict: z.enum(['justified', 'unjustified']),
      comment: z.string(),
    })
    .optional(),
})

const reference = { glass: codec.uuid.describe('The id of a break-glass right') }

export const createBreakGlass = operation({
  name: 'breakGlass.create',
  effect: 'change',
  action: 'breakGlass.create',
  route: 'POST /v1/break-glass',
  summary: 'Put a right for emergencies behind glass; its code is shown this once, for a safe',
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    role: roleName.describe('What it gives: role.list tells'),
    scope: scope.default({ kind: 'tenant' }).describe('Where it holds'),
    minutes: z.int().min(5).max(1_440).default(60).describe('How long, once it is opened'),
    waivesApprovals: z
      .boolean()
      .default(false)
      .describe('Whether approvals of others are not waited for meanwhile'),
  }),
  output: glassView.extend({ code: z.string() }),
  errors: ['not_found', 'conflict'],
})

export const listBreakGlass = operation({
  name: 'breakGlass.list',
  effect: 'read',
  action: 'breakGlass.list',
  route: 'GET /v1/break-glass',
  summary: 'List the rights behind glass, who used them, and what waits for a review',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(glassView), ...nextPage }),
  errors: [],
})

export const deleteBreakGlass = operation({
  name: 'breakGlass.delete',
  effect: 'change',
  action: 'breakGlass.delete',
  route: 'DELETE /v1/break-glass/{glass}',
  summary: 'Take away a right behind glass that was not used; its code opens nothing any more',
  input: z.strictObject(reference),
  output: empty,
  errors: ['not_found', 'conflict'],
})

export const openBreakGlass = operation({
  name: 'breakGlass.open',
  effect: 'change',
  action: 'breakGlass.open',
  route: 'POST /v1/break-glass/{glass}/open',
  summary: 'Break the glass: get its role for a while. Everybody is alarmed, and it is reviewed',
  input: z.strictObject({
    ...reference,
    code: z.string().min(1).max(256).describe('The code from the safe'),
    reason: codec.words(1_024).min(1).describe('What happened'),
  }),
  secrets: ['code'],
  output: glassView,
  errors: ['not_found', 'conflict'],
})

export const closeBreakGlass = operation({
  name: 'breakGlass.close',
  effect: 'change',
  action: 'breakGlass.review',
  route: 'POST /v1/break-glass/{glass}/close',
  summary: 'End an emergency before its time; who opened it may, and who may review it',
  input: z.strictObject(reference),
  output: glassView,
  errors: ['not_found', 'conflict'],
})

export const reviewBreakGlass = operation({
  name: 'breakGlass.review',
  effect: 'change',
  action: 'breakGlass.review',
  route: 'POST /v1/break-glass/{glass}/review',
  summary: 'Say whether what was done in an emergency was justified; never of your own',
  input: z.strictObject({
    ...reference,
    verdict: z.enum(['justified', 'unjustified']).describe('What the review found'),
    comment: codec.words(1_024).min(1).describe('Why, and what follows from it'),
  }),
  output: glassView,
  errors: ['not_found', 'conflict'],
})
