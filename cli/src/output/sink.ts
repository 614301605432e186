import { rmSync } from 'node:fs'
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CommandFailure, systemReason, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { write, type Shell } from '../shell.ts'
import { reserve } from './reserve.ts'

/**
 * Where the bytes of a file go. To a named file they go by way of a temporary one beside it, which takes the name only when all of it is
 * there, checked and on the disk; so a failure never leaves half a file, or plaintext that was not authentic, under the name.
 */
export interface Sink {
  /** A file descriptor where there is one, which is the fastest way; else a function that writes one piece. */
  readonly target: number | ((bytes: Uint8Array) => Promise<void>)
  /** At least so many bytes will come. */
  expect(bytes: number): void
  write(bytes: Uint8Array): Promise<void>
  /** All is well: flushes, and gives the file its name. */
  finish(): Promise<void>
  /** Something failed: takes away what was written, where that can be done. */
  abandon(): Promise<void>
}

const OWNER_ONLY = 0o600
/** What ends a command from outside: Ctrl-C, kill, and a terminal that is closed. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Takes a file away when the command is ended from outside, which ends then as it would have; until what is answered is called. */
function removedWhenEnded(path: string): () => void {
  const release = () => {
    for (const signal of ENDINGS) process.off(signal, end)
  }
  const end = (signal: NodeJS.Signals) => {
    release()
    rmSync(path, { force: true })
    process.kill(process.pid, signal)
  }
  for (const signal of ENDINGS) process.on(signal, end)
  return release
}

/** A device, a pipe or a folder cannot be replaced by a file of its name. */
async function assertReplaceable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there === undefined || there.isFile()) return
  throw usageFailure(
    there.isDirectory()
      ? `Cannot write ${path}: it is a folder (EISDIR)`
      : `Cannot write ${path}: it is no file`,
    'Name a file with --out, or send it there with >.',
  )
}

async function fileSink(path: string): Promise<Sink> {
  await assertReplaceable(path)
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
  await rm(temporary, { force: true })
  const file: FileHandle = await open(temporary, 'wx', OWNER_ONLY).catch((error: unknown) => {
    throw usageFailure(`Cannot write ${path}: ${systemReason(error)}`)
  })
  const release = removedWhenEnded(temporary)
  return {
    target: file.fd,
    expect: (bytes) => reserve(file.fd, bytes),
    async write(bytes) {
      for (let start = 0; start < bytes.length;) {
        start += (await file.write(bytes, start)).bytesWritten
      }
    },
    async finish() {
      await file.sync()
      await file.close()
      await rename(temporary, path)
      release()
      await using folder = await open(dirname(path), 'r')
      // The name is on the disk only when the folder is.
      await folder.sync()
    },
    async abandon() {
      await file.close()
      await rm(temporary, { force: true })
      release()
    },
  }
}

function terminalRefusal(): CommandFailure {
  return new CommandFailure(
    exitCodes.usage,
    'The output is binary and stdout is a terminal',
    'Send it to a file with > FILE or --out FILE.',
  )
}

/** Stdout. A terminal gets text only; `binary` says that it cannot be text. */
function outputSink(shell: Shell, binary: boolean): Sink {
  const terminal = shell.terminals.output
  const descriptor = terminal ? undefined : shell.descriptors?.output
  if (terminal && binary) throw terminalRefusal()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const writeText = async (bytes: Uint8Array) => {
    if (terminal && !isText(decoder, bytes)) throw terminalRefusal()
    await write(shell, bytes)
  }
  return {
    target: descriptor ?? writeText,
    expect(bytes) {
      if (descriptor !== undefined) reserve(descriptor, bytes)
    },
    write: writeText,
    finish: () => Promise.resolve(),
    abandon: () => Promise.resolve(),
  }
}

function isText(decoder: TextDecoder, bytes: Uint8Array): boolean {
  try {
    return !/[^\P{Cc}\n\r\t]/u.test(decoder.decode(bytes, { stream: true }))
  } catch {
    return false
  }
}

/** The file named, or stdout. */
export async function openSink(
  shell: Shell,
  path: string | undefined,
  binary: boolean,
): Promise<Sink> {
  return path === undefined || path === '-' ? outputSink(shell, binary) : fileSink(path)
}

/** Runs `body` with the sink, and finishes it; or abandons it, when `body` fails. */
export async function withSink<Result>(
  sink: Sink,
  body: (sink: Sink) => Promise<Result>,
): Promise<Result> {
  try {
    const result = await body(sink)
    await sink.finish()
    return result
  } catch (error) {
    await sink.abandon()
    throw error
  }
}
