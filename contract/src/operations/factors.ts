import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { passkeyOptions, passkeyResponse, password, totpCode } from './logins.ts'
import { totpSetup } from './persons.ts'
import { empty } from './shared.ts'

/** What persons prove who they are with. */

export const factorView = z.strictObject({
  id: codec.uuid,
  kind: z.enum(['password', 'totp', 'passkey', 'recovery']),
  name: z.string(),
  createdAt: codec.timestamp(),
  lastUsedAt: codec.timestamp().optional(),
  backedUp: z.boolean().optional().describe('Whether a passkey is copied to other devices'),
  codesLeft: z.int().optional().describe('How many recovery codes were not used yet'),
})

export const listFactors = operation({
  name: 'factor.list',
  effect: 'read',
  action: 'factor.list',
  route: 'GET /v1/factors',
  summary: 'List the factors of oneself or of another person, without their secrets',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Of this person; of oneself unless given'),
  }),
  output: z.strictObject({ items: z.array(factorView) }),
  errors: ['not_found'],
})

export const beginFactor = operation({
  name: 'factor.begin',
  effect: 'read',
  action: 'any',
  route: 'POST /v1/factors/begin',
  summary: 'Begin to add a factor of one’s own',
  input: z.strictObject({ kind: z.enum(['totp', 'passkey']).describe('What to add') }),
  output: z.strictObject({
    id: z.string().describe('factor.add asks for it'),
    totp: totpSetup.optional(),
    passkey: z.strictObject({ options: passkeyOptions }).optional(),
    expiresAt: codec.timestamp(),
  }),
  errors: ['conflict'],
})

export const addFactor = operation({
  name: 'factor.add',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/factors',
  summary: 'Add the factor that was begun, once it was proved to work',
  input: z.strictObject({
    ceremony: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be what factor.begin gave')
      .describe('The id that factor.begin gave'),
    name: codec.words(64).default('').describe('What to call it'),
    code: totpCode.optional().describe('The first code of the authenticator app'),
    response: passkeyResponse.optional().describe('The answer of the new passkey, as JSON'),
  }),
  output: factorView,
  errors: ['conflict', 'step_up_required'],
})

export const removeFactor = operation({
  name: 'factor.remove',
  effect: 'change',
  action: 'factor.remove',
  route: 'DELETE /v1/factors/{factor}',
  summary: 'Take an authenticator app or a passkey away; never the last that is needed',
  input: z.strictObject({ factor: codec.uuid.describe('The id of a factor') }),
  output: empty,
  errors: ['not_found', 'conflict', 'step_up_required'],
})

export const renewCodes = operation({
  name: 'factor.renewCodes',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/factors/recovery-codes',
  summary: 'Make new recovery codes, shown this once; the old ones open nothing any more',
  input: empty,
  output: z.strictObject({ codes: z.array(z.string()) }),
  errors: ['conflict', 'step_up_required'],
})

export const changePassword = operation({
  name: 'password.change',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/password',
  summary: 'Set one’s own password; one’s other logins end',
  input: z.strictObject({
    current: password.optional().describe('The password until now, where there is one'),
    password: password.describe('The new password'),
  }),
  output: empty,
  errors: ['conflict', 'step_up_required'],
})
