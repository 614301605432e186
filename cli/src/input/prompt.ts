import { createInterface } from 'node:readline/promises'
import { CommandFailure, usageFailure } from '../command-failure.ts'
import { canAsk, type Shell } from '../shell.ts'

/** Secrets are at most this long, as in the contract. */
const SECRET_LENGTH_MAX = 1_024
/** 128 + SIGINT, as a shell reports it. */
const INTERRUPTED = 130

/** Asks for one line that is shown while it is typed. */
export async function ask(shell: Shell, question: string): Promise<string> {
  const lines = createInterface({ input: shell.input, output: shell.errors })
  try {
    return await new Promise((resolve, reject) => {
      lines.once('SIGINT', () => reject(new CommandFailure(INTERRUPTED, 'interrupted')))
      lines.once('close', () => reject(new CommandFailure(INTERRUPTED, 'there was no answer')))
      lines.question(question).then(resolve, reject)
    })
  } finally {
    lines.close()
  }
}

/** What one chunk of typed characters does to the line so far. */
function typed(line: string, chunk: string): { line: string; done: boolean } {
  let result = line
  for (const character of chunk) {
    if (character === '\r' || character === '\n' || character === '\u0004') {
      return { line: result, done: true }
    }
    if (character === '\u0003') throw new CommandFailure(INTERRUPTED, 'interrupted')
    if (character === '\u007f' || character === '\b') result = result.slice(0, -1)
    else if (character === '\u0015') result = ''
    else if (result.length < SECRET_LENGTH_MAX) result += character
  }
  return { line: result, done: false }
}

/** Asks for a secret on the terminal, without showing what is typed. */
export async function askHidden(shell: Shell, question: string): Promise<string> {
  if (!canAsk(shell))
    throw usageFailure(
      `${question.replace(/:\s*$/, '')} is needed, and there is no terminal to ask on`,
    )
  const { input, errors } = shell
  // First the silence, then the question: what is typed in between would be shown.
  input.setRawMode(true)
  errors.write(question)
  input.setEncoding('utf8')
  input.resume()
  try {
    return await new Promise((resolve, reject) => {
      let line = ''
      const listen = (chunk: string) => {
        try {
          const next = typed(line, chunk)
          line = next.line
          if (!next.done) return
          input.off('data', listen)
          resolve(line)
        } catch (error) {
          input.off('data', listen)
          reject(error instanceof Error ? error : new Error('interrupted'))
        }
      }
      input.on('data', listen)
      input.once('end', () => reject(new CommandFailure(INTERRUPTED, 'there was no answer')))
    })
  } finally {
    input.setRawMode(false)
    input.pause()
    errors.write('\n')
  }
}

/** On a terminal, lets a person type the name of what they are about to end; a script says so by running the command. */
export async function confirm(shell: Shell, warning: string, expected: string): Promise<void> {
  if (!canAsk(shell)) return
  const answer = await ask(shell, `${warning}\nType ${expected} to go on: `)
  if (answer.trim() !== expected) throw new CommandFailure(1, 'Not confirmed; nothing was done')
}
