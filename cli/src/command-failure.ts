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
