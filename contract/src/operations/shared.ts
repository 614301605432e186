import { z } from 'zod'
import * as codec from '../codecs.ts'
import { rotatedBy } from '../rotation-names.ts'
import { prePublishDays, rotationTriggers } from '../rotation.ts'

/** Shapes that several rows share. */

export const keyStates = [
  'pre-activation',
  'active',
  'suspended',
  'deactivated',
  'compromised',
  'destroyed',
  'destroyed-compromised',
] as const
export const keyUsages = ['encrypt', 'sign', 'mac', 'agree', 'encapsulate'] as const
export const keyOrigins = ['generated', 'imported'] as const
/** RFC 5280 section 5.3.1, without certificateHold (which is `key.suspend`) and removeFromCRL. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
] as const

export type KeyState = (typeof keyStates)[number]
export type KeyUsage = (typeof keyUsages)[number]
export type KeyOrigin = (typeof keyOrigins)[number]
export type RevocationReason = (typeof revocationReasons)[number]

export const revocation = z.strictObject({
  reason: z.enum(revocationReasons),
  revokedAt: codec.timestamp(),
  compromisedAt: codec
    .timestamp()
    .optional()
    .describe('When the compromise is believed to have begun'),
})

export const versionView = z.strictObject({
  version: codec.version,
  materialId: codec.materialId,
  state: z.enum(keyStates),
  material: z
    .enum(['present', 'absent', 'pending'])
    .describe('Absent: to be imported. Pending: imported, and waiting for a rotation'),
  materialExpiresAt: codec.timestamp().optional().describe('When imported material is forgotten'),
  description: z.string().optional().describe('What was said of imported material'),
  rotatedBy: z.enum(rotatedBy).optional().describe('What made it, where it is not the first'),
  createdAt: codec.timestamp(),
  activatedAt: codec.timestamp().optional(),
  protectStopAt: codec
    .timestamp()
    .optional()
    .describe('After this only decrypt, verify and the like'),
  processStopAt: codec.timestamp().optional().describe('After this nothing'),
  destroyAt: codec
    .timestamp()
    .optional()
    .describe('When the scheduled destruction of this version happens'),
  destroyedAt: codec.timestamp().optional(),
  revocation: revocation.optional(),
  uses: z.int().describe('Operations done with this version'),
  bytes: z.int().describe('Bytes protected with this version'),
  wraps: z.int().describe('Data keys wrapped by this version'),
})

const most = z.int().min(0)

export const keyView = z.strictObject({
  id: codec.uuid,
  tenant: codec.uuid,
  algorithm: z.string(),
  usage: z.enum(keyUsages),
  state: z.enum(keyStates),
  origin: z.enum(keyOrigins),
  protection: z.enum(['software']),
  exportable: z.boolean(),
  owner: codec.uuid.describe('The principal that answers for the key'),
  description: z.string(),
  labels: codec.labels,
  aliases: z.array(codec.alias),
  version: codec.version.describe('The version that encrypts, signs and wraps now'),
  createdAt: codec.timestamp(),
  destroyAt: codec.timestamp().optional().describe('When the scheduled destruction happens'),
  destroyDays: z
    .int()
    .optional()
    .describe('It is a primary key that waits for its replicas, and then so many days more'),
  revocation: revocation.optional(),
  containedUntil: codec
    .timestamp()
    .optional()
    .describe('It is compromised: until then it decrypts, for those whom its case names'),
  replacedBy: codec.uuid.optional().describe('The key that took its place'),
  region: codec.region
    .optional()
    .describe('Where doors that know regions see it; everywhere unless set'),
  multiRegion: z
    .strictObject({
      id: codec.uuid.describe('What ciphertexts of every related key name'),
      primary: codec.region,
      members: z.array(z.strictObject({ region: codec.region, key: codec.uuid })),
    })
    .optional(),
  rotation: z
    .strictObject({
      triggers: rotationTriggers,
      publishNext: z
        .boolean()
        .optional()
        .describe('The next version is made ahead, and its public key shown already'),
      prePublishDays: prePublishDays
        .optional()
        .describe('The next public key is shown at least so many days before it signs'),
      nextAt: codec.timestamp().optional().describe('The next one that is known beforehand'),
    })
    .optional()
    .describe('What makes the next version by itself'),
  limits: z
    .strictObject({ uses: most.optional(), bytes: most.optional(), wraps: most.optional() })
    .optional()
    .describe('What a version protects at the most'),
  awaitsMaterial: z.boolean().optional().describe('The material is to be imported'),
  materialExpiresAt: codec.timestamp().optional().describe('When imported material is forgotten'),
  materialId: codec.materialId.describe('Of the current version'),
})

/** What a new key is found and described by. */
export const described = {
  alias: codec.alias.optional().describe('A first alias'),
  description: codec.words(8_192).optional().describe('What the key is for, in words'),
  labels: codec.labels.optional().describe('What selectors and bindings find the key by'),
  owner: codec.uuid
    .optional()
    .describe('The principal that answers for the key; the caller unless given'),
}
/** What is said of a new key once, for its life. */
export const fixed = {
  usage: z
    .string()
    .max(64)
    .optional()
    .describe("The one thing the key is for; the algorithm's first unless given"),
  exportable: z
    .boolean()
    .default(false)
    .describe('Whether the key may ever leave, wrapped; fixed for life'),
}
/** Where a new key is seen, and by whom. */
export const placed = {
  region: codec.region.optional().describe('Where doors that know regions see it'),
  multiRegion: z
    .boolean()
    .optional()
    .describe('Whether it can be replicated to other regions; needs a region'),
  policy: codec.policy
    .optional()
    .describe('The key policy; everything is left to bindings unless given'),
  bypassPolicyLockoutCheck: z
    .boolean()
    .optional()
    .describe('Take the policy also where the caller could not change it again'),
}
export const dates = {
  activateAt: codec.timestamp().optional().describe('Pre-activation until then'),
  protectStopAt: codec
    .timestamp()
    .optional()
    .describe('After this only decrypt, verify and the like'),
  processStopAt: codec.timestamp().optional().describe('After this nothing'),
}

/** How much each version of a key protects at the most. */
export const limits = {
  usesMax: most
    .optional()
    .describe('A version used so many times protects no more; 0: as often as wanted'),
  bytesMax: most
    .optional()
    .describe('A version protects so many bytes at the most; 0: as many as wanted'),
  wrapsMax: most
    .optional()
    .describe('A version wraps so many data keys at the most; 0: as many as wanted'),
}

/** Where a rule holds. */
export const ruleScope = z.union([
  z.strictObject({ kind: z.literal('tenant') }),
  z.strictObject({ kind: z.literal('labels'), selector: codec.labelSelector }),
  z.strictObject({ kind: z.literal('key'), key: codec.keyReference }),
])

/** A built-in role, or one of the tenant's own. */
export const roleName = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]*$/, 'role names are 1 to 64 of a-z, 0-9 and -, and begin with a letter')

export const empty = z.strictObject({})
export const page = {
  limit: codec.limit.describe('How many in one page'),
  cursor: codec.cursor.optional().describe('Where the last page ended'),
}
/** The same in a body, where a number is a number. */
export const pageInBody = {
  limit: z.int().min(1).max(1_000).default(100).describe('How many in one page'),
  cursor: page.cursor,
}
export const nextPage = {
  cursor: codec.cursor.optional().describe('Give it back to get the next page; absent on the last'),
}
