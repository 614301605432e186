/**
 * Files of any size, encrypted here under a data key that the server made and only the server can unwrap: file format 1, which
 * `docs/file-format.md` specifies. It must never keep a data key, nor give out a byte that is not authenticated.
 */
export { ClavigerCiphertextError, type CiphertextFailure } from '../ciphertext-error.ts'
export type { Source } from './chunk-reader.ts'
export type { Sink } from './chunk-writer.ts'
export { decryptFile, type DecryptFileOptions } from './decrypt.ts'
export { type DataKey, encryptFile, type EncryptFileOptions } from './encrypt.ts'
