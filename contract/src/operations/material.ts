import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { dates, described, fixed, keyView, placed } from './shared.ts'

/** How key material comes in and goes out: wrapped. */

const key = { key: codec.keyReference }
const stateErrors = ['not_found', 'wrong_state'] as const

/**
 * How key material travels: in one RSA-OAEP block, or the block holds an AES key and the material is wrapped by that with AES-KWP
 * (PKCS#11 CKM_RSA_AES_KEY_WRAP).
 */
export const importWrappings = [
  'rsa-oaep-sha-256+aes-256-kwp',
  'rsa-oaep-sha-1+aes-256-kwp',
  'rsa-oaep-sha-256',
  'rsa-oaep-sha-1',
] as const
export type ImportWrapping = (typeof importWrappings)[number]
/** The RSA block, then the AES-KWP block where there is one. */
const wrappedMaterial = codec.bytes(16_384, 256)

export const importParameters = operation({
  name: 'key.importParameters',
  effect: 'change',
  action: 'key.import',
  route: 'POST /v1/import-parameters',
  summary:
    'Make a public key to wrap key material under for import; it serves once, or for one key',
  input: z.strictObject({
    wrapping: z
      .enum(importWrappings)
      .default('rsa-oaep-sha-256+aes-256-kwp')
      .describe('How the material will be wrapped'),
    bits: z
      .union([z.literal(2_048), z.literal(3_072), z.literal(4_096)])
      .default(3_072)
      .describe('Length of the RSA key'),
    key: codec.keyReference
      .optional()
      .describe(
        'An imported key: the public key serves for its material alone, as often as wanted',
      ),
  }),
  output: z.strictObject({
    id: codec.uuid,
    wrapping: z.enum(importWrappings),
    publicKey: codec.bytes(2_048).describe('RSA SubjectPublicKeyInfo DER'),
    expiresAt: codec.timestamp(),
  }),
  errors: [...stateErrors, 'wrong_usage', 'overloaded', 'crypto_unavailable'],
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
    key: codec.keyReference
      .optional()
      .describe('An imported key: one that waits for its material, or that gets a new version'),
    materialId: codec.materialId
      .optional()
      .describe('Which version of the key is given its material again'),
    pending: z
      .boolean()
      .optional()
      .describe('The new version waits for key.rotate instead of being used at once'),
    existing: z
      .boolean()
      .optional()
      .describe('Only material that the key had before; of which version, the material tells'),
    materialExpiresAt: codec.timestamp().optional().describe('When the material is forgotten'),
    materialDescription: codec.words(256).optional().describe('What the material is, in words'),
    parameters: codec.uuid.optional().describe('The id that key.importParameters gave'),
    wrapped: wrappedMaterial
      .optional()
      .describe('Raw bytes of a symmetric key, PKCS#8 DER of a private key; wrapped'),
    unsafePlaintext: codec
      .bytes(16_384, 14)
      .optional()
      .describe('The material in the clear, instead of parameters and wrapped'),
    ...described,
    ...placed,
    ...dates,
  }),
  output: keyView.extend({ materialId: codec.materialId }),
  errors: [
    'algorithm_refused',
    'wrong_usage',
    'invalid_key_material',
    'invalid_ciphertext',
    'conflict',
    'not_found',
    'wrong_state',
    'overloaded',
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
    wrapping: z.literal('rsa-oaep-sha-256+aes-256-kwp'),
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

export const deleteMaterial = operation({
  name: 'key.deleteMaterial',
  effect: 'change',
  action: 'key.deleteMaterial',
  route: 'POST /v1/keys/{key}/delete-material',
  summary: 'Forget imported material; the key waits until the same material is imported again',
  input: z.strictObject({
    ...key,
    materialId: codec.materialId
      .optional()
      .describe('Of the version whose material goes; the current one unless given'),
  }),
  output: keyView.extend({ materialId: codec.materialId }),
  errors: [...stateErrors, 'wrong_usage'],
})
