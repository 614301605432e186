import {
  FILE_COMMITMENT_BYTES,
  FILE_SALT_BYTES,
  FILE_PREFIX_BYTES,
  parseFilePrefix,
  type FilePrefix,
} from '@claviger/contract/file-format'
import { ClavigerCiphertextError } from '../ciphertext-error.ts'
import type { Sink } from '../file/chunk-writer.ts'
import { decryptFile, type DecryptFileOptions } from '../file/decrypt.ts'
import { encryptFile, type DataKey } from '../file/encrypt.ts'
import type { Claviger } from '../types.ts'

/**
 * Encrypted files (docs/file-format.md) under a new data key. Every chunk is bound to the whole header, and the wrapped data key stands in
 * it, so another wrap alone would make the file unreadable: the content is decrypted and encrypted again, chunk by chunk, here. The new
 * data key is good for more than that: who has learnt the old one cannot read what is written from now on.
 */

/** What the start of a file says, where it is an encrypted one. */
export interface Head {
  readonly prefix: FilePrefix
  /** The data key as it is wrapped. */
  readonly wrapped: Uint8Array
}

/** The length that must be read for {@link headOf}; undefined for what is no encrypted file. Attacker-chosen. */
export function headLength(start: Uint8Array): number | undefined {
  const prefix = parseFilePrefix(start)
  return prefix && FILE_PREFIX_BYTES + prefix.wrappedBytes
}

/** Of the first bytes of a file, at least as many as {@link headLength} says. */
export function headOf(bytes: Uint8Array): Head | undefined {
  const prefix = parseFilePrefix(bytes)
  if (prefix === undefined || bytes.length < FILE_PREFIX_BYTES + prefix.wrappedBytes)
    return undefined
  const wrapped = bytes.slice(FILE_PREFIX_BYTES, FILE_PREFIX_BYTES + prefix.wrappedBytes)
  return { prefix, wrapped }
}

/** The length of the file once it is under the new data key, in bytes. */
export function newLength({ prefix }: Head, length: number, dataKey: DataKey): number {
  const header =
    FILE_PREFIX_BYTES + dataKey.ciphertext.length + FILE_SALT_BYTES + FILE_COMMITMENT_BYTES
  return length - prefix.headerBytes + header
}

export interface Again {
  readonly source: AsyncIterable<Uint8Array>
  readonly sink: Sink
  readonly head: Head
  readonly unwrap: DecryptFileOptions['unwrap']
  readonly dataKey: DataKey
}

/**
 * Decrypts a file and encrypts it again, in constant memory. What went to the sink is only a file when this returns.
 *
 * @throws ClavigerCiphertextError where the file is not as it was made
 */
export async function encryptAgain({ source, sink, head, unwrap, dataKey }: Again): Promise<void> {
  const between = new TransformStream<Uint8Array, Uint8Array>()
  const writer = between.writable.getWriter()
  const decrypting = decryptFile({ source, sink: (bytes) => writer.write(bytes), unwrap }).then(
    () => writer.close(),
    async (error: unknown) => {
      await writer.abort(error).catch(() => {})
      throw error
    },
  )
  const encrypting = encryptFile({
    source: overwritten(between.readable),
    sink,
    dataKey,
    chunkBits: Math.log2(head.prefix.chunkBytes),
  })
  const [read, written] = await Promise.allSettled([decrypting, encrypting])
  // Where both failed, the writing side did first, or says the same.
  if (written.status === 'rejected') throw written.reason
  if (read.status === 'rejected') throw read.reason
}

/** Plaintext that was taken is overwritten before the next piece is asked for. */
async function* overwritten(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    try {
      yield piece
    } finally {
      piece.fill(0)
    }
  }
}

/** The new data key under the key that everything goes to, and the old one as the server unwraps it. */
export async function newDataKey(
  client: Claviger,
  key: string,
  context: Record<string, string> | undefined,
): Promise<DataKey> {
  const bound = context === undefined ? {} : { context }
  const { plaintext, ciphertext } = await client.datakey({ key, bytes: 32, ...bound })
  if (plaintext === undefined)
    throw new ClavigerCiphertextError('not-claviger', 'The server gave no data key')
  return { plaintext, ciphertext }
}

export function unwrapWith(
  client: Claviger,
  context: Record<string, string> | undefined,
): DecryptFileOptions['unwrap'] {
  const bound = context === undefined ? {} : { context }
  return async (ciphertext) => (await client.decrypt({ ciphertext, ...bound })).plaintext
}
