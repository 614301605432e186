import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { carrier, newLogin, passkeyOptions, passkeyResponse, password, totpCode } from './logins.ts'

/** How persons get their factors: by a link that is used once. */

const personReference = { person: codec.uuid.describe('The id of a principal of kind user') }

const enrolmentLink = z.strictObject({
  id: codec.uuid,
  person: codec.uuid,
  token: z.string().describe('The secret of the link, shown this once'),
  path: z.string().describe('What comes after the address of the server in the link'),
  expiresAt: codec.timestamp(),
})
const hours = z.int().min(1).max(168).default(24).describe('How long the link is valid')
const enrolmentToken = z
  .string()
  .regex(/^clve_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/, 'must be the secret of a link')
  .describe('The secret of the link')

export const invitePerson = operation({
  name: 'person.invite',
  effect: 'change',
  action: 'person.invite',
  route: 'POST /v1/persons/{person}/invite',
  summary: 'Make a link with which a person without factors sets them up, once',
  input: z.strictObject({ ...personReference, hours }),
  output: enrolmentLink,
  errors: ['not_found', 'conflict'],
})

export const resetPerson = operation({
  name: 'person.reset',
  effect: 'change',
  action: 'person.reset',
  route: 'POST /v1/persons/{person}/reset',
  summary: "Take another person's factors and logins away, and make a new link",
  input: z.strictObject({ ...personReference, hours }),
  output: enrolmentLink,
  errors: ['not_found', 'conflict'],
})

export const totpSetup = z.strictObject({
  secret: z.string().describe('The secret in Base32'),
  uri: z.string().describe('The same for an app'),
})

export const beginEnrolment = operation({
  name: 'enrolment.begin',
  effect: 'read',
  action: 'none',
  route: 'POST /v1/enrolment/begin',
  summary: 'Open a link, and get what setting up factors takes',
  input: z.strictObject({ token: enrolmentToken }),
  output: z.strictObject({
    name: codec.name,
    tenantName: codec.name,
    totp: totpSetup,
    passkey: z.strictObject({ options: passkeyOptions }),
    passwordLength: z.int(),
    expiresAt: codec.timestamp(),
  }),
  errors: [],
})

export const completeEnrolment = operation({
  name: 'enrolment.complete',
  effect: 'change',
  action: 'none',
  route: 'POST /v1/enrolment/complete',
  summary: 'Set up a passkey, or a password and an authenticator app, and be logged in',
  input: z.strictObject({
    token: enrolmentToken,
    password: password.optional().describe('The new password; goes with totp'),
    totp: z
      .strictObject({ code: totpCode })
      .optional()
      .describe('The first code of the authenticator app'),
    passkey: z
      .strictObject({ response: passkeyResponse, name: codec.words(64).default('') })
      .optional()
      .describe('The answer of a new passkey, and what to call it'),
    carrier,
  }),
  output: z.strictObject({ ...newLogin, recoveryCodes: z.array(z.string()) }),
  errors: ['conflict'],
})
