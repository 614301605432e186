import { z } from 'zod'
import * as codec from '../codecs.ts'
import { factorNames } from '../factors.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** How persons log in, prove again who they are, and log out. */

export const loginView = z.strictObject({
  id: codec.uuid,
  principal: codec.uuid,
  factors: z.array(z.strictObject({ factor: z.enum(factorNames), at: codec.timestamp() })),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp(),
  idleSeconds: z.int(),
  seenAt: codec.timestamp(),
})
export const carrier = z
  .enum(['token', 'cookie'])
  .default('token')
  .describe('Whether the login comes back as a token or in a cookie')
/** What stands in an answer that makes a login; the token is not in it where a cookie carries it. */
export const newLogin = {
  session: loginView,
  token: z.string().optional(),
  csrf: z.string().describe('What the header Claviger-Csrf must say beside the cookie'),
}
/** JSON of WebAuthn level 3 section 5.1. */
export const passkeyOptions = z.record(z.string(), z.unknown())
export const passkeyResponse = z.record(z.string(), z.unknown())
export const totpCode = z.string().regex(/^\d{6}$/, 'must be six digits')
export const recoveryCode = z.string().min(1).max(64)
export const password = z.string().min(1).max(1_024)
const challenge = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be what the challenge is called')

const secondFactor = {
  code: totpCode.optional().describe('A one-time password, as the second factor'),
  recoveryCode: recoveryCode.optional().describe('A recovery code instead'),
}

export const login = operation({
  name: 'login',
  effect: 'change',
  action: 'none',
  route: 'POST /v1/login',
  summary: 'Log in with a password and a code',
  input: z.strictObject({
    tenant: codec.name.optional().describe('The id or name of a tenant; the first unless given'),
    name: codec.name.describe('The name of a person'),
    password: password.describe('The password'),
    ...secondFactor,
    carrier,
  }),
  output: z.strictObject(newLogin),
  errors: [],
})

export const loginChallenge = operation({
  name: 'login.challenge',
  effect: 'read',
  action: 'none',
  route: 'POST /v1/login/challenge',
  summary: 'Get what a passkey signs to log in',
  input: empty,
  output: z.strictObject({ id: z.string(), options: passkeyOptions }),
  errors: [],
})

export const loginPasskey = operation({
  name: 'login.passkey',
  effect: 'change',
  action: 'none',
  route: 'POST /v1/login/passkey',
  summary: 'Log in with a passkey, which is two factors in one',
  input: z.strictObject({
    challenge: challenge.describe('The id that login.challenge gave'),
    response: passkeyResponse.describe('The answer of the passkey, as JSON'),
    carrier,
  }),
  output: z.strictObject(newLogin),
  errors: [],
})

/** A proof for one operation names it, and what is asked of it. */
const bound = {
  operation: z
    .string()
    .max(64)
    .optional()
    .describe('The one operation that the proof is for; the whole login unless given'),
  input: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('The input of that operation, exactly as it will be sent'),
}

export const stepUpChallenge = operation({
  name: 'login.stepUpChallenge',
  effect: 'read',
  action: 'any',
  route: 'POST /v1/login/step-up/challenge',
  summary: 'Get what a passkey signs to prove again who one is',
  input: z.strictObject(bound),
  output: z.strictObject({ id: z.string(), options: passkeyOptions }),
  errors: ['conflict'],
})

export const stepUp = operation({
  name: 'login.stepUp',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/login/step-up',
  summary: 'Prove again who one is, for the login or for one operation',
  input: z.strictObject({
    code: totpCode.optional().describe('A one-time password'),
    challenge: challenge.optional().describe('The id that login.stepUpChallenge gave'),
    response: passkeyResponse.optional().describe('The answer of the passkey, as JSON'),
    ...bound,
  }),
  output: z.strictObject({
    factors: loginView.shape.factors,
    proof: z.string().optional().describe('For the header Claviger-Step-Up, once'),
  }),
  errors: ['conflict'],
})

export const deviceStart = operation({
  name: 'login.deviceStart',
  effect: 'read',
  action: 'none',
  route: 'POST /v1/login/device',
  summary: 'Begin to log a program in, which a person confirms elsewhere (RFC 8628)',
  input: empty,
  output: z.strictObject({
    deviceCode: z.string().describe('The secret of the program: login.devicePoll asks for it'),
    userCode: z.string().describe('What the person types on the page'),
    page: z.string().describe('The path of that page'),
    intervalSeconds: z.int(),
    expiresAt: codec.timestamp(),
  }),
  errors: ['overloaded'],
})

export const deviceConfirm = operation({
  name: 'login.deviceConfirm',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/login/device/confirm',
  summary: 'Let a program in as oneself, by the code that it shows',
  input: z.strictObject({
    userCode: z.string().min(1).max(16).describe('The code that the program shows'),
  }),
  output: z.strictObject({ session: loginView }),
  errors: ['not_found', 'conflict', 'step_up_required', 'too_many_requests'],
})

export const devicePoll = operation({
  name: 'login.devicePoll',
  effect: 'read',
  action: 'none',
  route: 'POST /v1/login/device/poll',
  summary: 'Ask whether the person has let the program in; the token is told once',
  input: z.strictObject({
    deviceCode: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/, 'must be what login.deviceStart gave')
      .describe('The secret that login.deviceStart gave'),
  }),
  output: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('pending') }),
    z.strictObject({ status: z.literal('done'), session: loginView, token: z.string() }),
  ]),
  errors: ['not_found'],
})

export const listLogins = operation({
  name: 'login.list',
  effect: 'read',
  action: 'login.list',
  route: 'GET /v1/logins',
  summary: 'List where one is logged in, or where another person is',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Of this person; of oneself unless given'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(loginView), ...nextPage }),
  errors: ['not_found'],
})

export const endLogin = operation({
  name: 'login.end',
  effect: 'change',
  action: 'login.end',
  route: 'POST /v1/logins/{login}/end',
  summary: 'End a login of oneself or of another person, at once',
  input: z.strictObject({ login: codec.uuid.describe('The id of a login') }),
  output: empty,
  errors: ['not_found', 'conflict'],
})

export const logout = operation({
  name: 'logout',
  effect: 'change',
  action: 'any',
  route: 'POST /v1/logout',
  summary: 'End the login that this is asked with',
  input: empty,
  output: empty,
  errors: ['conflict'],
})
