import { datakey, decrypt, MESSAGE_BYTES_MAX } from '@claviger/contract/operations/encryption'
import { decryptFile, encryptFile } from '@claviger/sdk/file'
import { CommandFailure, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { openSource, peek, type FileSource } from '../input/file-source.ts'
import { readBounded } from '../input/source.ts'
import { makeProgress } from '../output/progress.ts'
import { openSink, withSink } from '../output/sink.ts'
import { callerFor, type Globals } from '../settings/connection.ts'
import type { Shell } from '../shell.ts'
import { decryptMessage, type TransferOptions } from './message.ts'
import { callOrPrint } from './run.ts'

/** Files of any size, encrypted here under a data key of their own; the format is docs/file-format.md. */

const DATA_KEY_BYTES = 32
/** How every file begins. */
const MAGIC = new TextEncoder().encode('CLAVIGER')
/** A message that is not a file is at most this long: an envelope in base64 with its line ends. */
const ENVELOPE_TEXT_MAX = Math.ceil(MESSAGE_BYTES_MAX * 1.5) + 2_048

type Context = Record<string, string> | undefined

/** Encrypts what `--in` or stdin holds. The data key is asked for when both ends are open, so that none is made for nothing. */
export async function encryptAsFile(
  shell: Shell,
  globals: Globals,
  options: TransferOptions,
  context: Context,
): Promise<void> {
  const request = {
    key: options.key,
    bytes: DATA_KEY_BYTES,
    ...(context === undefined ? {} : { context }),
  }
  if (globals.curl === true) {
    await callOrPrint(shell, globals, datakey, request)
    return
  }
  await using file = await openSource(shell, options.in)
  await withSink(await openSink(shell, options.out, true), async (sink) => {
    const dataKey = await callOrPrint(shell, globals, datakey, request)
    const { plaintext, ciphertext } = dataKey ?? {}
    if (plaintext === undefined || ciphertext === undefined) {
      throw new CommandFailure(exitCodes.general, 'The server gave no data key')
    }
    const progress = makeProgress(shell, globals.quiet === true, 'bytes')
    try {
      // The ciphertext is a little longer.
      if (file.size !== undefined) sink.expect(file.size)
      await encryptFile({
        source: file.source,
        sink: sink.target,
        dataKey: { plaintext, ciphertext },
        inPlace: true,
        onProgress: (done) => progress.show(done, file.size),
      })
    } finally {
      progress.end()
    }
  })
}

function isFileFormat(start: Uint8Array): boolean {
  return MAGIC.every((byte, index) => start[index] === byte)
}

/** Decrypts what `--in` or stdin holds: a file, or the envelope of one message. Which it is stands in its first bytes. */
export async function decryptAsFile(
  shell: Shell,
  globals: Globals,
  options: TransferOptions,
  context: Context,
): Promise<void> {
  if (globals.curl === true) {
    throw usageFailure('The call needs what is in the file', 'Use --text --curl for one message.')
  }
  if (shell.terminals.input && options.in === undefined) {
    throw usageFailure('There is nothing to decrypt', 'Pipe it in, or name it with --in FILE.')
  }
  await using file = await openSource(shell, options.in)
  const { start, source } = await peek(file, MAGIC.length)
  if (isFileFormat(start)) {
    await decryptStream(shell, globals, { source, size: file.size }, options, context)
    return
  }
  const stream = typeof source === 'number' ? file.stream() : source
  const message = await readBounded(stream, ENVELOPE_TEXT_MAX, 'The ciphertext')
  await decryptMessage(shell, globals, options, context, message)
}

async function decryptStream(
  shell: Shell,
  globals: Globals,
  file: Pick<FileSource, 'source' | 'size'>,
  options: TransferOptions,
  context: Context,
): Promise<void> {
  const call = await callerFor(shell, globals)
  const { key, out } = options
  const progress = makeProgress(shell, globals.quiet === true, 'bytes')
  await withSink(await openSink(shell, out, false), async (sink) => {
    try {
      await decryptFile({
        source: file.source,
        sink: sink.target,
        async unwrap(wrapped) {
          const { plaintext } = await call(decrypt, { ciphertext: wrapped, key, context })
          return plaintext
        },
        inPlace: true,
        onProgress: (done) => progress.show(done, file.size),
      })
    } finally {
      progress.end()
    }
  })
}
