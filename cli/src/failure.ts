import {
  ClavigerApiError,
  ClavigerCiphertextError,
  ClavigerConnectionError,
  ClavigerInputError,
} from '@claviger/sdk/errors'
import { CommandFailure } from './command-failure.ts'
import { adviceForError, exitCodeOfError, exitCodes } from './exit-codes.ts'
import { harmless } from './output/text.ts'

const ADVICE_UNTRUSTED = 'Give it with --ca-file FILE or CLAVIGER_CA_FILE.'
/** Of the settings, which no field of a command gives, it is told where they come from. */
function adviceForInput(error: ClavigerInputError): string {
  if (error.field === 'address')
    return "It comes from --address, CLAVIGER_ADDR, or the profile ('claviger profile list')."
  if (error.message.startsWith('token: is not a token'))
    return "It comes from CLAVIGER_TOKEN, or the profile ('claviger profile list')."
  if (error.message.endsWith('must be a lower-case UUID'))
    return "Give its id and not its name: the list of its kind has both, such as 'claviger principal list'."
  return adviceForError.invalid_request
}

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
    const untrusted = error.message.includes("the authority's certificate")
    return {
      exitCode,
      lines: [harmless(error.message), ...(untrusted ? [ADVICE_UNTRUSTED] : [])],
    }
  }
  if (error instanceof ClavigerInputError) {
    return { exitCode: exitCodes.usage, lines: [harmless(error.message), adviceForInput(error)] }
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
