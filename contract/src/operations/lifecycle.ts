import { z } from 'zod'
import * as codec from '../codecs.ts'
import { lifecyclePresets, lifecycleRuleNames } from '../lifecycle-names.ts'
import { lifecycleRules } from '../lifecycle.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page, pageInBody, ruleScope } from './shared.ts'

/** What keys must be like from their making to their end. */

const policy = codec.uuid.describe('The id of a lifecycle policy')
const reason = codec
  .words(256)
  .min(1)
  .describe('Why less is to be asked, in words; it stands in the ledger')
const rules = lifecycleRules.describe(
  'What is asked of keys; each rule that is absent asks nothing',
)
const scope = ruleScope.describe('The keys that it counts for')
const named = codec.name.describe('What people call it')

const policyView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  scope: ruleScope,
  preset: z.enum(lifecyclePresets).optional().describe('What its rules began as'),
  rules: lifecycleRules,
  createdAt: codec.timestamp(),
  updatedAt: codec.timestamp().optional(),
})

export const createLifecyclePolicy = operation({
  name: 'lifecyclePolicy.create',
  effect: 'change',
  action: 'lifecyclePolicy.create',
  route: 'POST /v1/lifecycle-policies',
  summary: 'Ask something of keys; those that are there and break it can only get better',
  input: z.strictObject({
    name: named,
    scope: scope.default({ kind: 'tenant' }),
    preset: z
      .enum(lifecyclePresets)
      .optional()
      .describe('Rules to start from; those that are given take the place of its own'),
    rules: rules.default({}),
  }),
  output: policyView,
  errors: ['not_found', 'conflict', 'algorithm_refused'],
})

const changes = {
  policy,
  name: named.optional(),
  scope: scope.optional(),
  rules: rules.optional().describe('All of them, in place of those that are there'),
}

export const updateLifecyclePolicy = operation({
  name: 'lifecyclePolicy.update',
  effect: 'change',
  action: 'lifecyclePolicy.update',
  route: 'PATCH /v1/lifecycle-policies/{policy}',
  summary: 'Ask more of keys, or as much; asking less is lifecyclePolicy.loosen',
  input: z.strictObject(changes),
  output: policyView,
  errors: ['not_found', 'conflict', 'algorithm_refused'],
})

export const loosenLifecyclePolicy = operation({
  name: 'lifecyclePolicy.loosen',
  effect: 'change',
  action: 'lifecyclePolicy.loosen',
  route: 'POST /v1/lifecycle-policies/{policy}/loosen',
  summary: 'Ask less of keys, and say why',
  input: z.strictObject({ ...changes, reason }),
  output: policyView,
  errors: ['not_found', 'conflict', 'algorithm_refused'],
})

export const deleteLifecyclePolicy = operation({
  name: 'lifecyclePolicy.delete',
  effect: 'change',
  // To ask nothing any more is to ask less.
  action: 'lifecyclePolicy.loosen',
  route: 'POST /v1/lifecycle-policies/{policy}/delete',
  summary: 'Ask nothing of keys any more, and say why',
  input: z.strictObject({ policy, reason }),
  output: empty,
  errors: ['not_found'],
})

export const getLifecyclePolicy = operation({
  name: 'lifecyclePolicy.get',
  effect: 'read',
  action: 'lifecyclePolicy.list',
  route: 'GET /v1/lifecycle-policies/{policy}',
  summary: 'Show a lifecycle policy',
  input: z.strictObject({ policy }),
  output: policyView,
  errors: ['not_found'],
})

export const listLifecyclePolicies = operation({
  name: 'lifecyclePolicy.list',
  effect: 'read',
  action: 'lifecyclePolicy.list',
  route: 'GET /v1/lifecycle-policies',
  summary: 'List what is asked of keys',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(policyView), ...nextPage }),
  errors: [],
})

const violation = z.strictObject({
  policy: codec.uuid,
  rule: z.enum(lifecycleRuleNames),
  words: z.string().describe('What breaks it'),
})

export const checkPolicies = operation({
  name: 'policy.check',
  effect: 'read',
  action: 'policy.check',
  route: 'GET /v1/lifecycle-check',
  summary: 'List the keys that break a lifecycle policy, and how',
  input: z.strictObject({
    policy: policy.optional().describe('Only this policy'),
    ...page,
  }),
  output: z.strictObject({
    items: z.array(z.strictObject({ key: codec.uuid, violations: z.array(violation) })),
    ...nextPage,
  }),
  errors: ['not_found'],
})

export const simulatePolicy = operation({
  name: 'policy.simulate',
  effect: 'read',
  action: 'policy.check',
  route: 'POST /v1/lifecycle-simulation',
  summary: 'List the keys that a new, changed or deleted policy would find otherwise than now',
  input: z.strictObject({
    policy: policy.optional().describe('The policy that would change; a new one unless given'),
    remove: z.boolean().optional().describe('It would be deleted'),
    scope: scope.optional(),
    preset: z.enum(lifecyclePresets).optional().describe('Rules to start from, of a new one'),
    rules: rules.optional().describe('All of them, in place of those that are there'),
    ...pageInBody,
  }),
  output: z.strictObject({
    loosened: z
      .array(z.enum([...lifecycleRuleNames, 'scope']))
      .describe('What would be asked less; any of them needs lifecyclePolicy.loosen'),
    items: z.array(
      z.strictObject({
        key: codec.uuid,
        breaks: z.array(violation).describe('What would be broken that is not now'),
        mends: z.array(violation).describe('What is broken now and would not be'),
      }),
    ),
    ...nextPage,
  }),
  errors: ['not_found', 'conflict', 'algorithm_refused'],
})
