import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty, nextPage, page } from './shared.ts'

/** How programs prove who they are beside tokens and access keys, and what bounds every credential of a tenant. */

const days = (max: number) => z.int().min(1).max(max)

const settingsView = z.strictObject({
  tokenDays: z.int(),
  accessKeyDays: z.int(),
  secretIdDays: z.int(),
  certificateDays: z.int(),
  idleMinutes: z.int(),
  loginHours: z.int(),
  lockoutFailures: z.int(),
  lockoutMinutes: z.int(),
  passwordLength: z.int(),
  passwordLettersAndDigits: z.boolean(),
  backupDays: z.int().optional(),
})

export const getSettings = operation({
  name: 'settings.get',
  effect: 'read',
  action: 'settings.get',
  route: 'GET /v1/settings',
  summary: 'Show what holds for every credential of the tenant',
  input: empty,
  output: settingsView,
  errors: [],
})

export const updateSettings = operation({
  name: 'settings.update',
  effect: 'change',
  action: 'settings.update',
  route: 'PATCH /v1/settings',
  summary: 'Change what holds for every credential that is made from now on',
  input: z.strictObject({
    tokenDays: days(366).optional().describe('The longest a token may be valid, in days'),
    accessKeyDays: days(3_650)
      .optional()
      .describe('The longest an access key may be valid, in days; 3650 lets it have no end'),
    secretIdDays: days(366).optional().describe('The longest a secret id may be valid, in days'),
    certificateDays: days(3_650)
      .optional()
      .describe('The longest a certificate may be mapped to a principal, in days'),
    idleMinutes: z
      .int()
      .min(1)
      .max(1_440)
      .optional()
      .describe('A login ends after so many minutes without use'),
    loginHours: z.int().min(1).max(24).optional().describe('A login ends after so many hours'),
    lockoutFailures: z
      .int()
      .min(3)
      .max(100)
      .optional()
      .describe('So many failures in a row lock a person out'),
    lockoutMinutes: z.int().min(1).max(1_440).optional().describe('For how long'),
    passwordLength: z.int().min(8).max(64).optional().describe('The least length of a password'),
    passwordLettersAndDigits: z
      .boolean()
      .optional()
      .describe('Whether a password must have both letters and digits'),
    backupDays: z
      .int()
      .min(0)
      .max(36_500)
      .optional()
      .describe(
        'How long backups of the data are kept, in days: what certificates of destruction say of them',
      ),
  }),
  output: settingsView,
  errors: ['conflict'],
})

const secretIdView = z.strictObject({
  id: codec.uuid,
  principal: codec.uuid,
  description: z.string(),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp(),
  usesLeft: z.int().optional(),
  networks: z.array(z.string()),
  revokedAt: codec.timestamp().optional(),
})

export const createSecretId = operation({
  name: 'secretId.create',
  effect: 'change',
  action: 'secretId.create',
  route: 'POST /v1/secret-ids',
  summary: 'Make a secret id, which a program exchanges for short tokens; it is shown this once',
  input: z.strictObject({
    principal: codec.uuid.describe('The id of a service; with the secret id it is the role id'),
    description: codec.words(256).default('').describe('What it is for'),
    days: days(366)
      .optional()
      .describe('How long it is valid; 90 days, or the longest that is allowed, unless given'),
    uses: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('How often it can be exchanged; without limit unless given'),
    networks: z
      .array(z.string().min(3).max(64))
      .max(32)
      .default([])
      .describe('From where, as CIDR such as 10.0.0.0/8; from anywhere unless given'),
  }),
  output: secretIdView.extend({ secret: z.string() }),
  errors: ['not_found', 'conflict'],
})

export const listSecretIds = operation({
  name: 'secretId.list',
  effect: 'read',
  action: 'secretId.list',
  route: 'GET /v1/secret-ids',
  summary: 'List secret ids, without their secrets',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Only those of this principal'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(secretIdView), ...nextPage }),
  errors: [],
})

export const revokeSecretId = operation({
  name: 'secretId.revoke',
  effect: 'change',
  action: 'secretId.revoke',
  route: 'POST /v1/secret-ids/{secretId}/revoke',
  summary: 'Refuse a secret id, and every token made with it, from now on',
  input: z.strictObject({ secretId: codec.uuid.describe('The id of a secret id') }),
  output: secretIdView,
  errors: ['not_found', 'conflict'],
})

