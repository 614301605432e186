import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { rotationTriggers } from '../rotation.ts'
import {
  dates,
  described,
  fixed,
  keyStates,
  keyUsages,
  keyView,
  limits,
  nextPage,
  page,
  placed,
  revocationReasons,
  versionView,
} from './shared.ts'

/** The life of keys. */

const key = { key: codec.keyReference }
const notFound = ['not_found'] as const
const endErrors = ['not_found', 'wrong_state', 'acknowledgement_required'] as const
const acknowledge = z
  .string()
  .regex(/^(?:all|[A-Za-z0-9_-]{43})$/, "must be the digest of key.dependents, or 'all'")
  .optional()
const stateErrors = ['not_found', 'wrong_state'] as const

export const createKey = operation({
  name: 'key.create',
  effect: 'change',
  action: 'key.create',
  route: 'POST /v1/keys',
  summary: 'Make a key',
  input: z.strictObject({
    algorithm: z
      .string()
      .max(64)
      .default('AES-256-GCM')
      .describe('Such as AES-256-GCM, P-256, Ed25519 or HMAC-SHA-256'),
    ...fixed,
    ...described,
    ...placed,
    ...dates,
    ...limits,
    rotation: rotationTriggers
      .optional()
      .describe('What makes the next version by itself; key.setRotation changes it'),
    origin: z
      .enum(['generated', 'imported'])
      .optional()
      .describe('Made here unless given, or waiting for material that key.import brings'),
  }),
  output: keyView,
  errors: [
    'not_found',
    'algorithm_refused',
    'wrong_usage',
    'conflict',
    'crypto_unavailable',
    'overloaded',
  ],
})

export const getKey = operation({
  name: 'key.get',
  effect: 'read',
  action: 'key.get',
  route: 'GET /v1/keys/{key}',
  summary: 'Show a key',
  input: z.strictObject(key),
  output: keyView,
  errors: notFound,
})

export const listKeys = operation({
  name: 'key.list',
  effect: 'read',
  action: 'key.list',
  route: 'GET /v1/keys',
  summary: 'List keys, oldest first',
  input: z.strictObject({
    state: z.enum(keyStates).optional().describe('Only keys in this state'),
    algorithm: z.string().max(64).optional().describe('Only keys of this algorithm'),
    usage: z.enum(keyUsages).optional().describe('Only keys for this'),
    labels: codec.labelSelector
      .optional()
      .describe('Only keys with all of these labels: name=value pairs joined by commas'),
    alias: codec.alias.optional().describe('Only the key that this name points at'),
    ...page,
  }),
  output: z.strictObject({ items: z.array(keyView), ...nextPage }),
  errors: ['algorithm_refused'],
})

export const listVersions = operation({
  name: 'key.versions',
  effect: 'read',
  action: 'key.get',
  route: 'GET /v1/keys/{key}/versions',
  summary: 'List the versions of a key, oldest first, with their states, dates and counters',
  input: z.strictObject({ ...key, ...page }),
  output: z.strictObject({ items: z.array(versionView), ...nextPage }),
  errors: notFound,
})

export const updateKey = operation({
  name: 'key.update',
  effect: 'change',
  action: 'key.update',
  route: 'PATCH /v1/keys/{key}',
  summary: 'Change the description, labels, owner, end dates or limits of a key',
  input: z.strictObject({
    ...key,
    description: described.description,
    labels: described.labels,
    owner: described.owner,
    protectStopAt: dates.protectStopAt,
    processStopAt: dates.processStopAt,
    ...limits,
  }),
  output: keyView,
  errors: stateErrors,
})

export const rotateKey = operation({
  name: 'key.rotate',
  effect: 'change',
  action: 'key.rotate',
  route: 'POST /v1/keys/{key}/rotate',
  summary:
    'Make a new version, or use the imported one that waits; the old ones go on decrypting and verifying',
  input: z.strictObject({
    ...key,
    protectStopAt: dates.protectStopAt,
    processStopAt: dates.processStopAt,
    now: z
      .boolean()
      .optional()
      .describe('At once, though the next public key was not shown for as long as is asked'),
  }),
  output: keyView,
  errors: [...stateErrors, 'wrong_usage', 'overloaded', 'crypto_unavailable'],
})

export const autoRotateKey = operation({
  name: 'key.autoRotate',
  effect: 'change',
  action: 'key.rotate',
  route: 'POST /v1/keys/{key}/auto-rotation',
  summary: 'Have a key rotated every so many days, whatever is done on demand, or no longer',
  input: z.strictObject({
    ...key,
    days: z.int().min(1).max(3_650).optional().describe('Between two rotations'),
    off: z.boolean().optional().describe('No longer'),
  }),
  output: keyView,
  errors: [...stateErrors, 'wrong_usage'],
})

export const labelKey = operation({
  name: 'key.label',
  effect: 'change',
  action: 'key.update',
  route: 'POST /v1/keys/{key}/labels',
  summary: 'Add, change and remove single labels of a key',
  input: z.strictObject({
    ...key,
    set: codec.labels.optional().describe('Labels to add or change'),
    remove: z.array(codec.labelName).max(64).optional().describe('Names of labels to remove'),
  }),
  output: keyView,
  errors: stateErrors,
})

