import { Command } from 'commander'
import { commandsByHand } from './commands/by-hand.ts'
import { addGlobalOptions, type Making } from './commands/globals.ts'

/**
 * The whole command; or of all its commands only those that `first` begins, which is the first word of a command line. Where that is
 * another word, or an option, it may concern all of them (help, completion, what somebody may have meant), and then all are made.
 */
export async function makeProgram(making: Making, first?: string): Promise<Command> {
  const { shell } = making
  const program = new Command('claviger')
    .description(
      'Claviger keeps keys: make them, use them, rotate and revoke them, and prove what was done.',
    )
    .helpCommand('help [command]', 'Show the help of a command')
    .addHelpText('after', '\nEvery command has --help. The manual is docs/cli.md.')
  addGlobalOptions(program)
  const byHand =
    first !== undefined && Object.hasOwn(commandsByHand, first) ? commandsByHand[first] : undefined
  if (byHand !== undefined) program.addCommand(await byHand(making))
  else {
    // Only now: it loads the contract's whole table.
    const { addCommands } = await import('./commands/every.ts')
    await addCommands(program, making, first)
  }
  settle(
    program,
    (text) => void shell.output.write(text),
    (text) => void shell.errors.write(text),
  )
  return program
}

/** Errors are thrown and not exited with, and every command writes to the shell's streams. */
function settle(
  command: Command,
  out: (text: string) => void,
  errors: (text: string) => void,
): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: out,
      writeErr: errors,
      outputError: (text, print) => print(text.replace(/^error: /, 'claviger: ')),
    })
    // Room for 30 characters beside the longest command is enough to wrap them; without, 80 columns would be broken in words.
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 30 })
  for (const inner of command.commands) settle(inner, out, errors)
}
