import { usageFailure } from '../command-failure.ts'
import { canAsk, type Shell } from '../shell.ts'
import { askHidden } from './prompt.ts'
import { readInput, readFileBounded } from './source.ts'

/** Secrets come from the environment, a file, stdin or a hidden prompt; never from argv, which every process on the machine can read. */
const SECRET_BYTES_MAX = 65_536

function lines(bytes: Uint8Array): string[] {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
}

export interface SecretSource {
  /** What it is called: 'The passphrase'. */
  readonly what: string
  readonly question: string
  /** An environment variable that may hold it. */
  readonly variable?: string
  readonly file?: string | undefined
}

/** Secrets, one on a line, from a file or from stdin where it is not a terminal; undefined where a person is to be asked. */
export async function secretLines(
  shell: Shell,
  what: string,
  file: string | undefined,
): Promise<string[] | undefined> {
  if (file !== undefined && file !== '-') {
    return lines(await readFileBounded(file.replace(/^@/, ''), SECRET_BYTES_MAX, what))
  }
  if (file === undefined && canAsk(shell)) return undefined
  return lines(await readInput(shell, SECRET_BYTES_MAX, what))
}

/** One secret: from the file named, else the environment, else stdin, else a hidden prompt. */
export async function readSecret(shell: Shell, source: SecretSource): Promise<string> {
  const fromEnvironment =
    source.variable === undefined ? undefined : shell.environment[source.variable]
  if (source.file === undefined && fromEnvironment !== undefined && fromEnvironment !== '') {
    return fromEnvironment
  }
  const given = await secretLines(shell, source.what, source.file)
  if (given === undefined) return askHidden(shell, source.question)
  const [secret] = given
  if (secret === undefined) throw usageFailure(`${source.what} is empty`)
  if (given.length > 1) throw usageFailure(`${source.what} must be one line`)
  return secret
}
