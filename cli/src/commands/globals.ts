import { InvalidArgumentError, type Command } from 'commander'
import { outputFormats, type Presentation } from '../output/format.ts'
import type { Globals } from '../settings/connection.ts'
import type { Shell } from '../shell.ts'

/** What every command is made with. */
export interface Making {
  readonly shell: Shell
  /** Sets the exit code of a command that has done its work and has bad news (an invalid signature). */
  fail(exitCode: number): void
}

export function globalsOf(command: Command): Globals {
  return command.optsWithGlobals<Globals>()
}

export function presentationOf(globals: Globals): Presentation {
  const { output, field, quiet = false } = globals
  return { output, field, quiet }
}

/** Adds the options that every command has. */
export function addGlobalOptions(program: Command): void {
  program
    .addOption(
      program
        .createOption('-o, --output <format>', 'table on a terminal, json otherwise')
        .choices(outputFormats),
    )
    .option('--field <name>', 'print one field of the answer, as it is; a.b looks inside')
    .option('--profile <name>', 'use this profile, whatever the environment says')
    .option('--address <url>', "the server's address (environment: CLAVIGER_ADDR)")
    .option(
      '--ca-file <file>',
      'trust this certificate authority too (environment: CLAVIGER_CA_FILE)',
    )
    .option('--timeout <seconds>', 'how long a call may take', parseSeconds)
    .option('--insecure-plain-http', 'send the token over plain HTTP to another machine')
    .option('--curl', 'print the call instead of making it')
    .option('--approval <id>', 'the id of an approved request to do just this, once')
    .option('-q, --quiet', 'no words on stderr but errors')
    .option('-y, --yes', 'do not ask for confirmation')
}

/** The longest time a call may be given, in seconds. */
const SECONDS_MAX = 3_600

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,4}(\.\d{1,3})?$/.test(text) && seconds > 0 && seconds <= SECONDS_MAX) return seconds
  throw new InvalidArgumentError(`It takes seconds, above 0 and at most ${SECONDS_MAX}.`)
}
