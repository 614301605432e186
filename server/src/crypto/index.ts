/**
 * Cryptography: the table of algorithms and pure functions on bytes and KeyObjects, over OpenSSL as Node brings it. It knows no key of
 * the house by id, keeps no material, does no I/O beyond one worker thread, and never logs.
 */
export { fingerprintOfPem } from './certificate.ts'
export type { KeyObject } from 'node:crypto'
export { aeadDecrypt, aeadEncrypt, NONCE_BYTES, TAG_BYTES } from './aead.ts'
export { agree } from './agreement.ts'
export {
  algorithms,
  type Algorithm,
  type AlgorithmFamily,
  type HashName,
  type KeyPairKind,
  type Place,
  type Status,
} from './algorithms.ts'
export { decodeBase32, encodeBase32, packSymbols, readSymbols } from './base32.ts'
export {
  constantTimeEqual,
  hkdfSha512,
  hmacSha1,
  hmacSha256,
  HmacSha256Key,
  isSameDigest,
  sha256,
  sha256Hex,
  sha256Text,
} from './digest.ts'
export { findAlgorithm, findUsage } from './find-algorithm.ts'
export { fitsGcm, forgetGcmKeys, gcmOpen, gcmSeal } from './gcm.ts'
export { publicJwk, spkiOfJwk, type PublicJwk } from './jwk.ts'
export { decapsulate, encapsulate, type Encapsulated } from './kem.ts'
export { releaseKeySlot, takeKeySlot } from './key-slots.ts'
export { mac, verifyMac } from './mac.ts'
export {
  generateMaterial,
  importMaterial,
  openMaterial,
  openPublicKey,
  publicKeyDer,
  publicKeyPem,
} from './material.ts'
export { oaepDecrypt, oaepEncrypt } from './oaep.ts'
export { privateKeyOf, publicKeyOf, type OpenMaterial } from './open-material.ts'
export { deriveFromPassphrase } from './passphrase.ts'
export { closeCrypto, setPoolConcurrency, setWorkerEnvironment } from './pool.ts'
export {
  newId,
  newSecretId,
  randomBytes,
  randomPool,
  randomSecret,
  randomSecretSlice,
  secretBuffer,
  secretSlice,
  secretKey,
} from './random.ts'
export { findScheme, type Scheme } from './schemes.ts'
export type { SelfTest } from './self-test-helpers.ts'
export { runSelfTests, selfTestReport, selfTests, type SelfTestReport } from './self-tests.ts'
export type { SignatureFormat, SignedData } from './signature.ts'
export { sign, verify } from './signing.ts'
export type { Argon2idCost } from './tasks.ts'
export {
  aesUnwrap,
  aesWrap,
  type ImportWrapping,
  rsaAesUnwrap,
  rsaAesWrap,
  unwrapForImport,
  type WrapMode,
} from './wrapping.ts'
