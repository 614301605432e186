import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { explainFailure } from './failure.ts'
import { makeProgram } from './program.ts'
import { say, type Shell } from './shell.ts'

/** Commander has printed its own words by now: help is no failure, anything else is a mistake in the call. */
function exitCodeOfCommander(error: CommanderError): number {
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

/** `--version` alone asks for the command of that name; beside others it is theirs, the version of a key. */
function meant(given: readonly string[]): readonly string[] {
  return given.length === 1 && given[0] === '--version' ? ['version'] : given
}

/** Runs one command line, and turns what went wrong into words on stderr. Resolves to the exit code; never rejects. */
export async function runCommandLine(shell: Shell, given: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok
  try {
    const making = { shell, fail: (code: number) => void (exitCode = code) }
    const words = meant(given)
    const program = await makeProgram(making, words[0])
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOfCommander(error)
    // A reader that has seen enough (`claviger key list | head`) ends the output, and nobody needs words about it.
    if (isBrokenPipe(error)) return exitCodes.general
    const explained = explainFailure(error)
    const [what = '', ...more] = explained.lines
    say(shell, `claviger: ${what}`)
    for (const line of more) say(shell, `  ${line}`)
    return explained.exitCode
  }
}
