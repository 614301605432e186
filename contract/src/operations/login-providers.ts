import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import {
  carrier,
  loginView,
  passkeyOptions,
  passkeyResponse,
  recoveryCode,
  totpCode,
} from './logins.ts'
import { empty, nextPage, page } from './shared.ts'

/** Where persons may log in with OpenID Connect, which persons and groups that gives, and the login itself. */

/** Mappings of one provider. */
const MAPPINGS_MAX = 200

export const providerReference = { provider: codec.uuid.describe('The id of a login provider') }

const claimName = z
  .string()
  .regex(/^[\x21-\x7e]{0,128}$/, 'must be at most 128 visible ASCII characters')
const mapping = z.strictObject({
  claim: codec.words(256).min(1).describe('What the provider calls the group'),
  group: codec.uuid.describe('The id of a group'),
})
const described = {
  name: codec.name.describe('What persons see on the login page'),
  issuer: z
    .string()
    .max(512)
    .regex(/^https?:\/\/[\x21-\x7e]+$/, 'must be an https address, or http on loopback')
    .describe("The provider's issuer identifier: https, or http on loopback"),
  client: z
    .string()
    .regex(/^[\x20-\x7e]{1,256}$/, 'must be 1 to 256 ASCII characters')
    .describe('The client id it gave this server'),
}
const settings = {
  groupsClaim: claimName
    .optional()
    .describe(
      'The claim that lists the groups of a person; empty or left out, no groups are taken',
    ),
  groups: z
    .array(mapping)
    .max(MAPPINGS_MAX)
    .describe('Which of our groups each of its groups means'),
  linkClaim: claimName
    .optional()
    .describe('A claim that says the name of a person here, who is linked at the first login'),
  admits: z.boolean().describe('Whether persons that only it knows are added at their first login'),
  strong: z
    .array(z.string().min(1).max(128))
    .max(16)
    .describe('Values of amr or acr with which it vouches that it asked for two factors'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'must be a scope (RFC 6749)'))
    .max(16)
    .describe('What is asked for beside openid'),
}
const secret = codec
  .words(1_024)
  .min(1)
  .optional()
  .describe('The client secret, where the client has one')

const loginProviderView = z.strictObject({
  id: codec.uuid,
  ...described,
  ...settings,
  hasSecret: z.boolean(),
  createdAt: codec.timestamp(),
})

export const createLoginProvider = operation({
  name: 'loginProvider.create',
  effect: 'change',
  action: 'loginProvider.create',
  route: 'POST /v1/login-providers',
  summary: 'Let persons log in with an OpenID Connect provider; it is asked for its metadata first',
  input: z.strictObject({
    ...described,
    clientSecret: secret,
    groupsClaim: settings.groupsClaim,
    groups: settings.groups.default([]),
    linkClaim: settings.linkClaim,
    admits: settings.admits.default(false),
    strong: settings.strong.default([]),
    scopes: settings.scopes.default(['profile', 'email']),
  }),
  secrets: ['clientSecret'],
  output: loginProviderView,
  errors: ['not_found', 'conflict'],
})

export const updateLoginProvider = operation({
  name: 'loginProvider.update',
  effect: 'change',
  action: 'loginProvider.update',
  route: 'PATCH /v1/login-providers/{provider}',
  summary:
    'Take another client secret or other groups; issuer and client stay, and so do its persons',
  input: z.strictObject({
    ...providerReference,
    name: described.name.optional(),
    clientSecret: secret,
    groupsClaim: settings.groupsClaim,
    groups: settings.groups.optional(),
    linkClaim: settings.linkClaim,
    admits: settings.admits.optional(),
    strong: settings.strong.optional(),
    scopes: settings.scopes.optional(),
  }),
  secrets: ['clientSecret'],
  output: loginProviderView,
  errors: ['not_found', 'conflict'],
})

export const listLoginProviders = operation({
  name: 'loginProvider.list',
  effect: 'read',
  action: 'loginProvider.list',
  route: 'GET /v1/login-providers',
  summary: 'List login providers, without their secrets',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(loginProviderView), ...nextPage }),
  errors: [],
})

