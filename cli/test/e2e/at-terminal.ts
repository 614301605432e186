import { PassThrough, Writable } from 'node:stream'
import { runCommandLine } from '../../src/command-line.ts'
import { shellOf } from '../in-process.ts'

/** What a person does when the command shows something: types a line, goes elsewhere meanwhile, or nothing. */
export type Reaction = string | Promise<unknown> | undefined

/**
 * Runs the command inside this process, at a terminal. `react` is told each piece of text that is shown; where what it goes elsewhere for
 * fails, so does this, since the command would wait for ever.
 */
export async function atTerminal(
  given: readonly string[],
  environment: Record<string, string>,
  react: (text: string) => Reaction = () => undefined,
): Promise<{ readonly exitCode: number; readonly shown: string; readonly stdout: string }> {
  let shown = ''
  const out: Buffer[] = []
  const failed = Promise.withResolvers<never>()
  const input = Object.assign(new PassThrough(), { setRawMode: () => input })
  const errors = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = String(chunk)
      shown += text
      const reaction = react(text)
      if (typeof reaction === 'string') setImmediate(() => input.write(`${reaction}\r`))
      else reaction?.catch(failed.reject)
      done()
    },
  })
  const shell = {
    ...shellOf({ environment, now: Date.now() }, out, []),
    input: input as unknown as NodeJS.ReadStream,
    errors: errors as unknown as NodeJS.WriteStream,
    terminals: { input: true, output: false, errors: true },
  }
  const exitCode = await Promise.race([runCommandLine(shell, given), failed.promise])
  return { exitCode, shown, stdout: Buffer.concat(out).toString() }
}
