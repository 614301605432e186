import { z } from 'zod'
import * as codec from '../codecs.ts'
import { BATCH_BODY_BYTES_MAX, operation } from '../operation.ts'
import { batchOf, items, key, keyAndVersion, message, useErrors } from './uses.ts'

/** Signatures and message authentication codes: making and checking them. */

export const signatureSchemes = [
  'ecdsa-sha-256',
  'ecdsa-sha-384',
  'ecdsa-sha-512',
  'rsa-pss-sha-256',
  'rsa-pss-sha-384',
  'rsa-pss-sha-512',
  'rsa-pkcs1-sha-256',
  'rsa-pkcs1-sha-384',
  'rsa-pkcs1-sha-512',
  'ed25519',
  'ed25519ph',
  'ml-dsa',
  'slh-dsa',
] as const
export type SignatureScheme = (typeof signatureSchemes)[number]

const signedData = {
  message: message.optional().describe('What is signed, up to 64 KiB'),
  digest: codec
    .bytes(64, 20)
    .optional()
    .describe('A digest made by the caller with the hash of the scheme, instead of the message'),
  mu: codec
    .bytes(64, 64)
    .optional()
    .describe(
      'For ML-DSA: the message representative made by the caller (FIPS 204), instead of the message',
    ),
  scheme: z
    .enum(signatureSchemes)
    .optional()
    .describe('The signature scheme; the first one of the algorithm unless given'),
  format: z
    .enum(['der', 'p1363'])
    .optional()
    .describe('How ECDSA signatures are written; der unless given'),
}
const signature = codec.bytes(65_536, 1)
const signItem = z.strictObject(signedData)
const usedVersion = codec.version.optional().describe('The version that made it')
const verifyItem = z.strictObject({
  ...signedData,
  signature: signature.describe('The signature to check'),
  version: usedVersion,
})
const signed = z.strictObject({ signature, scheme: z.enum(signatureSchemes), ...keyAndVersion })
const verified = z.strictObject({ valid: z.boolean(), ...keyAndVersion })

const macItem = z.strictObject({ message: message.describe('What is authenticated, up to 64 KiB') })
const mac = codec.bytes(64, 16)
const macked = z.strictObject({ mac, ...keyAndVersion })

export const sign = operation({
  name: 'sign',
  effect: 'use',
  action: 'sign',
  route: 'POST /v1/keys/{key}/sign',
  summary: 'Sign a message or a digest',
  input: signItem.extend(key),
  output: signed,
  errors: [...useErrors, 'overloaded'],
})

export const signBatch = operation({
  name: 'signBatch',
  effect: 'use',
  action: 'sign',
  route: 'POST /v1/keys/{key}/sign-batch',
  summary: 'Sign up to 1,000 messages or digests',
  input: z.strictObject({ ...key, items: items(signItem) }),
  output: batchOf(signed),
  errors: [...useErrors, 'overloaded'],
  bodyBytesMax: BATCH_BODY_BYTES_MAX,
})

export const verify = operation({
  name: 'verify',
  effect: 'use',
  action: 'verify',
  route: 'POST /v1/keys/{key}/verify',
  summary: 'Say whether a signature is valid',
  input: verifyItem.extend(key),
  output: verified,
  errors: useErrors,
})

export const verifyBatch = operation({
  name: 'verifyBatch',
  effect: 'use',
  action: 'verify',
  route: 'POST /v1/keys/{key}/verify-batch',
  summary: 'Say which of up to 1,000 signatures are valid',
  input: z.strictObject({ ...key, items: items(verifyItem) }),
  output: batchOf(verified),
  errors: useErrors,
  bodyBytesMax: BATCH_BODY_BYTES_MAX,
})

export const macOperation = operation({
  name: 'mac',
  effect: 'use',
  action: 'mac',
  route: 'POST /v1/keys/{key}/mac',
  summary: 'Compute a message authentication code',
  input: macItem.extend(key),
  output: macked,
  errors: useErrors,
})

export const macBatch = operation({
  name: 'macBatch',
  effect: 'use',
  action: 'mac',
  route: 'POST /v1/keys/{key}/mac-batch',
  summary: 'Compute up to 1,000 message authentication codes',
  input: z.strictObject({ ...key, items: items(macItem) }),
  output: batchOf(macked),
  errors: useErrors,
  bodyBytesMax: BATCH_BODY_BYTES_MAX,
})

export const verifyMac = operation({
  name: 'verifyMac',
  effect: 'use',
  action: 'verifyMac',
  route: 'POST /v1/keys/{key}/verify-mac',
  summary: 'Say whether a message authentication code is valid',
  input: macItem.extend({ ...key, mac: mac.describe('The code to check'), version: usedVersion }),
  output: verified,
  errors: useErrors,
})
