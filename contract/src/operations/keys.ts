import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import {
  empty,
  keyStates,
  keyUsages,
  keyView,
  nextPage,
  page,
  revocationReasons,
  versionView,
} from './shared.ts'

/** The life of keys and aliases. */

const key = { key: codec.keyReference }
const notFound = ['not_found'] as const
const stateErrors = ['not_found', 'wrong_state'] as const

const described = {
  alias: codec.alias.optional().describe('A first alias'),
  description: codec.words(1_024).optional().describe('What the key is for, in words'),
  labels: codec.labels.optional().describe('What selectors and bindings find the key by'),
  owner: codec.uuid
    .optional()
    .describe('The principal that answers for the key; the caller unless given'),
}
/** What is said of a new key once, for its life. */
const fixed = {
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
const dates = {
  activateAt: codec.timestamp().optional().describe('Pre-activation until then'),
  protectStopAt: codec
    .timestamp()
    .optional()
    .describe('After this only decrypt, verify and the like'),
  processStopAt: codec.timestamp().optional().describe('After this nothing'),
}

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
    ...dates,
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
  summary: 'Change the description, labels, owner or end dates of a key',
  input: z.strictObject({
    ...key,
    description: described.description,
    labels: described.labels,
    owner: described.owner,
    protectStopAt: dates.protectStopAt,
    processStopAt: dates.processStopAt,
  }),
  output: keyView,
  errors: stateErrors,
})

export const rotateKey = operation({
  name: 'key.rotate',
  effect: 'change',
  action: 'key.rotate',
  route: 'POST /v1/keys/{key}/rotate',
  summary: 'Make a new version; the old ones go on decrypting and verifying',
  input: z.strictObject({
    ...key,
    protectStopAt: dates.protectStopAt,
    processStopAt: dates.processStopAt,
  }),
  output: keyView,
  errors: [...stateErrors, 'overloaded', 'crypto_unavailable'],
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
  }),
  output: keyView,
  errors: stateErrors,
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
  }),
  output: keyView,
  errors: stateErrors,
})

export const restoreKey = operation({
  name: 'key.restore',
  effect: 'change',
  action: 'key.restore',
  route: 'POST /v1/keys/{key}/restore',
  summary: 'Cancel a scheduled destruction',
  input: z.strictObject(key),
  output: keyView,
  errors: stateErrors,
})

/** How key material travels: the wrapping key under RSA-OAEP, the material under AES-KWP (PKCS#11 CKM_RSA_AES_KEY_WRAP). */
const wrapping = z.enum(['rsa-oaep-sha-256+aes-256-kwp'])
/** The RSA block, then the AES-KWP block. */
const wrappedMaterial = codec.bytes(16_384, 264)

export const importParameters = operation({
  name: 'key.importParameters',
  effect: 'change',
  action: 'key.import',
  route: 'POST /v1/import-parameters',
  summary: 'Make a one-time public key to wrap key material under for import',
  input: empty,
  output: z.strictObject({
    id: codec.uuid,
    wrapping,
    publicKey: codec.bytes(2_048).describe('RSA SubjectPublicKeyInfo DER'),
    expiresAt: codec.timestamp(),
  }),
  errors: ['overloaded', 'crypto_unavailable'],
})

export const importKey = operation({
  name: 'key.import',
  effect: 'change',
  action: 'key.import',
  route: 'POST /v1/keys/import',
  summary: 'Import key material as a new key, or as a new version of an imported one',
  input: z.strictObject({
    algorithm: z.string().max(64).optional().describe('Needed for a new key'),
    ...fixed,
    key: codec.keyReference.optional().describe('An imported key that gets a new version'),
    parameters: codec.uuid.optional().describe('The id that key.importParameters gave'),
    wrapped: wrappedMaterial
      .optional()
      .describe('Raw bytes of a symmetric key, PKCS#8 DER of a private key; wrapped'),
    unsafePlaintext: codec
      .bytes(16_384, 14)
      .optional()
      .describe('The material in the clear, instead of parameters and wrapped'),
    ...described,
    ...dates,
  }),
  output: keyView,
  errors: [
    'algorithm_refused',
    'wrong_usage',
    'invalid_key_material',
    'invalid_ciphertext',
    'conflict',
    'not_found',
    'wrong_state',
    'crypto_unavailable',
  ],
})

export const exportKey = operation({
  name: 'key.export',
  effect: 'use',
  action: 'key.export',
  route: 'POST /v1/keys/{key}/export',
  summary: 'Export an exportable key, wrapped for the holder of an RSA key',
  input: z.strictObject({
    ...key,
    version: codec.version.optional().describe('The newest unless given'),
    publicKey: codec
      .bytes(2_048, 256)
      .describe("The recipient's RSA SubjectPublicKeyInfo DER, 3072 bits or more"),
  }),
  output: z.strictObject({
    wrapping,
    wrapped: wrappedMaterial,
    algorithm: z.string(),
    key: codec.uuid,
    version: codec.version,
  }),
  errors: [
    ...stateErrors,
    'not_exportable',
    'invalid_key_material',
    'algorithm_refused',
    'crypto_unavailable',
  ],
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

const aliasView = z.strictObject({
  alias: codec.alias,
  key: codec.uuid,
  createdAt: codec.timestamp(),
})

export const createAlias = operation({
  name: 'alias.create',
  effect: 'change',
  action: 'alias.create',
  route: 'POST /v1/aliases',
  summary: 'Point a new name at a key',
  input: z.strictObject({ alias: codec.alias, ...key }),
  output: aliasView,
  errors: ['not_found', 'conflict', 'wrong_state'],
})

export const updateAlias = operation({
  name: 'alias.update',
  effect: 'change',
  action: 'alias.update',
  route: 'PATCH /v1/aliases/{alias}',
  summary: 'Point a name at another key of the same usage',
  input: z.strictObject({ alias: codec.alias, ...key }),
  output: aliasView,
  errors: ['not_found', 'wrong_usage', 'wrong_state'],
})

export const deleteAlias = operation({
  name: 'alias.delete',
  effect: 'change',
  action: 'alias.delete',
  route: 'DELETE /v1/aliases/{alias}',
  summary: 'Remove a name; the key stays',
  input: z.strictObject({ alias: codec.alias }),
  output: empty,
  errors: notFound,
})

export const listAliases = operation({
  name: 'alias.list',
  effect: 'read',
  action: 'alias.list',
  route: 'GET /v1/aliases',
  summary: 'List names and the keys they point at',
  input: z.strictObject({ key: codec.keyReference.optional(), ...page }),
  output: z.strictObject({ items: z.array(aliasView), ...nextPage }),
  errors: notFound,
})
