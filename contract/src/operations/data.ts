import { z } from 'zod'
import * as codec from '../codecs.ts'
import { BATCH_BODY_BYTES_MAX, operation } from '../operation.ts'
import { batchOf, items, keyAndVersion } from './shared.ts'

/** What is done with keys: every row is a `use` and stands in the ledger. */

export { MESSAGE_BYTES_MAX } from '../codecs.ts'

const MESSAGE = codec.MESSAGE_BYTES_MAX
const message = codec.bytes(MESSAGE)
const ciphertext = codec.bytes(MESSAGE + codec.CIPHERTEXT_OVERHEAD_MAX, 1)
const key = { key: codec.keyReference }
const context = { context: codec.context.optional() }

/** How RSA pads what it encrypts (RFC 8017 section 7.1), the default first; the hash is that of the mask too, and the label is empty. */
export const rsaPaddings = ['rsa-oaep-sha-256', 'rsa-oaep-sha-1'] as const
export type RsaPadding = (typeof rsaPaddings)[number]
const padding = z.enum(rsaPaddings).optional()

const useErrors = ['not_found', 'wrong_usage', 'wrong_state', 'crypto_unavailable'] as const

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
  padding: padding.describe('For RSA ciphertexts: their padding, rsa-oaep-sha-256 unless given'),
})
const decrypted = z.strictObject({ plaintext: message, ...keyAndVersion })
const reencryptItem = z.strictObject({
  ciphertext: ciphertext.describe('The envelope that encrypt gave'),
  ...context,
  sourceKey: codec.keyReference
    .optional()
    .describe('The key that decrypts: needed for RSA ciphertexts, checked where given'),
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
const sharedSecret = codec.bytes(66, 16)

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
