/**
 * The keyring: unwrap, hold, use, forget. The only place with key material in the clear; it gives out handles that can encrypt or sign,
 * never bytes. It also keeps the hierarchy above the keys, the seals on rows, and the custody of the root key.
 */
export {
  findAlgorithm,
  findUsage,
  generateMaterial,
  importMaterial,
  newId,
  openMaterial,
  openPublicKey,
  privateKeyOf,
  publicKeyDer,
  randomSecret,
  randomSecretSlice,
  rsaAesUnwrap,
  rsaAesWrap,
  secretBuffer,
  type ImportWrapping,
  unwrapForImport,
} from '#crypto'
export { Custody, NO_TENANT, SEAL_ROW } from './custody.ts'
export { everyRow, everyRowOf } from './every-row.ts'
export { isSameMaterial, materialFingerprint } from './fingerprint.ts'
export type { VersionHandle } from './handle.ts'
export { Hierarchy, rootKinds } from './hierarchy.ts'
export { createLogRow, LOG_ROW, logPrimitives, openLogRow, rewrapLogRow } from './log-keys.ts'
export { materialId } from './material-id.ts'
export { newestRow, readNewest } from './newest.ts'
export { newNoticeSecret, signNotice, type NewNoticeSecret } from './notice-secret.ts'
export { aliasId, parseVersionId, Ring, RingKey, versionId, type AliasTarget } from './ring.ts'
export { RowSeals, type RowContent } from './row-seals.ts'
export { unfitRowOf } from './unfit-row.ts'
export { unwrap, wrap } from './wrapping.ts'
