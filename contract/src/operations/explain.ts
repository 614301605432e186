import { z } from 'zod'
import * as codec from '../codecs.ts'
import { factorNames } from '../factors.ts'
import { operation } from '../operation.ts'
import { nextPage, pageInBody } from './shared.ts'

/** Who may do what, and why: over role bindings, key policies and grants alike. */

const principal = codec.uuid.describe('The id of a principal')
const operationName = z.string().min(1).max(64).describe('An operation, such as encrypt')
const via = z.enum(['binding', 'policy', 'grant'])

/** What somebody who is allowed must do first. */
const demands = {
  stepUp: z
    .strictObject({
      factors: z.array(z.string()),
      maxAgeSeconds: z.int().optional(),
      bound: z.boolean(),
    })
    .optional()
    .describe('They must prove again who they are'),
  approval: z
    .strictObject({ policy: z.string(), approvals: z.int() })
    .optional()
    .describe('Others must approve it first'),
}

export const explainAccess = operation({
  name: 'access.explain',
  effect: 'read',
  action: 'access.explain',
  route: 'POST /v1/access/explain',
  summary: 'Say whether a principal may do something, with a key or in the tenant, and why',
  input: z.strictObject({
    key: codec.keyReference.optional().describe('The key; the tenant itself without one'),
    principal,
    operation: operationName,
    context: codec.context.optional().describe('The encryption context'),
    source: z.string().min(2).max(64).optional().describe('The address they would ask from'),
    door: z.string().min(1).max(16).optional().describe('The door they would come through'),
    factors: z
      .array(z.enum(factorNames))
      .max(factorNames.length)
      .optional()
      .describe('What they would have proved just before'),
    bytes: z.int().min(0).optional().describe('The length of the message'),
    at: codec.timestamp().optional().describe('When; now unless given'),
  }),
  output: z.strictObject({
    allowed: z.boolean(),
    by: z
      .string()
      .optional()
      .describe('The binding, the statement of the key policy, or the grant that decided'),
    reason: z.string(),
    steps: z
      .array(z.strictObject({ rule: z.string(), says: z.string() }))
      .describe('Each rule that was looked at, in order, and what it says'),
    ...demands,
  }),
  errors: ['not_found'],
})

export const whoMay = operation({
  name: 'access.who',
  effect: 'read',
  action: 'access.explain',
  route: 'POST /v1/access/who',
  summary: 'List who may do something with a key, and why',
  input: z.strictObject({
    operation: operationName,
    key: codec.keyReference,
    context: codec.context.optional().describe('The encryption context'),
    ...pageInBody,
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        principal: codec.uuid,
        name: z.string(),
        kind: z.enum(['user', 'service']),
        via,
        by: z.string(),
        group: codec.uuid.optional().describe('The group that the binding is for'),
        reason: z.string(),
        conditional: z.boolean().describe('Only where the conditions of what allows it hold'),
      }),
    ),
    ...nextPage,
  }),
  errors: ['not_found'],
})

export const whatMay = operation({
  name: 'access.what',
  effect: 'read',
  action: 'access.explain',
  route: 'POST /v1/access/what',
  summary: 'List everything that lets a principal do something',
  input: z.strictObject({ principal, ...pageInBody }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        via,
        by: z.string(),
        role: z.string().optional(),
        group: codec.uuid.optional().describe('The group that it is given to'),
        actions: z
          .array(z.string())
          .describe("Actions of the contract; of key policies and grants, AWS's operations"),
        scope: z.string().describe('Such as tenant, labels team=a, alias app-*, key and its id'),
        conditional: z.boolean(),
        expiresAt: codec.timestamp().optional(),
      }),
    ),
    ...nextPage,
  }),
  errors: ['not_found'],
})

export const unusedAccess = operation({
  name: 'access.unused',
  effect: 'read',
  action: 'access.explain',
  route: 'POST /v1/access/unused',
  summary: 'List bindings and grants that allowed nothing since a time; reads do not count',
  input: z.strictObject({
    since: codec.timestamp().describe('From this time on'),
    kind: z.enum(['binding', 'grant']).default('binding').describe('What to look through'),
    ...pageInBody,
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        kind: z.enum(['binding', 'grant']),
        id: z.string(),
        principal: z.string().describe('The id of a principal, or what a grant names it by'),
        group: codec.uuid.optional(),
        key: codec.uuid.optional(),
        createdAt: codec.timestamp(),
        lastUsedAt: codec.timestamp().optional().describe('Absent where it was never used'),
      }),
    ),
    ...nextPage,
  }),
  errors: [],
})
