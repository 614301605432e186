import { open, type FileHandle } from 'node:fs/promises'
import { systemReason, usageFailure } from '../command-failure.ts'
import { takeInput, type Shell } from '../shell.ts'

/** Where a value comes from when it does not stand on the command line: a file or stdin. Everything read here is bounded. */

export async function readBounded(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
  what: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of source) {
    length += chunk.length
    if (length > bytesMax) {
      throw usageFailure(
        `${what} is longer than ${bytesMax} bytes`,
        "Encrypt large data as a file ('claviger encrypt -k KEY < file > file.enc'); sign its digest (--digest).",
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/** Reads all of stdin, up to `bytesMax`. `what` names the value for the message of an error. */
export async function readInput(shell: Shell, bytesMax: number, what: string): Promise<Uint8Array> {
  if (shell.terminals.input)
    shell.errors.write(`Reading ${what} from the terminal; end with Ctrl-D\n`)
  return readBounded(takeInput(shell) as AsyncIterable<Uint8Array>, bytesMax, what)
}

/** Opens a file to read; a folder can be opened, and not read. `told` begins the message, which ends with what the system says is wrong. */
export async function openFile(path: string, told: string): Promise<FileHandle> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw usageFailure(`${told}: ${systemReason(error)}`)
  })
  if (!(await file.stat()).isDirectory()) return file
  await file.close()
  throw usageFailure(`${told}: it is a folder (EISDIR)`)
}

/** Reads a file, up to `bytesMax`. */
export async function readFileBounded(
  path: string,
  bytesMax: number,
  what: string,
): Promise<Uint8Array> {
  await using file = await openFile(path, `${what}: cannot open the file ${path}`)
  return await readBounded(file.createReadStream({ autoClose: false }), bytesMax, what)
}

/** `@file` or `-`; undefined for anything else. */
export function readSource(
  shell: Shell,
  spec: string,
  bytesMax: number,
  what: string,
): Promise<Uint8Array> | undefined {
  if (spec === '-') return readInput(shell, bytesMax, what)
  if (spec.startsWith('@')) return readFileBounded(spec.slice(1), bytesMax, what)
  return undefined
}
