import { z } from 'zod'
import * as codec from '../codecs.ts'
import { factorNames } from '../factors.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page, ruleScope } from './shared.ts'

/** What must have happened before something that is allowed is done: a fresh proof of who is asking, or the approval of others. */

const actions = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(64)
  .describe('Actions, such as key.export: role.list tells which there are')

const scopeField = { scope: ruleScope.default({ kind: 'tenant' }).describe('Where it holds') }

const stepUpRuleView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  actions: z.array(z.string()),
  scope: ruleScope,
  factors: z.array(z.enum(factorNames)),
  maxAgeSeconds: z.int().optional(),
  createdAt: codec.timestamp(),
})

export const createStepUpRule = operation({
  name: 'stepUpRule.create',
  effect: 'change',
  action: 'stepUpRule.create',
  route: 'POST /v1/step-up-rules',
  summary:
    'Ask for a fresh proof of who is asking before some actions; programs have none, so it denies them',
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    actions,
    ...scopeField,
    factors: z
      .array(z.enum(factorNames))
      .min(1)
      .max(factorNames.length)
      .describe('Any one of these is enough'),
    maxAgeSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .optional()
      .describe('How old the proof may be; unless given, it is made for the very operation'),
  }),
  output: stepUpRuleView,
  errors: ['not_found', 'conflict'],
})

export const listStepUpRules = operation({
  name: 'stepUpRule.list',
  effect: 'read',
  action: 'stepUpRule.list',
  route: 'GET /v1/step-up-rules',
  summary: 'List the rules that ask for a fresh proof',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(stepUpRuleView), ...nextPage }),
  errors: [],
})

export const deleteStepUpRule = operation({
  name: 'stepUpRule.delete',
  effect: 'change',
  action: 'stepUpRule.delete',
  route: 'DELETE /v1/step-up-rules/{rule}',
  summary: 'Ask for no fresh proof any more',
  input: z.strictObject({ rule: codec.uuid.describe('The id of a rule') }),
  output: empty,
  errors: ['not_found'],
})

const approvalPolicyView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  actions: z.array(z.string()),
  scope: ruleScope,
  approvals: z.int(),
  principals: z.array(codec.uuid),
  groups: z.array(codec.uuid),
  hours: z.int(),
  signed: z.boolean().describe('Whether only approvals count that a passkey signed'),
  createdAt: codec.timestamp(),
  updatedAt: codec.timestamp().optional(),
})

const approvals = z.int().min(1).max(16).describe('How many others must approve')
const approvers = z.array(codec.uuid).max(100)
const hours = z.int().min(1).max(720).describe('How long a request is good for')

export const createApprovalPolicy = operation({
  name: 'approvalPolicy.create',
  effect: 'change',
  action: 'approvalPolicy.create',
  route: 'POST /v1/approval-policies',
  summary: 'Let others approve some actions before they are done',
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    actions,
    ...scopeField,
    approvals: approvals.default(1),
    principals: approvers.default([]).describe('The principals that may approve'),
    groups: approvers
      .default([])
      .describe(
        'The groups whose members may; whoever may do approval.decide where both are empty',
      ),
    hours: hours.default(24),
    signed: z.boolean().optional().describe('Whether only approvals count that a passkey signed'),
  }),
  output: approvalPolicyView,
  errors: ['not_found', 'conflict'],
})

export const createDefaultApprovalPolicies = operation({
  name: 'approvalPolicy.createDefaults',
  effect: 'change',
  action: 'approvalPolicy.create',
  route: 'POST /v1/approval-policies/defaults',
  summary:
    'Let others approve what is hard to undo: destroying, exporting, loosening rules, settings, the root key, rights for emergencies',
  input: z.strictObject({
    approvals: approvals.default(1),
    hours: hours.default(24),
    signed: z.boolean().optional().describe('Whether only approvals count that a passkey signed'),
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        policy: codec.uuid,
        name: codec.name,
        made: z.boolean().describe('False where it was there before, and asks for as much'),
        approvals: z.int(),
        signed: z.boolean(),
        actions: z.array(z.string()).describe('Those of the defaults that it is about'),
      }),
    ),
  }),
  errors: ['conflict'],
})

export const updateApprovalPolicy = operation({
  name: 'approvalPolicy.update',
  effect: 'change',
  action: 'approvalPolicy.update',
  route: 'PATCH /v1/approval-policies/{policy}',
  summary: 'Change who approves and how many must; requests from before are asked for anew',
  input: z.strictObject({
    policy: codec.uuid.describe('The id of a policy'),
    approvals: approvals.optional(),
    principals: approvers.optional().describe('The principals that may approve'),
    groups: approvers.optional().describe('The groups whose members may'),
    hours: hours.optional(),
    signed: z.boolean().optional().describe('Whether only approvals count that a passkey signed'),
  }),
  output: approvalPolicyView,
  errors: ['not_found', 'conflict'],
})

export const listApprovalPolicies = operation({
  name: 'approvalPolicy.list',
  effect: 'read',
  action: 'approvalPolicy.list',
  route: 'GET /v1/approval-policies',
  summary: 'List what others must approve',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(approvalPolicyView), ...nextPage }),
  errors: [],
})

export const deleteApprovalPolicy = operation({
  name: 'approvalPolicy.delete',
  effect: 'change',
  action: 'approvalPolicy.delete',
  route: 'DELETE /v1/approval-policies/{policy}',
  summary: 'Ask for no approval any more',
  input: z.strictObject({ policy: codec.uuid.describe('The id of a policy') }),
  output: empty,
  errors: ['not_found'],
})
