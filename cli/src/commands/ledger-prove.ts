import type { Command } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import { fieldsOf } from '../fields/field.ts'
import { connect } from '../settings/client.ts'
import { say } from '../shell.ts'
import { globalsOf, type Making } from './globals.ts'
import {
  collectText,
  findingLine,
  givenKeys,
  loadVerifier,
  malformedProof,
} from './ledger-verify.ts'
import { rowOf } from './names.ts'
import { gatherInput, operationCommand } from './operation.ts'
import { callAndPresent } from './run.ts'

interface ProveOptions {
  readonly key?: readonly string[]
  readonly keyFile?: string
}

/** `ledger prove`: prints the proof of an entry, and checks it here, so that a proof that does not hold is never taken for one. */
export function ledgerProveCommand(making: Making): Command {
  const { shell } = making
  const command = operationCommand(making, 'ledger.prove')
    .option(
      '--key <vkey>',
      'a key that the checkpoint must be signed with; may be given again',
      collectText,
    )
    .option('--key-file <file>', 'such keys, one on a line')
  return command.action(async (index: string, options: ProveOptions) => {
    const globals = globalsOf(command)
    const given = await givenKeys(options.key, options.keyFile)
    const input = await gatherInput(shell, 'ledger.prove', fieldsOf(rowOf('ledger.prove')), {
      index,
    })
    const answer = await callAndPresent(shell, globals, rowOf('ledger.prove'), input)
    if (answer === undefined) return
    const { checkEntryProof } = await loadVerifier()
    const keys = given ?? (await (await connect(shell, globals)).ledger.head()).keys
    const report = await checkEntryProof(answer.proof, answer.record, keys).catch(malformedProof)
    const asked = report.index === input['index']
    if (report.ok && asked) {
      if (globals.quiet === true) return
      const whose = given === undefined ? ', by keys of the ledger itself' : ''
      say(shell, `The proof holds: the entry is one of the ${report.size} that are signed${whose}.`)
      return
    }
    making.fail(exitCodes.integrity)
    if (!asked) say(shell, `claviger: The proof is of entry ${report.index}`)
    for (const finding of report.findings) say(shell, `claviger: ${findingLine(finding)}`)
  })
}
