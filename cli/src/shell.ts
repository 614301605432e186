import { isatty } from 'node:tty'
import { usageFailure } from './command-failure.ts'
import { environment } from './config.ts'

/** What the command may touch of the world around it: its streams and its environment. The only place that reads them. */
export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly errors: NodeJS.WriteStream
  /** Which of the three are terminals. */
  readonly terminals: {
    readonly input: boolean
    readonly output: boolean
    readonly errors: boolean
  }
  /** The numbers of stdin and stdout, where they are files of the process: large data goes past the streams. */
  readonly descriptors?: { readonly input: number; readonly output: number }
  /** Milliseconds since 1970. */
  now(): number
}

export function processShell(): Shell {
  return {
    environment,
    // Looked up when used: a command that reads nothing does not touch stdin.
    get input() {
      return process.stdin
    },
    output: process.stdout,
    errors: process.stderr,
    terminals: { input: isatty(0), output: isatty(1), errors: isatty(2) },
    descriptors: { input: 0, output: 1 },
    now: () => Date.now(),
  }
}

/** Whether a person sits there who can be asked: answers come from stdin, questions go to stderr. */
export function canAsk(shell: Shell): boolean {
  return shell.terminals.input && shell.terminals.errors
}

/** Writes data to stdout, and waits until it is taken, so that a slow reader slows the command and not its memory. */
export function write(shell: Shell, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    shell.output.write(data, (error) => (error ? reject(error) : resolve()))
  })
}

/** Words for the person, on stderr. */
export function say(shell: Shell, line: string): void {
  shell.errors.write(`${line}\n`)
}

const taken = new WeakSet<object>()

/** Takes stdin for one use; a second use is a mistake in how the command was called. */
export function takeInput(shell: Shell): NodeJS.ReadStream {
  if (taken.has(shell.input)) throw usageFailure('stdin is used for two things at once')
  taken.add(shell.input)
  return shell.input
}
