import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { key, keyAndVersion, useErrors } from './uses.ts'

/** Secrets that two parties come to share, and random bytes. */

const sharedSecret = codec.bytes(66, 16)

export const agree = operation({
  name: 'agree',
  effect: 'use',
  action: 'agree',
  route: 'POST /v1/keys/{key}/agree',
  summary: "Agree on a shared secret with another party's public key",
  input: z.strictObject({
    ...key,
    publicKey: codec.bytes(1_024, 32).describe('SubjectPublicKeyInfo DER, on a named curve'),
    version: codec.version.optional().describe('The newest unless given'),
  }),
  output: z.strictObject({ sharedSecret, ...keyAndVersion }),
  errors: [...useErrors, 'invalid_key_material'],
})

export const encapsulate = operation({
  name: 'encapsulate',
  effect: 'use',
  action: 'encapsulate',
  route: 'POST /v1/keys/{key}/encapsulate',
  summary: 'Make a shared secret and its encapsulation for a key',
  input: z.strictObject(key),
  output: z.strictObject({ sharedSecret, encapsulation: codec.bytes(2_048, 32), ...keyAndVersion }),
  errors: useErrors,
})

export const decapsulate = operation({
  name: 'decapsulate',
  effect: 'use',
  action: 'decapsulate',
  route: 'POST /v1/keys/{key}/decapsulate',
  summary: 'Recover the shared secret from an encapsulation',
  input: z.strictObject({
    ...key,
    encapsulation: codec.bytes(2_048, 32).describe('What encapsulate gave'),
    version: codec.version.optional().describe('The version it was made for'),
  }),
  output: z.strictObject({ sharedSecret, ...keyAndVersion }),
  errors: [...useErrors, 'invalid_ciphertext'],
})

export const random = operation({
  name: 'random',
  effect: 'use',
  action: 'random',
  route: 'POST /v1/random',
  summary: "Draw random bytes from the server's generator",
  input: z.strictObject({ length: z.int().min(1).max(1_024).default(32).describe('In bytes') }),
  output: z.strictObject({ bytes: codec.bytes(1_024, 1) }),
  errors: ['crypto_unavailable'],
})
