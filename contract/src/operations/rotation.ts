import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { prePublishDays, rotationTriggerFields } from '../rotation.ts'
import { keyView } from './shared.ts'

/** What makes the next version of a key by itself, and the keys that others verify with meanwhile. */

export const setRotation = operation({
  name: 'key.setRotation',
  effect: 'change',
  action: 'key.rotate',
  route: 'POST /v1/keys/{key}/rotation',
  summary: 'Say when a key gets its next version by itself: any of what is given, or never',
  input: z.strictObject({
    key: codec.keyReference,
    ...rotationTriggerFields,
    publishNext: z
      .boolean()
      .optional()
      .describe('Of signature keys: make the next version ahead, and show its public key already'),
    prePublishDays: prePublishDays
      .optional()
      .describe(
        'Of signature keys: show the next public key at least so many days before it signs',
      ),
    off: z.boolean().optional().describe('No longer'),
  }),
  output: keyView,
  errors: ['not_found', 'wrong_state', 'wrong_usage', 'overloaded', 'crypto_unavailable'],
})

/** A public JSON Web Key (RFC 7517): of kind RSA or EC (RFC 7518 section 6), OKP (RFC 8037) or AKP (RFC 9964). */
const jsonWebKey = z.strictObject({
  kty: z.enum(['RSA', 'EC', 'OKP', 'AKP']),
  kid: z.string().describe('The SHA-256 thumbprint of the key (RFC 7638), in base64url'),
  use: z.literal('sig'),
  alg: z.string().optional().describe('Where the key is for one algorithm alone'),
  crv: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
  pub: z.string().optional(),
})

export const keySet = operation({
  name: 'key.jwks',
  effect: 'read',
  action: 'key.public',
  route: 'GET /v1/keys/{key}/jwks',
  summary:
    'Show the public keys of a signature key as a JSON Web Key Set: of every version that verifies, and of the next',
  input: z.strictObject({ key: codec.keyReference }),
  output: z.strictObject({ keys: z.array(jsonWebKey) }),
  errors: ['not_found', 'wrong_usage'],
})
