import '../without-code-generation.ts'
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { BUNDLE_BYTES_MAX, NOTE_BYTES_MAX, utf8 } from '@claviger/contract/ledger'
import { ClavigerApiError } from '../errors.ts'
import type { Claviger } from '../types.ts'

/** Where a ledger is read from: files in the layout of C2SP tlog-tiles, or a server. Everything that comes from it is untrusted. */

export interface LedgerSource {
  /** Where it is, for messages. */
  readonly name: string
  /** The newest checkpoint; undefined where there is none. */
  checkpoint(): Promise<Uint8Array | undefined>
  /** The file of a tile or an entry bundle, such as `tile/0/x001/234`; undefined where there is none. */
  tile(path: string): Promise<Uint8Array | undefined>
  /** The verifier keys that the place itself names, which prove nothing about the place; undefined where it names none. */
  vkeys(): Promise<readonly string[] | undefined>
  /** Checkpoints that were copied with it earlier, where it keeps any: the ledger must begin with the trees they are over. */
  kept?(): AsyncIterable<KeptCheckpoint>
}

export interface KeptCheckpoint {
  readonly file: string
  readonly note: Uint8Array
}

/** The folder beside the checkpoint in which an export keeps each that it copied, under its size. */
export const KEPT_FOLDER = 'checkpoints'

/** The file beside the checkpoint in which an export keeps the verifier keys, one a line. */
export const VKEYS_FILE = 'vkeys'
const VKEYS_BYTES_MAX = 65_536

/**
 * The server's own routes, through a client that holds an auditor's token. Rejects with what the client rejects with, except that what
 * is not there is undefined.
 */
export function serverSource(client: Claviger, name = 'the server'): LedgerSource {
  return {
    name,
    checkpoint: () => unlessAbsent(async () => (await client.ledger.checkpoint()).body),
    tile: (path) =>
      unlessAbsent(
        async () => (await client.ledger.tile({ path: path.slice('tile/'.length) })).body,
      ),
    vkeys: () => unlessAbsent(async () => (await client.ledger.head()).keys),
  }
}

async function unlessAbsent<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ClavigerApiError && error.code === 'not_found') return undefined
    throw error
  }
}

/** A directory with `checkpoint` and `tile/…`, as an export or another tool wrote it. Rejects where a file cannot be read. */
export function directorySource(directory: string): LedgerSource {
  return {
    name: directory,
    checkpoint: () => readBounded(`${directory}/checkpoint`, NOTE_BYTES_MAX),
    tile: (path) => readBounded(`${directory}/${path}`, BUNDLE_BYTES_MAX),
    async vkeys() {
      const bytes = await readBounded(`${directory}/${VKEYS_FILE}`, VKEYS_BYTES_MAX)
      return bytes === undefined ? undefined : linesOf(bytes)
    },
    kept: () => keptIn(directory),
  }
}

async function* keptIn(directory: string): AsyncIterable<KeptCheckpoint> {
  for (const name of await readdir(`${directory}/${KEPT_FOLDER}`).catch(absentAs([]))) {
    if (!/^\d+$/.test(name)) continue
    const file = `${KEPT_FOLDER}/${name}`
    const note = await readBounded(`${directory}/${file}`, NOTE_BYTES_MAX)
    if (note !== undefined) yield { file, note }
  }
}

/** The lines of a file of verifier keys; empty ones and those that begin with # say nothing. */
export function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** The lines as such a file. */
export function fileOf(lines: readonly string[]): Uint8Array {
  return utf8(lines.map((line) => `${line}\n`).join(''))
}

/** A file of at most so many bytes; undefined where there is none. Never a device or a pipe, which may not end. */
export async function readBounded(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : { size: Infinity }))
    if (size > bytesMax) throw new Error(`${path} is not a file of at most ${bytesMax} bytes`)
    return await file.readFile()
  } catch (error) {
    return absentAs(undefined)(error)
  }
}

/** What stands for a file or folder that is not there; every other error goes on. */
function absentAs<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return value
    throw error
  }
}
