/**
 * The ledger's public formats: records, entries, tiles, checkpoints, signatures and proofs, as anyone can read and check them. Pure
 * functions on bytes; the hash and the signature algorithms are handed in. It must never read a file, ask a server or know a secret.
 */
export {
  approvalSignature,
  approvalStatement,
  passkeyRegistration,
  type ApprovalSignature,
  type ApprovalStatement,
  type PasskeyRegistration,
} from './approval.ts'
export { BUNDLE_BYTES_MAX, encodeBundle, parseBundle } from './bundle.ts'
export { concatBytes, equalBytes, utf8 } from './bytes.ts'
export {
  cosignatureMessage,
  formatCheckpoint,
  parseCheckpoint,
  subtreeMessage,
  timestampedSignature,
  type Checkpoint,
  type Cosigned,
} from './checkpoint.ts'
export { LedgerFormatError, type LedgerFormat } from './format-error.ts'
export {
  emptyRoot,
  HASH_BYTES,
  leafHash,
  nodeHash,
  RangeBuilder,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
  type Sha256,
} from './merkle.ts'
export {
  formatNote,
  NOTE_BYTES_MAX,
  NOTE_SIGNATURES_MAX,
  parseNote,
  type NoteSignature,
  type SignedNote,
} from './note.ts'
export { formatProof, parseProof, type EntryProof } from './proof.ts'
export { encodeRecord, parseRecord } from './record-codec.ts'
export {
  ENTRY_BYTES_MAX,
  internalEvents,
  outcomes,
  recordSchema,
  type InternalEvent,
  type LedgerRecord,
  type Outcome,
} from './record.ts'
export {
  checkSignatures,
  type CheckedSignature,
  type SignatureVerdict,
  type SignatureVerifiers,
  type VerifySignature,
} from './signatures.ts'
export {
  entryBundlesOf,
  formatTilePath,
  hashTilesOf,
  parseTilePath,
  TILE_LEVEL_MAX,
  TILE_WIDTH,
  tileWidth,
  type EntryBundle,
  type HashTile,
  type Tile,
} from './tiles.ts'
export {
  formatVerifierKey,
  keyIdOf,
  keyIdText,
  parseVerifierKey,
  signatureTypes,
  verifierKey,
  type SignatureAlgorithm,
  type SignatureType,
  type VerifierKey,
} from './verifier-key.ts'
