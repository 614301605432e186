import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** Who may use one key, beside bindings: its key policy, and grants. Both in the language of AWS KMS, and in force at every door. */

const key = { key: codec.keyReference }
const notFound = ['not_found'] as const

export const getPolicy = operation({
  name: 'policy.get',
  effect: 'read',
  action: 'policy.get',
  route: 'GET /v1/keys/{key}/policy',
  summary: 'Show the key policy of a key',
  input: z.strictObject(key),
  output: z.strictObject({
    policy: codec.policy,
    own: z.boolean().describe('False for the default, which leaves everything to bindings'),
  }),
  errors: notFound,
})

export const putPolicy = operation({
  name: 'policy.put',
  effect: 'change',
  action: 'policy.put',
  route: 'POST /v1/keys/{key}/policy',
  summary: 'Replace the key policy of a key',
  input: z.strictObject({
    ...key,
    policy: codec.policy.describe('A policy document as AWS KMS takes it'),
    bypassPolicyLockoutCheck: z
      .boolean()
      .optional()
      .describe('Take the policy also where the caller could not change it again'),
  }),
  output: z.strictObject({ policy: codec.policy, own: z.boolean() }),
  errors: [...notFound, 'wrong_state'],
})

/** An ARN of a principal, or a principal's name. */
const principalArn = z.string().min(1).max(256)
const pairs = z.record(
  z.string().max(codec.GRANT_TEXT_LENGTH_MAX),
  z.string().max(codec.GRANT_TEXT_LENGTH_MAX),
)
const grantOperations = z.array(z.string().min(1).max(64)).min(1).max(32)
const constraints = z.strictObject({
  equals: pairs.optional().describe('The encryption context must be exactly this'),
  subset: pairs.optional().describe('The encryption context must have these pairs'),
})
const grantId = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')

const grantView = z.strictObject({
  id: grantId,
  key: codec.uuid,
  keyRegion: codec.region.optional(),
  multiRegionId: codec.uuid
    .optional()
    .describe('What ciphertexts of the key and its relatives name'),
  name: z.string().optional(),
  grantee: z.string(),
  retiring: z.string().optional(),
  operations: grantOperations,
  constraints: constraints.optional(),
  issuer: z.string().describe('The account or principal that gave it'),
  createdAt: codec.timestamp(),
})

export const createGrant = operation({
  name: 'grant.create',
  effect: 'change',
  action: 'grant.create',
  route: 'POST /v1/keys/{key}/grants',
  summary: 'Let a principal do some operations with a key',
  input: z.strictObject({
    ...key,
    grantee: principalArn.describe('Who may: the ARN or the name of a principal'),
    retiring: principalArn.optional().describe('Who may retire it'),
    operations: grantOperations.describe("In AWS's words, such as Encrypt"),
    constraints: constraints
      .optional()
      .describe('Which encryption context a use must have for the grant to allow it'),
    name: z
      .string()
      .regex(/^[a-zA-Z0-9:/_-]{1,256}$/)
      .optional()
      .describe('The same request with the same name makes no second grant'),
  }),
  output: z.strictObject({ id: grantId, token: z.string() }),
  errors: [...notFound, 'wrong_state', 'conflict'],
})

export const listGrants = operation({
  name: 'grant.list',
  effect: 'read',
  action: 'grant.list',
  route: 'GET /v1/keys/{key}/grants',
  summary: 'List the grants on a key',
  input: z.strictObject({
    ...key,
    grant: grantId.optional().describe('Only this one'),
    grantee: principalArn.optional().describe('Only those of this principal'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(grantView), ...nextPage }),
  errors: notFound,
})

export const listRetirableGrants = operation({
  name: 'grant.retirable',
  effect: 'read',
  action: 'grant.retirable',
  route: 'GET /v1/grants',
  summary: 'List the grants that a principal may retire',
  input: z.strictObject({
    retiring: principalArn.describe('The ARN or the name of a principal'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(grantView), ...nextPage }),
  errors: [],
})

export const retireGrant = operation({
  name: 'grant.retire',
  effect: 'change',
  action: 'grant.retire',
  route: 'POST /v1/grants/retire',
  summary: 'Give up a grant: for its grantee, its retiring principal, and who may revoke it',
  input: z.strictObject({
    key: codec.keyReference.optional().describe('The key, with grant'),
    grant: grantId.optional().describe('The id of the grant, with key'),
    token: z.string().min(1).max(8_192).optional().describe('What grant.create gave, instead'),
  }),
  output: empty,
  errors: [...notFound, 'conflict'],
})

export const revokeGrant = operation({
  name: 'grant.revoke',
  effect: 'change',
  action: 'grant.revoke',
  route: 'POST /v1/keys/{key}/grants/{grant}/revoke',
  summary: 'Take a grant away; in force when the call returns',
  input: z.strictObject({ ...key, grant: grantId.describe('The id of the grant') }),
  output: empty,
  errors: [...notFound, 'conflict'],
})
