import { decrypt, encrypt, MESSAGE_BYTES_MAX } from '@claviger/contract/operations/encryption'
import { usageFailure } from '../command-failure.ts'
import { decodeFile } from '../fields/bytes.ts'
import { readFileBounded, readInput, readSource } from '../input/source.ts'
import { openSink, withSink } from '../output/sink.ts'
import { isPrintable } from '../output/text.ts'
import { callerFor, type Globals } from '../settings/connection.ts'
import type { Shell } from '../shell.ts'
import { callAndPresent } from './run.ts'
import { callProving } from './step-up.ts'

/** One message through the server, for `encrypt` and `decrypt`: the other way than the file format. */

/** What both commands may be given. */
export interface TransferOptions {
  readonly key?: string
  readonly in?: string
  readonly out?: string
  readonly context?: readonly string[]
  /** Of RSA, which takes single messages only. */
  readonly padding?: string
  readonly text?: boolean
  readonly plaintext?: string
  readonly ciphertext?: string
}

/** A ciphertext in base64 is a third longer than its bytes, and has line ends. */
const CIPHERTEXT_TEXT_MAX = Math.ceil(MESSAGE_BYTES_MAX * 1.5) + 2_048

/** Whether what was typed asks for one message; files are encrypted under data keys of their own. */
export function isMessage({ text, plaintext, ciphertext, padding }: TransferOptions): boolean {
  return text === true || [plaintext, ciphertext, padding].some((given) => given !== undefined)
}

/** Whether the answer itself is wanted, in a form that shows all of it. */
export function wantsAnswer(globals: Globals): boolean {
  return globals.field !== undefined || (globals.output !== undefined && globals.output !== 'raw')
}

async function readMessage(
  shell: Shell,
  given: string | undefined,
  file: string | undefined,
  what: string,
  bytesMax: number,
): Promise<Uint8Array> {
  if (given !== undefined) {
    const read = readSource(shell, given, bytesMax, what)
    if (read !== undefined) return read
    throw usageFailure(
      `${what} takes @file or - (stdin), because other processes can read a command line`,
    )
  }
  return file === undefined || file === '-'
    ? readInput(shell, bytesMax, what)
    : readFileBounded(file, bytesMax, what)
}

/** Encrypts one message: prints the envelope in base64, or the answer in the format asked for. */
export async function encryptMessage(
  shell: Shell,
  globals: Globals,
  options: TransferOptions,
  context: Record<string, string> | undefined,
): Promise<void> {
  const { key, padding } = options
  const plaintext = await readMessage(
    shell,
    options.plaintext,
    options.in,
    '--plaintext',
    MESSAGE_BYTES_MAX,
  )
  const input = {
    key,
    plaintext,
    ...(context === undefined ? {} : { context }),
    ...(padding === undefined ? {} : { padding }),
  }
  const asText = !wantsAnswer(globals) && globals.output !== 'raw' && globals.curl !== true
  if (!asText) {
    await callAndPresent(shell, globals, encrypt, input)
    return
  }
  const call = await callerFor(shell, globals)
  const { ciphertext } = await callProving(shell, call, encrypt, input)
  await withSink(await openSink(shell, options.out, false), (sink) =>
    sink.write(new TextEncoder().encode(`${ciphertext.toBase64()}\n`)),
  )
}

/** Decrypts one envelope, in base64 or as bytes: prints the message as it was, or the answer in the format asked for. */
export async function decryptMessage(
  shell: Shell,
  globals: Globals,
  options: TransferOptions,
  context: Record<string, string> | undefined,
  read?: Uint8Array,
): Promise<void> {
  const { key, padding } = options
  const bytes =
    read ??
    (await readMessage(shell, options.ciphertext, options.in, '--ciphertext', CIPHERTEXT_TEXT_MAX))
  if (bytes.length === 0)
    throw usageFailure(
      'The input is empty, and what was encrypted never is',
      'Look whether what wrote it failed.',
    )
  const input = {
    ciphertext: decodeFile({ name: 'ciphertext' }, bytes),
    ...(key === undefined ? {} : { key }),
    ...(context === undefined ? {} : { context }),
    ...(padding === undefined ? {} : { padding }),
  }
  if (wantsAnswer(globals) || globals.curl === true) {
    await callAndPresent(shell, globals, decrypt, input)
    return
  }
  const call = await callerFor(shell, globals)
  const { plaintext } = await callProving(shell, call, decrypt, input)
  await withSink(await openSink(shell, options.out, !isPrintable(plaintext)), (sink) =>
    sink.write(plaintext),
  )
}
