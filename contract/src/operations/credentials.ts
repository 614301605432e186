import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** Access keys that sign requests, temporary credentials, and who may get them. */

const accessKeyId = z.string().regex(/^[A-Z2-7]{20}$/, 'must be an access key id')
const principalReference = { principal: codec.uuid.describe('The id of a principal') }

const accessKeyView = z.strictObject({
  id: accessKeyId,
  principal: codec.uuid,
  description: z.string(),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp().optional(),
  revokedAt: codec.timestamp().optional(),
})

export const createAccessKey = operation({
  name: 'accessKey.create',
  effect: 'change',
  action: 'accessKey.create',
  route: 'POST /v1/access-keys',
  summary: 'Make an access key for a service that is an AWS client; its secret is shown this once',
  input: z.strictObject({
    ...principalReference,
    description: codec.words(256).default('').describe('What it is for'),
    days: z
      .int()
      .min(1)
      .max(3_650)
      .optional()
      .describe('How long it is valid; until it is revoked unless given'),
  }),
  output: accessKeyView.extend({ secret: z.string() }),
  errors: ['not_found', 'conflict'],
})

export const listAccessKeys = operation({
  name: 'accessKey.list',
  effect: 'read',
  action: 'accessKey.list',
  route: 'GET /v1/access-keys',
  summary: 'List access keys, without their secrets',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Only those of this principal'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(accessKeyView), ...nextPage }),
  errors: [],
})

export const revokeAccessKey = operation({
  name: 'accessKey.revoke',
  effect: 'change',
  action: 'accessKey.revoke',
  route: 'POST /v1/access-keys/{accessKey}/revoke',
  summary: 'Refuse an access key, and every session made with it, from now on',
  input: z.strictObject({ accessKey: accessKeyId.describe('The id of an access key') }),
  output: accessKeyView,
  errors: ['not_found', 'conflict'],
})

const SESSION_SECONDS_MIN = 900
const SESSION_SECONDS_MAX = 43_200

export const createSession = operation({
  name: 'session.create',
  effect: 'use',
  action: 'any',
  route: 'POST /v1/sessions',
  summary:
    'Get temporary credentials for AWS clients, as oneself or as a principal that trusts one',
  input: z.strictObject({
    principal: codec.name
      .optional()
      .describe('Whom to act as: the id or the name of a principal; oneself unless given'),
    name: z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, 'must be 2 to 64 letters, digits and _ + = , . @ -')
      .describe('What the session is called in the ledger'),
    seconds: z
      .int()
      .min(SESSION_SECONDS_MIN)
      .max(SESSION_SECONDS_MAX)
      .default(3_600)
      .describe('How long it lasts; never longer than what it is made with'),
  }),
  output: z.strictObject({
    accessKey: accessKeyId,
    secret: z.string(),
    token: z.string(),
    expiresAt: codec.timestamp(),
    principal: codec.uuid,
    arn: z.string(),
  }),
  errors: [],
})

const trustedBy = z.union([
  z.strictObject({ kind: z.literal('principal'), principal: codec.uuid }),
  z.strictObject({
    kind: z.literal('identity'),
    provider: codec.uuid,
    subject: z.string().min(1).max(512),
  }),
])

/** Claims that one trust may ask for. */
const CLAIMS_MAX = 16
const claims = z
  .record(z.string().regex(/^[\x21-\x7e]{1,128}$/), z.string().min(1).max(512))
  .refine((asked) => Object.keys(asked).length <= CLAIMS_MAX, 'must be at most 16 claims')
  .optional()
  .describe('What other claims of an identity token must say, with * for anything')

const trustView = z.strictObject({
  id: codec.uuid,
  principal: codec.uuid,
  by: trustedBy,
  claims,
  seconds: z.int(),
  createdAt: codec.timestamp(),
})

export const createTrust = operation({
  name: 'trust.create',
  effect: 'change',
  action: 'trust.create',
  route: 'POST /v1/trusts',
  summary: 'Let a principal, or whoever holds an identity token, act as a service',
  input: z.strictObject({
    principal: codec.uuid.describe('Whom to act as'),
    by: trustedBy.describe('Who may: a principal, or a subject (with *) of an identity provider'),
    claims,
    seconds: z
      .int()
      .min(SESSION_SECONDS_MIN)
      .max(SESSION_SECONDS_MAX)
      .default(3_600)
      .describe('The longest a session may last, or a token count after it was issued'),
  }),
  output: trustView,
  errors: ['not_found', 'conflict'],
})

export const listTrusts = operation({
  name: 'trust.list',
  effect: 'read',
  action: 'trust.list',
  route: 'GET /v1/trusts',
  summary: 'List who may act as whom',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Only those that let others act as this one'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(trustView), ...nextPage }),
  errors: [],
})

export const deleteTrust = operation({
  name: 'trust.delete',
  effect: 'change',
  action: 'trust.delete',
  route: 'DELETE /v1/trusts/{trust}',
  summary: 'Refuse such sessions from now on, those under way among them',
  input: z.strictObject({ trust: codec.uuid.describe('The id of a trust') }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

const providerView = z.strictObject({
  id: codec.uuid,
  issuer: z.string(),
  audiences: z.array(z.string()),
  createdAt: codec.timestamp(),
})

const audiences = z
  .array(z.string().min(1).max(256))
  .min(1)
  .max(16)
  .describe('The aud claims that are meant for this server')
const keySet = z
  .string()
  .min(2)
  .max(65_536)
  .describe("The issuer's public keys: a JSON Web Key Set (RFC 7517)")

export const createIdentityProvider = operation({
  name: 'identityProvider.create',
  effect: 'change',
  action: 'identityProvider.create',
  route: 'POST /v1/identity-providers',
  summary: 'Believe identity tokens (OpenID Connect) that an issuer signs',
  input: z.strictObject({
    issuer: codec.unicode(512).min(1).describe('The iss claim of its tokens'),
    audiences,
    keys: keySet,
  }),
  output: providerView,
  errors: ['invalid_key_material'],
})

export const updateIdentityProvider = operation({
  name: 'identityProvider.update',
  effect: 'change',
  action: 'identityProvider.update',
  route: 'PATCH /v1/identity-providers/{provider}',
  summary: 'Take the new keys of an issuer, or other audiences; its trusts stay',
  input: z.strictObject({
    provider: codec.uuid.describe('The id of an identity provider'),
    audiences: audiences.optional(),
    keys: keySet.optional(),
  }),
  output: providerView,
  errors: ['not_found', 'invalid_key_material'],
})

export const listIdentityProviders = operation({
  name: 'identityProvider.list',
  effect: 'read',
  action: 'identityProvider.list',
  route: 'GET /v1/identity-providers',
  summary: 'List the issuers whose identity tokens are believed',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(providerView), ...nextPage }),
  errors: [],
})

export const deleteIdentityProvider = operation({
  name: 'identityProvider.delete',
  effect: 'change',
  action: 'identityProvider.delete',
  route: 'DELETE /v1/identity-providers/{provider}',
  summary: 'Believe an issuer no longer; sessions from its tokens end at once',
  input: z.strictObject({ provider: codec.uuid.describe('The id of an identity provider') }),
  output: empty,
  errors: ['not_found', 'conflict'],
})
