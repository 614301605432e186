import { z } from 'zod'
import * as codec from '../codecs.ts'
import { noticeTypeNames } from '../notice-types.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** Who is told of notices by webhook, what of, and how that went. */

const subscription = { subscription: codec.uuid.describe('The id of a subscription') }

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** An address that notices may be sent to, by what it says; where it leads is looked at before each delivery. */
function isReceiver(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname))
}

const url = z
  .string()
  .max(2_048)
  .refine(isReceiver, 'must be an https URL without user name or fragment; http on loopback only')
  .describe('Where notices are posted')
const types = z
  .array(z.enum(noticeTypeNames))
  .max(noticeTypeNames.length)
  .describe('Only notices of these types; all of them where there is none')

/** The names of Standard Webhooks 1.0. */
const signature = z.enum(['v1', 'v1a'])

const scope = z.union([
  z.strictObject({ kind: z.literal('tenant') }),
  z.strictObject({ kind: z.literal('key'), key: codec.keyReference }),
  z.strictObject({ kind: z.literal('dependent'), dependent: codec.uuid }),
])

const subscriptionView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  url: z.string(),
  scope: z.union([
    z.strictObject({ kind: z.literal('tenant') }),
    z.strictObject({ kind: z.literal('key'), key: codec.uuid }),
    z.strictObject({ kind: z.literal('dependent'), dependent: codec.uuid, key: codec.uuid }),
  ]),
  types: z.array(z.enum(noticeTypeNames)),
  state: z.enum(['active', 'disabled']),
  createdAt: codec.timestamp(),
  signature: signature.describe('How deliveries are signed'),
  publicKey: z
    .string()
    .optional()
    .describe('Of v1a: what verifies deliveries (Standard Webhooks, whpk_); no secret'),
  failingSince: codec.timestamp().optional().describe('Since when nothing was delivered'),
  previousSecretUntil: codec
    .timestamp()
    .optional()
    .describe('Until then the secret or key from before signs too'),
  last: z
    .strictObject({
      notice: z.int().describe('The index of the notice in the ledger'),
      type: z.enum(noticeTypeNames),
      at: codec.timestamp(),
      milliseconds: z.int().describe('From its record in the ledger to the answer of the receiver'),
    })
    .optional()
    .describe('The newest delivery'),
})

const secret = z
  .string()
  .optional()
  .describe('Of v1: signs and verifies every delivery (Standard Webhooks, whsec_); shown once')

export const createSubscription = operation({
  name: 'subscription.create',
  effect: 'change',
  action: 'subscription.create',
  route: 'POST /v1/subscriptions',
  summary: 'Have notices posted to an address from now on',
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    url,
    scope: scope
      .default({ kind: 'tenant' })
      .describe('What of: everything, one key, or the key of one dependent'),
    types: types.default([]),
    signature: signature
      .default('v1')
      .describe(
        'v1: a secret that both sides have; v1a: a key pair, of which receivers get one half',
      ),
  }),
  output: z.strictObject({ ...subscriptionView.shape, secret }),
  errors: ['not_found', 'conflict'],
})

export const updateSubscription = operation({
  name: 'subscription.update',
  effect: 'change',
  action: 'subscription.update',
  route: 'PATCH /v1/subscriptions/{subscription}',
  summary: 'Change where notices go, or which; stop them, or go on where they were stopped',
  input: z.strictObject({
    ...subscription,
    name: codec.name.optional().describe('What people call it'),
    url: url.optional(),
    types: types.optional(),
    state: z.enum(['active', 'disabled']).optional().describe('Whether notices are sent'),
  }),
  output: subscriptionView,
  errors: ['not_found'],
})

export const rotateSubscriptionSecret = operation({
  name: 'subscription.rotateSecret',
  effect: 'change',
  action: 'subscription.rotateSecret',
  route: 'POST /v1/subscriptions/{subscription}/rotate-secret',
  summary: 'Sign with a new secret or key; the one from before goes on beside it for a while',
  input: z.strictObject({
    ...subscription,
    overlapHours: z
      .int()
      .min(0)
      .max(168)
      .default(24)
      .describe('How long the secret or key from before signs too'),
    signature: signature
      .optional()
      .describe('How deliveries are signed from now on; as before unless given'),
  }),
  output: z.strictObject({ ...subscriptionView.shape, secret }),
  errors: ['not_found'],
})

export const deleteSubscription = operation({
  name: 'subscription.delete',
  effect: 'change',
  action: 'subscription.delete',
  route: 'DELETE /v1/subscriptions/{subscription}',
  summary: 'Send nothing any more, and forget what was waiting',
  input: z.strictObject(subscription),
  output: empty,
  errors: ['not_found'],
})

export const listSubscriptions = operation({
  name: 'subscription.list',
  effect: 'read',
  action: 'subscription.list',
  route: 'GET /v1/subscriptions',
  summary: 'List who is told of notices, and how long the newest took from its record',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(subscriptionView), ...nextPage }),
  errors: [],
})

export const listDeliveries = operation({
  name: 'subscription.deliveries',
  effect: 'read',
  action: 'subscription.list',
  route: 'GET /v1/subscriptions/{subscription}/deliveries',
  summary: 'List the notices that wait for their next attempt, or the ones that were given up',
  input: z.strictObject({
    ...subscription,
    state: z.enum(['waiting', 'dead']).default('dead').describe('Waiting, or given up'),
    ...page,
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        notice: z.int().describe('The index of the notice in the ledger'),
        type: z.enum(noticeTypeNames),
        attempts: z.int(),
        createdAt: codec.timestamp(),
        nextAt: codec.timestamp().optional(),
        reason: z.string().optional().describe('Why the last attempt failed'),
      }),
    ),
    ...nextPage,
  }),
  errors: ['not_found'],
})

export const replayNotices = operation({
  name: 'subscription.replay',
  effect: 'change',
  action: 'subscription.replay',
  route: 'POST /v1/subscriptions/{subscription}/replay',
  summary: 'Send notices again, under the ids they had: dead letters, or any that it was told of',
  input: z.strictObject({
    ...subscription,
    notices: z
      .array(z.int().min(0).max(Number.MAX_SAFE_INTEGER))
      .min(1)
      .max(100)
      .describe('Their indices in the ledger'),
  }),
  output: z.strictObject({ queued: z.int() }),
  errors: ['not_found'],
})
