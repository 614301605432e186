import { CommandFailure } from './command-failure.ts'
import { becomeServer } from './commands/server.ts'
import { processShell, say } from './shell.ts'

/** The entry of the `claviger` command. */

const shell = processShell()
// Whoever writes sees the error too, and decides what it means.
shell.output.on('error', () => {})

const given = process.argv.slice(2)
// The help of what is the server's own is the server's, too.
const asked = given[0] === 'help' && (given[1] === 'dev' || given[1] === 'server')
const [first, ...rest] = asked ? [given[1] ?? '', '--help'] : given
if (first === 'dev' || first === 'server') {
  // Before anything else is loaded: the server is another program, and starts the sooner.
  try {
    becomeServer(shell, first, rest)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    say(shell, `claviger: ${error.message}`)
    if (error.advice !== undefined) say(shell, `  ${error.advice}`)
    process.exitCode = error.exitCode
  }
} else {
  const { runCommandLine } = await import('./command-line.ts')
  process.exitCode = await runCommandLine(shell, given)
}
