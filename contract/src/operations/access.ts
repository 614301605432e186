import { z } from 'zod'
import * as codec from '../codecs.ts'
import { factorNames } from '../factors.ts'
import { operation } from '../operation.ts'
import { scope } from './scope.ts'
import { empty, nextPage, page, roleName } from './shared.ts'

/** Who there is, how they prove it, and what they may do. */

const principalView = z.strictObject({
  id: codec.uuid,
  tenant: codec.uuid,
  name: codec.name,
  kind: z.enum(['user', 'service']),
  state: z.enum(['enabled', 'disabled']),
  createdAt: codec.timestamp(),
})

const tokenView = z.strictObject({
  id: codec.uuid,
  principal: codec.uuid,
  description: z.string(),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp(),
  revokedAt: codec.timestamp().optional(),
})

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'is a time such as 08:30')

/** When a binding counts: all of what is there must hold. */
const conditions = z.strictObject({
  factors: z
    .strictObject({
      anyOf: z.array(z.enum(factorNames)).min(1),
      maxAgeSeconds: z.int().min(1).max(31_536_000).optional(),
    })
    .optional(),
  networks: z.array(z.string().min(2).max(64)).min(1).max(100).optional(),
  times: z
    .strictObject({
      days: z.array(z.int().min(1).max(7)).min(1).max(7).optional(),
      from: clockTime,
      until: z.union([clockTime, z.literal('24:00')]),
      zone: z.string().min(1).max(64),
    })
    .optional(),
  doors: z.array(z.string().min(1).max(16)).min(1).max(16).optional(),
  context: z
    .strictObject({ equals: codec.context.optional(), contains: codec.context.optional() })
    .optional(),
  algorithms: z.array(z.string().min(1).max(32)).min(1).max(64).optional(),
  bytesMax: z.int().min(0).optional(),
})

const bindingView = z.strictObject({
  id: codec.uuid,
  role: z.string(),
  principal: codec.uuid.optional().describe('Absent where it is given to a group'),
  group: codec.uuid.optional(),
  scope,
  conditions: conditions.optional(),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp().optional(),
})

const tenantView = z.strictObject({
  id: codec.uuid,
  name: codec.name,
  account: codec.account,
  createdAt: codec.timestamp(),
})
const principalReference = { principal: codec.uuid.describe('The id of a principal') }

export const whoami = operation({
  name: 'whoami',
  effect: 'read',
  action: 'any',
  route: 'GET /v1/whoami',
  summary: 'Show the principal that the credential belongs to',
  input: empty,
  output: z.strictObject({
    principal: principalView,
    account: codec.account.describe('What AWS clients know the tenant by'),
    arn: z.string().describe('What key policies and grants know the caller by'),
    credential: z.string().describe('The id of the token, access key or session'),
    expiresAt: codec.timestamp().optional(),
    csrf: z
      .string()
      .optional()
      .describe('What the header Claviger-Csrf must say, where a cookie carries the login'),
  }),
  errors: [],
})

export const createTenant = operation({
  name: 'tenant.create',
  effect: 'change',
  action: 'tenant.create',
  route: 'POST /v1/tenants',
  summary: "Make a tenant with its own wrapping key, and its owner's first token",
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    account: codec.account
      .optional()
      .describe('What AWS clients know it by; made of its id unless given'),
  }),
  output: z.strictObject({ tenant: tenantView, owner: principalView, token: z.string() }),
  errors: ['conflict'],
})

export const listTenants = operation({
  name: 'tenant.list',
  effect: 'read',
  action: 'tenant.list',
  route: 'GET /v1/tenants',
  summary: 'List tenants',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(tenantView), ...nextPage }),
  errors: [],
})

export const createPrincipal = operation({
  name: 'principal.create',
  effect: 'change',
  action: 'principal.create',
  route: 'POST /v1/principals',
  summary: 'Add a user or a service',
  input: z.strictObject({
    name: codec.name.describe('What people call it'),
    kind: z.enum(['user', 'service']).default('service').describe('A person or a program'),
  }),
  output: principalView,
  errors: ['conflict'],
})