export const deleteLoginProvider = operation({
  name: 'loginProvider.delete',
  effect: 'change',
  action: 'loginProvider.delete',
  route: 'DELETE /v1/login-providers/{provider}',
  summary: 'Let nobody log in with it again; logins made with it end at once',
  input: z.strictObject(providerReference),
  output: empty,
  errors: ['not_found', 'conflict'],
})

export const linkLoginProvider = operation({
  name: 'loginProvider.link',
  effect: 'change',
  action: 'loginProvider.link',
  route: 'POST /v1/login-providers/{provider}/links',
  summary: 'Say who a person is at a provider; whoever can log in already links themselves',
  input: z.strictObject({
    ...providerReference,
    principal: codec.uuid.describe('The id of a person'),
    subject: z
      .string()
      .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 ASCII characters')
      .describe('The sub claim of the person at the provider'),
  }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

export const unlinkLoginProvider = operation({
  name: 'loginProvider.unlink',
  effect: 'change',
  action: 'loginProvider.unlink',
  route: 'DELETE /v1/login-providers/{provider}/links/{principal}',
  summary: 'Let a person log in with a provider no longer; the groups from it are taken away',
  input: z.strictObject({
    ...providerReference,
    principal: codec.uuid.describe('The id of a person'),
  }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

export const nameLoginProviders = operation({
  name: 'loginProvider.names',
  effect: 'read',
  action: 'none',
  route: 'GET /v1/login/providers',
  summary: 'List what the login page shows: names and ids of login providers',
  input: z.strictObject({
    tenant: codec.name.optional().describe('The id or name of a tenant; the first unless given'),
  }),
  output: z.strictObject({
    items: z.array(z.strictObject({ id: codec.uuid, name: codec.name })),
  }),
  errors: [],
})

/** 256 random bits. */
export const flow = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be what the login began with')

/** A page of this server, or a program's own listener on the machine of the person (RFC 8252 section 7.3). */
export function redirectTo(page: '/login' | '/account') {
  return z
    .string()
    .regex(
      new RegExp(`^(?:${page}|http://(?:127\\.0\\.0\\.1|\\[::1\\]):\\d{1,5}/callback)$`),
      `must be ${page}, or http://127.0.0.1:PORT/callback`,
    )
    .default(page)
    .describe('Where the provider sends the browser back to; known to it beforehand')
}

/** A login under way, or a link. */
export const begun = z.strictObject({
  url: z.string(),
  flow: flow.describe('A secret of this browser, which finishing it asks for'),
  expiresAt: codec.timestamp(),
})

export const startProviderLogin = operation({
  name: 'login.providerStart',
  effect: 'read',
  action: 'none',
  route: 'POST /v1/login/provider/start',
  summary: 'Begin a login with a provider: where to send the browser, and what it keeps meanwhile',
  input: z.strictObject({
    ...providerReference,
    redirect: redirectTo('/login'),
    again: z
      .boolean()
      .default(false)
      .describe(
        'Whether the person proves it anew there, also where the provider knows them still',
      ),
  }),
  output: begun,
  errors: ['not_found', 'overloaded'],
})

export const callback = z
  .string()
  .max(8_192)
  .describe('The query string the browser came back with')

export const providerLogin = operation({
  name: 'login.provider',
  effect: 'change',
  action: 'none',
  route: 'POST /v1/login/provider',
  summary:
    'Finish a login with a provider: first what it answered, then a second factor if need be',
  input: z.strictObject({
    flow: flow.describe('What login.providerStart, or the step before, gave'),
    callback: callback.optional(),
    code: totpCode.optional().describe('A one-time password, as the second factor'),
    recoveryCode: recoveryCode.optional().describe('A recovery code instead'),
    response: passkeyResponse.optional().describe('The answer of a passkey instead, as JSON'),
    carrier,
  }),
  output: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('done'),
      session: loginView,
      token: z.string().optional(),
      csrf: z.string(),
    }),
    z.strictObject({
      status: z.literal('second-factor'),
      flow: flow.describe('Instead of the one before'),
      factors: z.array(z.enum(['passkey', 'totp', 'recovery-code'])),
      passkey: z.strictObject({ options: passkeyOptions }).optional(),
      expiresAt: codec.timestamp(),
    }),
  ]),
  errors: ['conflict', 'overloaded', 'separation_violated'],
})
