import type { InputOf } from '@claviger/contract'
import { Command } from 'commander'
import { chosenFormat, presentValue } from '../output/present.ts'
import { toJson, type Json } from '../output/values.ts'
import { connect } from '../settings/client.ts'
import { say } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { numbered, writeShares } from './init.ts'
import { rowOf } from './names.ts'
import { callAndPresent, callOrPrint } from './run.ts'
import { addSealOptions, readProof, sealRequest, type SealOptions } from './seal-options.ts'

/** `rotate-root` and `reissue-seal`: what changes the root key or its seal, and needs the custodians. */

const PROOF = 'read the shares, one on a line, or the passphrase from this file; - for stdin'

async function proofFor(
  making: Making,
  command: Command,
  file: string | undefined,
): Promise<InputOf<'system.rotateRoot'>['proof']> {
  const globals = globalsOf(command)
  if (globals.curl === true) return ['<proof>']
  const client = await connect(making.shell, globals)
  const { seal } = await client.system.status()
  return readProof(making.shell, seal, file)
}

export function rotateRootCommand(making: Making): Command {
  const command = new Command('rotate-root')
    .description(rowOf('system.rotateRoot').summary)
    .option('--proof-file <file>', PROOF)
  return command.action(async (options: { proofFile?: string }) => {
    const proof = await proofFor(making, command, options.proofFile)
    await callAndPresent(making.shell, globalsOf(command), rowOf('system.rotateRoot'), { proof })
  })
}

interface ReissueOptions extends SealOptions {
  readonly proofFile?: string
  readonly sharesDir?: string
}

export function reissueSealCommand(making: Making): Command {
  const command = addSealOptions(
    new Command('reissue-seal').description(rowOf('system.reissueSeal').summary),
  )
    .option('--proof-file <file>', PROOF)
    .option('--shares-dir <folder>', 'write each share to a file of its own there, and print none')
    .addHelpText(
      'after',
      '\nThe old passphrase comes from CLAVIGER_PASSPHRASE, the new one from CLAVIGER_NEW_PASSPHRASE,\nwhere they are not asked for.',
    )
  return command.action(async (options: ReissueOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    const proof = await proofFor(making, command, options.proofFile)
    const seal = await sealRequest(shell, options, 'CLAVIGER_NEW_PASSPHRASE', globals.curl === true)
    const answer = await callOrPrint(shell, globals, rowOf('system.reissueSeal'), { proof, seal })
    if (answer === undefined) return
    const { shares } = answer
    const presentation = presentationOf(globals)
    if (shares !== undefined && options.sharesDir !== undefined) {
      await writeShares(options.sharesDir, shares)
      if (globals.quiet !== true) say(shell, `The shares are in ${options.sharesDir}.`)
      return
    }
    const table = chosenFormat(shell, presentation) === 'table'
    const value = table ? (numbered(shares) as Json) : toJson(rowOf('system.reissueSeal'), answer)
    await presentValue(shell, 'system.reissueSeal', value, presentation)
    if (globals.quiet !== true) say(shell, 'The old seal opens nothing any more.')
  })
}
