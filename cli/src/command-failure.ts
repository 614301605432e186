import { exitCodes } from './exit-codes.ts'

/** The command cannot go on. `advice` says what to do next. No message ever holds a secret. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number
  readonly advice: string | undefined

  constructor(exitCode: number, message: string, advice?: string) {
    super(message)
    this.exitCode = exitCode
    this.advice = advice
  }
}

/** A mistake in how the command was called. */
export function usageFailure(message: string, advice?: string): CommandFailure {
  return new CommandFailure(exitCodes.usage, message, advice)
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  EACCES: 'permission denied',
  EEXIST: 'it is there already, and no folder',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  EPERM: 'not permitted',
  EROFS: 'the disk is read-only',
})

/** Why the operating system would not, in words and with its own name for it. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
  return Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${code})` : code
}
