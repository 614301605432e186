import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { passkeyOptions, passkeyResponse } from './logins.ts'
import { nextPage, page } from './shared.ts'

/** Requests that others approve an operation: asked for, decided, and then done by who asked, once. */

const states = ['pending', 'approved', 'rejected', 'withdrawn', 'executed', 'failed'] as const

const summary = {
  id: codec.uuid,
  requester: codec.uuid,
  operation: z.string(),
  key: codec.uuid.optional(),
  approvals: z.int().describe('How many others must approve'),
  signed: z.boolean().describe('Whether a policy counts only approvals that a passkey signed'),
  automatic: z
    .boolean()
    .describe('Whether the server does it by itself, with the last approval that it takes'),
  comment: z.string(),
  state: z.enum(states).describe('failed: the server tried to do it, and was refused'),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp(),
  executedAt: codec.timestamp().optional(),
  failure: z
    .strictObject({ code: z.string().describe('The code of the error'), at: codec.timestamp() })
    .optional()
    .describe('Why the server could not do it'),
}

const approvalView = z.strictObject({
  ...summary,
  input: z.record(z.string(), z.unknown()).describe('What the operation is to be given'),
  salt: z.string().describe('What the statement hides the input with: it has the digest of both'),
  statement: z.string().describe('What is approved, as canonical JSON (RFC 8785)'),
  digest: z.string().describe('SHA-256 of the statement, base64url'),
  policies: z.array(codec.uuid).describe('The policies that ask for it'),
  decisions: z.array(
    z.strictObject({
      principal: codec.uuid,
      at: codec.timestamp(),
      comment: z.string(),
      verdict: z.enum(['approved', 'rejected']),
      signed: z.boolean().describe('Whether a passkey signed it'),
    }),
  ),
})

const reference = { approval: codec.uuid.describe('The id of a request') }
const comment = codec.words(1_024).default('').describe('What to say about it')

export const requestApproval = operation({
  name: 'approval.request',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/approvals',
  summary:
    'Ask others to approve an operation; repeat it with the id of the request once they have',
  input: z.strictObject({
    operation: z.string().min(1).max(64).describe('The operation, such as key.export'),
    input: z
      .record(z.string().max(64), z.unknown())
      .describe('Its input, as it stands on the wire; whoever decides sees it'),
    comment: codec.words(1_024).default('').describe('Why'),
    automatic: z
      .boolean()
      .optional()
      .describe('Let the server do it, once, with the last approval that it takes'),
  }),
  output: approvalView,
  errors: ['not_found', 'conflict', 'payload_too_large'],
})

export const listApprovals = operation({
  name: 'approval.list',
  effect: 'read',
  action: 'approval.list',
  route: 'GET /v1/approvals',
  summary: 'List requests for approval',
  input: z.strictObject({
    state: z.enum(states).optional().describe('Only those in this state'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(z.strictObject(summary)), ...nextPage }),
  errors: [],
})

export const getApproval = operation({
  name: 'approval.get',
  effect: 'read',
  action: 'approval.list',
  route: 'GET /v1/approvals/{approval}',
  summary: 'Show a request for approval, and what exactly is approved',
  input: z.strictObject(reference),
  output: approvalView,
  errors: ['not_found'],
})

export const approvalChallenge = operation({
  name: 'approval.challenge',
  effect: 'read',
  action: 'approval.decide',
  route: 'POST /v1/approvals/{approval}/challenge',
  summary: 'Get what a passkey signs to approve a request: the digest of its statement',
  input: z.strictObject(reference),
  output: z.strictObject({ options: passkeyOptions }),
  errors: ['not_found', 'conflict'],
})

export const approveApproval = operation({
  name: 'approval.approve',
  effect: 'change',
  action: 'approval.decide',
  route: 'POST /v1/approvals/{approval}/approve',
  summary: 'Approve what somebody else asks for',
  input: z.strictObject({
    ...reference,
    comment,
    response: passkeyResponse
      .optional()
      .describe('The answer of a passkey to approval.challenge, as JSON: the approval is signed'),
  }),
  output: approvalView,
  errors: ['not_found', 'conflict'],
})

export const rejectApproval = operation({
  name: 'approval.reject',
  effect: 'change',
  action: 'approval.decide',
  route: 'POST /v1/approvals/{approval}/reject',
  summary: 'Reject what somebody else asks for',
  input: z.strictObject({ ...reference, comment }),
  output: approvalView,
  errors: ['not_found', 'conflict'],
})

export const withdrawApproval = operation({
  name: 'approval.withdraw',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/approvals/{approval}/withdraw',
  summary: 'Take back a request of your own',
  input: z.strictObject(reference),
  output: approvalView,
  errors: ['not_found', 'conflict'],
})
