/**
 * Cryptography: the table of algorithms and pure functions on bytes and KeyObjects, over OpenSSL as Node brings it. It knows no key of
 * the house by id, keeps no material, does no I/O beyond one worker thread, and never logs.
 */
export type { KeyObject } from 'node:crypto'
export { aeadDecrypt, aeadEncrypt, NONCE_BYTES, TAG_BYTES } from './aead.ts'
export {
  algorithms,
  findAlgorithm,
  findUsage,
  type Algorithm,
  type AlgorithmFamily,
  type HashName,
  type KeyPairKind,
  type Place,
  type Status,
} from './algorithms.ts'
export { constantTimeEqual, hkdfSha512, hmacSha256, sha256 } from './digest.ts'
export {
  newId,
  newSecretId,
  randomBytes,
  randomPool,
  randomSecret,
  secretBuffer,
  secretKey,
} from './random.ts'
