/**
 * Claviger's client. It owns how a call becomes a request and an answer a value; every method is derived from the contract's rows. It
 * must never keep a token anywhere but in memory, nor put one into a message.
 */
export { type ClientOptions, type DescribedCall, TIMEOUT_MS_DEFAULT } from './call/index.ts'
export { createClient } from './client.ts'
export { describeCall, wireInput } from './describe-call.ts'
export { openEnvelopeOffline, type OfflineEnvelope } from './envelope.ts'
export {
  ClavigerApiError,
  ClavigerConnectionError,
  ClavigerInputError,
  type ConnectionFailure,
} from './errors.ts'
export {
  ClavigerCiphertextError,
  type CiphertextFailure,
  type DataKey,
  decryptFile,
  type DecryptFileOptions,
  encryptFile,
  type EncryptFileOptions,
  type Sink,
  type Source,
} from './file/index.ts'
export { ClavigerWebhookError, readWebhook } from './read-webhook.ts'
export { watchNotices, type Notice, type WatchOptions } from './watch.ts'
export { wrapKeyMaterial } from './wrap-key-material.ts'
export type { Call, CallInput, CallOptions, Claviger } from './types.ts'