export const getPrincipal = operation({
  name: 'principal.get',
  effect: 'read',
  action: 'principal.get',
  route: 'GET /v1/principals/{principal}',
  summary: 'Show a principal',
  input: z.strictObject(principalReference),
  output: principalView,
  errors: ['not_found'],
})

export const listPrincipals = operation({
  name: 'principal.list',
  effect: 'read',
  action: 'principal.list',
  route: 'GET /v1/principals',
  summary: 'List principals',
  input: z.strictObject(page),
  output: z.strictObject({ items: z.array(principalView), ...nextPage }),
  errors: [],
})

export const disablePrincipal = operation({
  name: 'principal.disable',
  effect: 'change',
  action: 'principal.disable',
  route: 'POST /v1/principals/{principal}/disable',
  summary: 'Refuse everything of a principal at once',
  input: z.strictObject(principalReference),
  output: principalView,
  errors: ['not_found', 'conflict'],
})

export const enablePrincipal = operation({
  name: 'principal.enable',
  effect: 'change',
  action: 'principal.enable',
  route: 'POST /v1/principals/{principal}/enable',
  summary: 'Let a disabled principal back in',
  input: z.strictObject(principalReference),
  output: principalView,
  errors: ['not_found', 'conflict'],
})

export const createToken = operation({
  name: 'token.create',
  effect: 'change',
  action: 'token.create',
  route: 'POST /v1/tokens',
  summary: 'Make a token for a service; it is shown this once',
  input: z.strictObject({
    ...principalReference,
    description: codec.words(256).default('').describe('What it is for'),
    days: z
      .int()
      .min(1)
      .max(366)
      .optional()
      .describe('How long it is valid; 90 days, or the longest that is allowed, unless given'),
  }),
  output: tokenView.extend({ token: z.string() }),
  errors: ['not_found', 'conflict'],
})

export const listTokens = operation({
  name: 'token.list',
  effect: 'read',
  action: 'token.list',
  route: 'GET /v1/tokens',
  summary: 'List tokens, without their secrets',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Only those of this principal'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(tokenView), ...nextPage }),
  errors: [],
})

export const revokeToken = operation({
  name: 'token.revoke',
  effect: 'change',
  action: 'token.revoke',
  route: 'POST /v1/tokens/{token}/revoke',
  summary: 'Refuse a token from now on',
  input: z.strictObject({ token: codec.uuid.describe('The id of a token, not the token itself') }),
  output: tokenView,
  errors: ['not_found', 'conflict'],
})

export const listRoles = operation({
  name: 'role.list',
  effect: 'read',
  action: 'role.list',
  route: 'GET /v1/roles',
  summary: "List the roles and what each allows: the built-in ones, and the tenant's own",
  input: empty,
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        role: z.string(),
        summary: z.string(),
        actions: z.array(z.string()),
      }),
    ),
  }),
  errors: [],
})

export const createBinding = operation({
  name: 'binding.create',
  effect: 'change',
  action: 'binding.create',
  route: 'POST /v1/bindings',
  summary:
    'Give a principal or a group a role in the tenant, on labelled or named keys, or on one key',
  input: z.strictObject({
    role: roleName.describe('What it allows: role.list tells'),
    principal: codec.uuid.describe('The id of a principal or a group'),
    scope: scope.default({ kind: 'tenant' }).describe('Where it holds'),
    conditions: conditions
      .optional()
      .describe('When it counts: factors, networks, times, doors, context, algorithms, bytesMax'),
    expiresAt: codec.timestamp().optional().describe('After this it allows nothing'),
  }),
  output: bindingView,
  errors: ['not_found', 'conflict', 'separation_violated'],
})

export const listBindings = operation({
  name: 'binding.list',
  effect: 'read',
  action: 'binding.list',
  route: 'GET /v1/bindings',
  summary: 'List bindings',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Only those of this principal'),
    group: codec.uuid.optional().describe('Only those of this group'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(bindingView), ...nextPage }),
  errors: [],
})

export const deleteBinding = operation({
  name: 'binding.delete',
  effect: 'change',
  action: 'binding.delete',
  route: 'DELETE /v1/bindings/{binding}',
  summary: 'Take a role away again',
  input: z.strictObject({ binding: codec.uuid.describe('The id of a binding') }),
  output: empty,
  errors: ['not_found', 'conflict'],
})
