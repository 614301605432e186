import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { decryptFile, encryptFile, type Source } from '@claviger/sdk'

/** Files in memory, and a stand-in for the server's datakey and decrypt that keeps keys by what wraps them. */

export const CHUNK_BITS = 12
export const CHUNK = 2 ** CHUNK_BITS
export const TAG = 16
/** The header's length with the 40 bytes that {@link KeyKeeper} wraps to. */
export const HEADER = 15 + 40 + 32 + 32

export class KeyKeeper {
  readonly #keys = new Map<string, Buffer>()

  datakey(): { plaintext: Uint8Array; ciphertext: Uint8Array } {
    const ciphertext = randomBytes(40)
    const key = randomBytes(32)
    this.#keys.set(ciphertext.toString('hex'), key)
    return { plaintext: Buffer.from(key), ciphertext }
  }

  /** Like a server: it knows its own wrapped keys and refuses all else. */
  readonly unwrap = async (wrapped: Uint8Array): Promise<Uint8Array> => {
    const key = this.#keys.get(Buffer.from(wrapped).toString('hex'))
    if (key === undefined) throw new UnknownKey()
    return Buffer.from(key)
  }
}

export class UnknownKey extends Error {}

/** Gives bytes in pieces of the sizes, over and over. */
export async function* inPieces(bytes: Uint8Array, sizes: readonly number[]) {
  let offset = 0
  for (let turn = 0; offset < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? bytes.length)
    yield bytes.subarray(offset, offset + size)
    offset += size
  }
}

export function whole(bytes: Uint8Array): Source {
  return inPieces(bytes, [bytes.length])
}

/** Collects what is written to it. */
export function collector() {
  const pieces: Uint8Array[] = []
  return {
    sink: (bytes: Uint8Array) => {
      pieces.push(bytes)
    },
    bytes: () => Buffer.concat(pieces),
  }
}

export async function encrypted(
  plaintext: Uint8Array,
  keeper: KeyKeeper,
  source: Source = whole(plaintext),
): Promise<Buffer> {
  const { sink, bytes } = collector()
  await encryptFile({ source, sink, dataKey: keeper.datakey(), chunkBits: CHUNK_BITS })
  return bytes()
}

export async function decrypted(
  file: Uint8Array,
  keeper: KeyKeeper,
  source: Source = whole(file),
): Promise<Buffer> {
  const { sink, bytes } = collector()
  await decryptFile({ source, sink, unwrap: keeper.unwrap })
  return bytes()
}

/** What a reader lets out before it notices that the file is not as it was made, and what it says then. */
export async function refused(
  file: Uint8Array,
  keeper: KeyKeeper,
): Promise<{ released: Buffer; error: unknown }> {
  const { sink, bytes } = collector()
  try {
    await decryptFile({ source: whole(file), sink, unwrap: keeper.unwrap })
  } catch (error) {
    return { released: bytes(), error }
  }
  throw new Error('a file that was tampered with was decrypted')
}

/** Works from one file to another, over descriptors. */
export async function between(
  from: string,
  to: string,
  work: (source: number, sink: number) => Promise<void>,
): Promise<void> {
  const [source, sink] = [openSync(from, 'r'), openSync(to, 'w')]
  try {
    await work(source, sink)
  } finally {
    closeSync(source)
    closeSync(sink)
  }
}
