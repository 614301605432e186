import { CommandFailure } from './command-failure.ts'
import { becomeServer } from './commands/server.ts'
import { processShell, say } from './shell.ts'

/** The entry of the `claviger` command. */

const shell = processShell()
// Whoever writes sees the error too, and decides what it means.
shell.output.on('error', () => {})

const [first, ...rest] = process.argv.slice(2)
if (first === 'dev' || first === 'server') {
  // Before anything else is loaded: the server is another program, and starts the sooner.
  try {
    becomeServer(shell, first, rest)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    say(shell, `claviger: ${error.message}`)
    process.exitCode = error.exitCode
  }
} else {
  const { runCommandLine } = await import('./command-line.ts')
  process.exitCode = await runCommandLine(shell, process.argv.slice(2))
}
