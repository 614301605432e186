import { z } from 'zod'
import * as codec from '../codecs.ts'
import { BATCH_BODY_BYTES_MAX, operation } from '../operation.ts'
import { batchOf, items, key, keyAndVersion, message, useErrors } from './uses.ts'

/** Encrypting and decrypting, and the data keys of those who do it themselves. */

export { MESSAGE_BYTES_MAX } from '../codecs.ts'

const ciphertext = codec.bytes(codec.MESSAGE_BYTES_MAX + codec.CIPHERTEXT_OVERHEAD_MAX, 1)
const context = { context: codec.context.optional() }

/** How RSA pads what it encrypts (RFC 8017 section 7.1), the default first; the hash is that of the mask too, and the label is empty. */
export const rsaPaddings = ['rsa-oaep-sha-256', 'rsa-oaep-sha-1'] as const
export type RsaPadding = (typeof rsaPaddings)[number]
const padding = z.enum(rsaPaddings).optional()
const version = codec.version.optional()

const encryptItem = z.strictObject({
  plaintext: message.describe('The message, up to 64 KiB'),
  ...context,
  padding: padding.describe(
    'For RSA keys: the padding, rsa-oaep-sha-256 unless given; SHA-1 is for parties that know no other',
  ),
})
const encrypted = z.strictObject({ ciphertext, ...keyAndVersion })
const decryptItem = z.strictObject({
  ciphertext: ciphertext.describe('The envelope that encrypt gave'),
  ...context,
  key: codec.keyReference
    .optional()
    .describe('Needed for RSA ciphertexts, which do not name their key; checked where given'),
  version: version.describe(
    'For RSA ciphertexts: the version of the key that made it; checked where the ciphertext names it',
  ),
  padding: padding.describe('For RSA ciphertexts: their padding, rsa-oaep-sha-256 unless given'),
})
const decrypted = z.strictObject({ plaintext: message, ...keyAndVersion })
const reencryptItem = z.strictObject({
  ciphertext: ciphertext.describe('The envelope that encrypt gave'),
  ...context,
  sourceKey: codec.keyReference
    .optional()
    .describe('The key that decrypts: needed for RSA ciphertexts, checked where given'),
  sourceVersion: version.describe(
    'For RSA ciphertexts: the version of the key that made it; checked where the ciphertext names it',
  ),
  key: codec.keyReference
    .optional()
    .describe(
      'The key to encrypt under; the one that decrypts, at its newest version, unless given',
    ),
  newContext: codec.context
    .optional()
    .describe('The context to bind now; the old one unless given'),
  padding: padding.describe('For RSA ciphertexts: their padding, rsa-oaep-sha-256 unless given'),
  newPadding: padding.describe(
    'Where the key to encrypt under is an RSA key: the padding, rsa-oaep-sha-256 unless given',
  ),
})
const reencrypted = z.strictObject({
  ciphertext,
  ...keyAndVersion,
  source: z.strictObject(keyAndVersion),
})

export const encrypt = operation({
  name: 'encrypt',
  effect: 'use',
  action: 'encrypt',
  route: 'POST /v1/keys/{key}/encrypt',
  summary: 'Encrypt up to 64 KiB under the newest version of a key',
  input: encryptItem.extend(key),
  output: encrypted,
  errors: useErrors,
  octets: { input: 'plaintext', output: 'ciphertext' },
})

export const encryptBatch = operation({
  name: 'encryptBatch',
  effect: 'use',
  action: 'encrypt',
  route: 'POST /v1/keys/{key}/encrypt-batch',
  summary: 'Encrypt up to 1,000 messages under one key',
  input: z.strictObject({ ...key, items: items(encryptItem) }),
  output: batchOf(encrypted),
  errors: useErrors,
  bodyBytesMax: BATCH_BODY_BYTES_MAX,
})

export const decrypt = operation({
  name: 'decrypt',
  effect: 'use',
  action: 'decrypt',
  route: 'POST /v1/decrypt',
  summary: 'Decrypt; the ciphertext names its key',
  input: decryptItem,
  output: decrypted,
  errors: [...useErrors, 'invalid_ciphertext'],
  octets: { input: 'ciphertext', output: 'plaintext' },
})

export const decryptBatch = operation({
  name: 'decryptBatch',
  effect: 'use',
  action: 'decrypt',
  route: 'POST /v1/decrypt-batch',
  summary: 'Decrypt up to 1,000 ciphertexts',
  input: z.strictObject({ items: items(decryptItem) }),
  output: batchOf(decrypted),
  errors: [...useErrors, 'invalid_ciphertext'],
  bodyBytesMax: BATCH_BODY_BYTES_MAX,
})

export const reencrypt = operation({
  name: 'reencrypt',
  effect: 'use',
  action: 'reencrypt',
  route: 'POST /v1/reencrypt',
  summary: 'Decrypt and encrypt again without the plaintext leaving the server',
  input: reencryptItem,
  output: reencrypted,
  errors: [...useErrors, 'invalid_ciphertext'],
})

export const reencryptBatch = operation({
  name: 'reencryptBatch',
  effect: 'use',
  action: 'reencrypt',
  route: 'POST /v1/reencrypt-batch',
  summary: 'Re-encrypt up to 1,000 ciphertexts',
  input: z.strictObject({ items: items(reencryptItem) }),
  output: batchOf(reencrypted),
  errors: [...useErrors, 'invalid_ciphertext'],
  bodyBytesMax: BATCH_BODY_BYTES_MAX,
})

export const datakey = operation({
  name: 'datakey',
  effect: 'use',
  action: 'datakey',
  route: 'POST /v1/keys/{key}/datakey',
  summary: 'Make a data key: in the clear for use now, and wrapped for keeping',
  input: z.strictObject({
    ...key,
    ...context,
    bytes: z
      .int()
      .min(16)
      .max(1_024)
      .optional()
      .describe('Length of the data key; 32 unless given'),
    withoutPlaintext: z.boolean().optional().describe('Give only the wrapped data key'),
  }),
  output: z.strictObject({
    plaintext: codec.bytes(1_024, 16).optional(),
    ciphertext,
    ...keyAndVersion,
  }),
  errors: useErrors,
})

export const datakeyPair = operation({
  name: 'datakeyPair',
  effect: 'use',
  action: 'datakey',
  route: 'POST /v1/keys/{key}/datakey-pair',
  summary:
    'Make a data key pair: the private key in the clear for use now, and wrapped for keeping',
  input: z.strictObject({
    ...key,
    ...context,
    algorithm: z.string().max(64).describe('The algorithm of the pair, such as P-256'),
    withoutPlaintext: z.boolean().optional().describe('Give only the wrapped private key'),
  }),
  output: z.strictObject({
    privateKey: codec.bytes(16_384).optional().describe('PKCS#8 DER'),
    publicKey: codec.bytes(16_384).describe('SubjectPublicKeyInfo DER'),
    ciphertext,
    ...keyAndVersion,
  }),
  errors: [...useErrors, 'algorithm_refused', 'overloaded'],
})
