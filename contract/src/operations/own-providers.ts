import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { begun, callback, flow, providerReference, redirectTo } from './login-providers.ts'
import { empty } from './shared.ts'

/** What a person who is logged in does with login providers: says who they are there, and says it no longer, and logs out there. */

export const listOwnLinks = operation({
  name: 'login.providerLinks',
  effect: 'read',
  action: 'any',
  route: 'GET /v1/login/provider/links',
  summary: 'List the login providers of one’s tenant, and who one is there',
  input: z.strictObject({}),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        id: codec.uuid,
        name: codec.name,
        subject: z.string().optional(),
        linkedAt: codec.timestamp().optional(),
      }),
    ),
  }),
  errors: ['conflict'],
})

export const startOwnLink = operation({
  name: 'login.providerLinkStart',
  effect: 'read',
  action: 'any',
  route: 'POST /v1/login/provider/link/start',
  summary: 'Begin to link oneself with a provider: where to send the browser, to log in there anew',
  input: z.strictObject({
    ...providerReference,
    redirect: redirectTo('/account'),
  }),
  output: begun,
  errors: ['not_found', 'conflict', 'overloaded', 'step_up_required'],
})

export const linkOwnProvider = operation({
  name: 'login.providerLink',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/login/provider/link',
  summary: 'Link oneself to the provider’s person that just logged in there',
  input: z.strictObject({
    flow: flow.describe('What login.providerLinkStart gave, in this login'),
    callback,
  }),
  output: z.strictObject(providerReference),
  errors: ['conflict', 'overloaded', 'step_up_required'],
})

export const unlinkOwnProvider = operation({
  name: 'login.providerUnlink',
  effect: 'change',
  action: 'any',
  route: 'DELETE /v1/login/provider/links/{provider}',
  summary: 'Log in with a provider no longer; the groups and logins that come from it are gone',
  input: z.strictObject(providerReference),
  output: empty,
  errors: ['not_found', 'conflict', 'step_up_required'],
})

export const providerLogout = operation({
  name: 'login.providerLogout',
  effect: 'read',
  action: 'any',
  route: 'POST /v1/login/provider/logout',
  summary: 'Say where a browser logs out at the provider that this login came from',
  input: z.strictObject({}),
  output: z.strictObject({
    provider: z
      .strictObject({
        name: codec.name,
        url: z.string().describe('With a state of its own, which the browser brings back'),
      })
      .optional()
      .describe('Left out where the login came from none, or it has no place to log out'),
  }),
  errors: ['conflict'],
})
