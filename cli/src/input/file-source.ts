import { fstatSync, readSync } from 'node:fs'
import type { Source } from '@claviger/sdk/file'
import { say, takeInput, type Shell } from '../shell.ts'
import { openFile } from './source.ts'

/** A file to encrypt or decrypt: by its name, or stdin. */
export interface FileSource extends AsyncDisposable {
  /** A descriptor where there is one, which is the fastest way; else a stream. */
  readonly source: Source
  /** Its length in bytes, where it is a file on the disk. */
  readonly size: number | undefined
  /** The same bytes as a stream. */
  stream(): AsyncIterable<Uint8Array>
}

function sizeOf(descriptor: number): number | undefined {
  const status = fstatSync(descriptor)
  return status.isFile() ? status.size : undefined
}

export async function openSource(shell: Shell, path: string | undefined): Promise<FileSource> {
  if (path === undefined || path === '-') {
    if (shell.terminals.input) say(shell, 'Reading from the terminal; end with Ctrl-D')
    let taken: AsyncIterable<Uint8Array> | undefined
    const stream = () => (taken ??= takeInput(shell) as AsyncIterable<Uint8Array>)
    const descriptor = shell.descriptors?.input
    const size = descriptor === undefined ? undefined : sizeOf(descriptor)
    return {
      // Node makes a pipe on stdin non-blocking, which its own stream handles best.
      source: descriptor === undefined || size === undefined ? stream() : descriptor,
      size,
      stream,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }
  const file = await openFile(path, `Cannot read ${path}`)
  return {
    source: file.fd,
    size: sizeOf(file.fd),
    stream: () => file.createReadStream({ autoClose: false }),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** The first bytes of a source, and the source as if they had not been read. */
export async function peek(
  file: FileSource,
  count: number,
): Promise<{ readonly start: Uint8Array; readonly source: Source }> {
  const { source, size } = file
  if (typeof source === 'number' && size !== undefined) {
    const start = Buffer.alloc(count)
    // Read at a position, which leaves the descriptor where it is.
    const length = readSync(source, start, 0, count, 0)
    return { start: start.subarray(0, length), source }
  }
  const pieces = (typeof source === 'number' ? file.stream() : source)[Symbol.asyncIterator]()
  const seen: Uint8Array[] = []
  let length = 0
  while (length < count) {
    const next = await pieces.next()
    if (next.done === true) break
    seen.push(next.value)
    length += next.value.length
  }
  async function* again(): AsyncGenerator<Uint8Array> {
    yield* seen
    yield* { [Symbol.asyncIterator]: () => pieces }
  }
  return { start: Buffer.concat(seen).subarray(0, count), source: again() }
}