export const exchangeSecretId = operation({
  name: 'secretId.exchange',
  effect: 'change',
  action: 'none',
  route: 'POST /v1/secret-ids/exchange',
  summary: 'Get a short token for a role id and a secret id',
  input: z.strictObject({
    principal: codec.uuid.describe('The role id: the id of the principal'),
    secret: z.string().min(1).max(256).describe('The secret id, as it was shown'),
    seconds: z
      .int()
      .min(60)
      .max(3_600)
      .default(900)
      .describe('How long the token lasts; never longer than the secret id'),
  }),
  output: z.strictObject({
    token: z.string(),
    expiresAt: codec.timestamp(),
    principal: codec.uuid,
  }),
  errors: [],
})

const certificateBy = z.union([
  z.strictObject({
    kind: z.literal('fingerprint'),
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/, 'must be SHA-256 in 64 lower-case hex digits'),
  }),
  z.strictObject({ kind: z.literal('name'), name: codec.words(512).min(5) }),
  z.strictObject({
    kind: z.literal('subject'),
    issuer: z.string().min(1).max(1_024),
    subject: z.string().min(1).max(1_024),
  }),
])

const certificateView = z.strictObject({
  id: codec.uuid,
  principal: codec.uuid,
  by: certificateBy,
  description: z.string(),
  createdAt: codec.timestamp(),
  expiresAt: codec.timestamp().optional(),
  revokedAt: codec.timestamp().optional(),
})

export const createCertificate = operation({
  name: 'certificate.create',
  effect: 'change',
  action: 'certificate.create',
  route: 'POST /v1/certificates',
  summary: 'Believe that whoever has a client certificate is a service',
  input: z.strictObject({
    principal: codec.uuid.describe('The id of a service'),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be SHA-256 in 64 lower-case hex digits')
      .optional()
      .describe('SHA-256 of the certificate, in 64 lower-case hex digits'),
    certificate: z
      .string()
      .max(65_536)
      .optional()
      .describe('The certificate itself, PEM: it is taken by its fingerprint'),
    subjectName: codec
      .words(512)
      .min(5)
      .optional()
      .describe('A subject alternative name with its kind, such as DNS:app.example.com'),
    issuer: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .describe('With subject: the whole name of the issuer, one attribute in a line'),
    subject: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .describe('With issuer: the whole name of the subject, one attribute in a line'),
    description: codec.words(256).default('').describe('What it is for'),
    days: days(3_650)
      .optional()
      .describe('How long it is believed; the longest that is allowed unless given'),
  }),
  output: certificateView,
  errors: ['not_found', 'conflict'],
})

export const listCertificates = operation({
  name: 'certificate.list',
  effect: 'read',
  action: 'certificate.list',
  route: 'GET /v1/certificates',
  summary: 'List which client certificates are believed to be whose',
  input: z.strictObject({
    principal: codec.uuid.optional().describe('Only those of this principal'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(certificateView), ...nextPage }),
  errors: [],
})

export const revokeCertificate = operation({
  name: 'certificate.revoke',
  effect: 'change',
  action: 'certificate.revoke',
  route: 'POST /v1/certificates/{certificate}/revoke',
  summary: 'Believe a client certificate no longer, on open connections too',
  input: z.strictObject({
    certificate: codec.uuid.describe('The id under which a certificate is believed'),
  }),
  output: certificateView,
  errors: ['not_found', 'conflict'],
})

export const expiringCredentials = operation({
  name: 'credential.expiring',
  effect: 'read',
  action: 'credential.expiring',
  route: 'GET /v1/credentials/expiring',
  summary: 'List the credentials that expire soon, the next one first',
  input: z.strictObject({
    days: z.coerce
      .number()
      .int()
      .min(1)
      .max(366)
      .default(30)
      .describe('Those that expire within so many days'),
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        kind: z.enum(['token', 'accessKey', 'secretId', 'certificate']),
        id: z.string(),
        principal: codec.uuid,
        description: z.string(),
        expiresAt: codec.timestamp(),
        lastUsedAt: codec
          .timestamp()
          .optional()
          .describe('When the ledger last saw it; reads are not in the ledger'),
      }),
    ),
    more: z.boolean().describe('Whether there are more than these'),
  }),
  errors: [],
})
