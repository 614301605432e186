import { Command } from 'commander'
import { z } from 'zod'
import { usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { openSource } from '../input/file-source.ts'
import { readBounded } from '../input/source.ts'
import { presentValue } from '../output/present.ts'
import { say } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import {
  collectText,
  findingLine,
  givenKeys,
  loadVerifier,
  malformedProof,
} from './ledger-verify.ts'

/** `statement verify`: a certificate of destruction or a report of a compromise, checked without a server. */

const STATEMENT_BYTES_MAX = 4_194_304

/** As the server gave it; attacker-chosen. */
const statementSchema = z.object({
  document: z.string(),
  record: z.string(),
  proof: z.string(),
  keys: z.array(z.string()).max(64),
})

interface VerifyOptions {
  readonly key?: readonly string[]
  readonly keyFile?: string
}

export function statementCommand(making: Making): Command {
  return new Command('statement')
    .description('Documents that the ledger vouches for')
    .addCommand(verifyCommand(making))
}

function verifyCommand(making: Making): Command {
  const { shell } = making
  const command = new Command('verify')
    .description('Check a certificate of destruction or a report of a compromise, without a server')
    .argument(
      '[file]',
      'as key destruction-certificate or compromise report gave it; stdin unless given',
    )
    .option(
      '--key <vkey>',
      'a key that the checkpoint must be signed with; may be given again',
      collectText,
    )
    .option('--key-file <file>', 'such keys, one on a line')
  return command.action(async (path: string | undefined, options: VerifyOptions) => {
    const globals = globalsOf(command)
    const given = await givenKeys(options.key, options.keyFile)
    await using file = await openSource(shell, path)
    const bytes = await readBounded(file.stream(), STATEMENT_BYTES_MAX, 'The statement')
    const statement = parse(bytes)
    const { checkStatement } = await loadVerifier()
    const report = await checkStatement(statement, given ?? statement.keys).catch(malformedProof)
    if (report.ok) {
      await presentValue(
        shell,
        'statement.verify',
        z.json().parse(report.document),
        presentationOf(globals),
      )
      if (globals.quiet === true) return
      const whose =
        given === undefined ? ', by keys that came with it: compare them with yours' : ''
      say(shell, `It holds: entry ${report.index} of the ledger vouches for it${whose}.`)
      return
    }
    making.fail(exitCodes.integrity)
    for (const finding of report.findings) say(shell, `claviger: ${findingLine(finding)}`)
  })
}

function parse(bytes: Uint8Array) {
  try {
    return statementSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
    )
  } catch {
    throw usageFailure('The file is not a statement', 'Keep what the server gave with -o json.')
  }
}
