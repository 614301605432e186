import { runCommandLine } from './command-line.ts'
import { processShell } from './shell.ts'

/** The entry of the `claviger` command. */

const shell = processShell()
// Whoever writes sees the error too, and decides what it means.
shell.output.on('error', () => {})
process.exitCode = await runCommandLine(shell, process.argv.slice(2))
