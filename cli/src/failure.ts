import {
  ClavigerApiError,
  ClavigerCiphertextError,
  ClavigerConnectionError,
  ClavigerInputError,
} from '@claviger/sdk/errors'
import { CommandFailure } from './command-failure.ts'
import { adviceForError, exitCodeOfError, exitCodes } from './exit-codes.ts'
import { harmless } from './output/text.ts'

/** The command's exit code and the lines for stderr: what failed, why, what to do next, the request's id. */
export function explainFailure(error: unknown): { exitCode: number; lines: string[] } {
  if (error instanceof ClavigerApiError) {
    const field = error.field === undefined ? '' : ` (field ${error.field})`
    return {
      exitCode: exitCodeOfError[error.code],
      lines: [
        harmless(`${error.message}${field} [${error.code}]`),
        adviceForError[error.code],
        ...(error.requestId === '' ? [] : [harmless(`Request id: ${error.requestId}`)]),
      ],
    }
  }
  if (error instanceof ClavigerConnectionError) {
    const exitCode = error.failure === 'not-claviger' ? exitCodes.general : exitCodes.unavailable
    return { exitCode, lines: [harmless(error.message)] }
  }
  if (error instanceof ClavigerInputError) {
    return {
      exitCode: exitCodes.usage,
      lines: [harmless(error.message), adviceForError.invalid_request],
    }
  }
  if (error instanceof ClavigerCiphertextError) {
    return { exitCode: exitCodes.integrity, lines: [error.message] }
  }
  if (error instanceof CommandFailure) {
    const advice = error.advice === undefined ? [] : [error.advice]
    return { exitCode: error.exitCode, lines: [harmless(error.message), ...advice] }
  }
  return { exitCode: exitCodes.general, lines: [harmless(systemMessage(error))] }
}

/** Errors of the operating system name a file and a reason; anything else is told by its message alone, without a stack trace. */
function systemMessage(error: unknown): string {
  return error instanceof Error ? error.message : 'An unknown error'
}
