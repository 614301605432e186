import { Command } from 'commander'
import { CommandFailure, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { presentValue } from '../output/present.ts'
import { makeProgress } from '../output/progress.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { collectText, givenKeys, ledgerSource, loadVerifier } from './ledger-verify.ts'

/** `ledger export`: a copy as static files, to keep, to serve, and to verify without the server. */

/** Errors that say that what was to be copied is not as it should be. */
const NOT_COPIED = new Set(['LedgerExportError', 'LedgerFormatError'])

interface ExportCommandOptions {
  readonly key?: readonly string[]
  readonly keyFile?: string
}

export function ledgerExportCommand(making: Making): Command {
  const command = new Command('export')
    .description('Copy the ledger to a folder, or bring such a copy up to date')
    .argument('<folder>', 'where the copy is')
    .option(
      '--key <vkey>',
      'a key that the checkpoint must be signed with; may be given again',
      collectText,
    )
    .option('--key-file <file>', 'such keys, one on a line')
  return command.action(async (folder: string, options: ExportCommandOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    if (globals.curl === true)
      throw usageFailure('ledger export makes many calls, so --curl cannot show it')
    const { exportLedger } = await loadVerifier()
    const source = await ledgerSource(shell, globals, {})
    const vkeys = await givenKeys(options.key, options.keyFile)
    const progress = makeProgress(shell, globals.quiet === true, 'files')
    const report = await exportLedger(source, folder, {
      ...(vkeys === undefined ? {} : { vkeys }),
      onProgress: ({ files, total }) => progress.show(files, total),
    })
      .catch((error: unknown) => {
        if (error instanceof Error && NOT_COPIED.has(error.name)) {
          throw new CommandFailure(exitCodes.integrity, error.message)
        }
        throw error
      })
      .finally(() => progress.end())
    await presentValue(shell, 'ledger.export', { ...report }, presentationOf(globals))
  })
}
