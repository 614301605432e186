/**
 * The seal: what stands between a copy of the disk and the root key. It makes and opens seals (custodian shares, a passphrase), and
 * wraps the root key under the seal's key. It keeps nothing, and never writes a seal key, a share or a passphrase anywhere; what it
 * hands out is overwritten by whoever asked for it.
 */
export {
  parseSealDescription,
  type PassphraseSeal,
  type SealDescription,
  type ShareSeal,
} from './description.ts'
export { createPassphrase, openPassphrase } from './passphrase.ts'
export { unwrapRootKey, wrapRootKey } from './root-key.ts'
export { createSeal, openSeal, type NewSeal, type SealRequest } from './seal.ts'
export { ShareCollector, type Collected } from './share-collector.ts'
export { createShares, openShares, type NewShareSeal } from './shares.ts'