export const replicateKey = operation({
  name: 'key.replicate',
  effect: 'change',
  action: 'key.replicate',
  route: 'POST /v1/keys/{key}/replicate',
  summary: 'Make a related key with the same material in another region',
  input: z.strictObject({
    ...key,
    region: codec.region.describe('Where the replica is to be seen'),
    description: described.description,
    labels: described.labels,
    policy: placed.policy,
    bypassPolicyLockoutCheck: placed.bypassPolicyLockoutCheck,
  }),
  output: keyView,
  errors: [...stateErrors, 'wrong_usage', 'conflict'],
})

export const setPrimaryKey = operation({
  name: 'key.setPrimary',
  effect: 'change',
  action: 'key.replicate',
  route: 'POST /v1/keys/{key}/primary',
  summary: 'Make the related key in another region the primary one',
  input: z.strictObject({ ...key, region: codec.region.describe('Of the new primary key') }),
  output: keyView,
  errors: [...stateErrors, 'wrong_usage', 'conflict'],
})

export const lastUseOfKey = operation({
  name: 'key.lastUse',
  effect: 'read',
  action: 'key.get',
  route: 'GET /v1/keys/{key}/last-use',
  summary: 'Show when a key was last used, by whom and for what',
  input: z.strictObject(key),
  output: z.strictObject({
    key: codec.uuid,
    createdAt: codec.timestamp(),
    last: z
      .strictObject({
        operation: z.string(),
        at: codec.timestamp(),
        index: z.int().describe('Of the entry in the ledger'),
        request: z.string(),
        principal: z.string(),
        version: codec.version.optional(),
      })
      .optional()
      .describe('Absent where the ledger has no use of the key'),
  }),
  errors: notFound,
})

export const suspendKey = operation({
  name: 'key.suspend',
  effect: 'change',
  action: 'key.suspend',
  route: 'POST /v1/keys/{key}/suspend',
  summary: 'Refuse every use of a key until it is resumed',
  input: z.strictObject({
    ...key,
    reason: codec.words(256).optional().describe('Why, in words; it stands in the ledger'),
  }),
  output: keyView,
  errors: stateErrors,
})

export const resumeKey = operation({
  name: 'key.resume',
  effect: 'change',
  action: 'key.resume',
  route: 'POST /v1/keys/{key}/resume',
  summary: 'Put a suspended key back into use',
  input: z.strictObject({
    ...key,
    reason: codec.words(256).optional().describe('Why, in words; it stands in the ledger'),
  }),
  output: keyView,
  errors: stateErrors,
})

export const revokeKey = operation({
  name: 'key.revoke',
  effect: 'change',
  action: 'key.revoke',
  route: 'POST /v1/keys/{key}/revoke',
  summary: 'End every use of a key, or of one version, for good',
  input: z.strictObject({
    ...key,
    version: codec.version.optional().describe('Only this version; the whole key unless given'),
    reason: z.enum(revocationReasons).default('unspecified').describe('RFC 5280 section 5.3.1'),
    compromisedAt: codec
      .timestamp()
      .optional()
      .describe('When the compromise is believed to have begun'),
    acknowledge: acknowledge.describe(
      "The digest of key.dependents, or 'all': asked for where the key would be missed; never of a compromise",
    ),
  }),
  output: keyView,
  errors: endErrors,
})

export const destroyKey = operation({
  name: 'key.destroy',
  effect: 'change',
  action: 'key.destroy',
  route: 'POST /v1/keys/{key}/destroy',
  summary: 'Schedule the destruction of a key; it cannot be used meanwhile',
  input: z.strictObject({
    ...key,
    days: z.int().min(1).max(365).default(30).describe('The window in which it can be restored'),
    acknowledge: acknowledge.describe(
      "The digest of key.dependents, or 'all': asked for where the key would be missed",
    ),
  }),
  output: keyView,
  errors: endErrors,
})

export const restoreKey = operation({
  name: 'key.restore',
  effect: 'change',
  action: 'key.restore',
  route: 'POST /v1/keys/{key}/restore',
  summary: 'Cancel a scheduled destruction',
  input: z.strictObject({
    ...key,
    suspended: z.boolean().optional().describe('Leave it suspended, so that somebody looks first'),
  }),
  output: keyView,
  errors: stateErrors,
})

export const publicKey = operation({
  name: 'key.public',
  effect: 'read',
  action: 'key.public',
  route: 'GET /v1/keys/{key}/public',
  summary: 'Show the public key',
  input: z.strictObject({
    ...key,
    version: z.coerce
      .number()
      .int()
      .min(1)
      .max(4_294_967_295)
      .optional()
      .describe('The newest unless given'),
  }),
  output: z.strictObject({
    key: codec.uuid,
    version: codec.version,
    algorithm: z.string(),
    publicKey: codec.bytes(16_384),
    pem: z.string(),
  }),
  errors: ['not_found', 'wrong_usage', 'wrong_state'],
})
