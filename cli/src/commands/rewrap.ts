import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { encrypt } from '@claviger/contract/operations/encryption'
import type { RewrapResult } from '@claviger/sdk/rewrap'
import { Command, InvalidArgumentError } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { fieldsOf } from '../fields/field.ts'
import { optionOf } from '../fields/option.ts'
import { presentValue } from '../output/present.ts'
import { makeProgress } from '../output/progress.ts'
import { connect } from '../settings/client.ts'
import { say, type Shell } from '../shell.ts'
import { contextOf } from './encrypt.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import type { TransferOptions } from './message.ts'

/** `claviger rewrap`: the encrypted files of a folder, in place, to the newest version of their key or to another key. */

/** Failures that are said one by one; the rest is a number. */
const FAILURES_SAID_MAX = 20

interface RewrapCommandOptions extends Pick<TransferOptions, 'context'> {
  readonly key: string
  readonly into?: string
  readonly source?: string
  readonly dependent?: string
  readonly perSecond?: number
}

function parseRate(text: string): number {
  const rate = Number(text)
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text) && rate > 0) return rate
  throw new InvalidArgumentError('It takes a number above 0.')
}

export function rewrapCommand(making: Making): Command {
  const command = new Command('rewrap')
    .description('Bring the encrypted files of a folder under the newest version of their key')
    .argument('<folder>', 'goes through it and the folders in it; symbolic links are not followed')
    .requiredOption('-k, --key <key>', 'the key the files are under: an id, or an alias')
    .option('--into <key>', 'bring them under this key instead')
    .option('--source <name>', "the run's name for the folder; its absolute path unless given")
    .option('--dependent <id>', 'the declared store that the folder is')
    .option('--per-second <files>', 'so many files a second at most', parseRate)
  for (const field of fieldsOf(encrypt))
    if (field.name === 'context') command.addOption(optionOf(field))
  return command.action(async (folder: string, options: RewrapCommandOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    if (globals.curl === true)
      throw usageFailure('rewrap makes many calls, so --curl cannot show it')
    const found = await stat(folder).catch(() => undefined)
    if (found?.isDirectory() !== true) throw usageFailure(`There is no folder ${folder}`)
    const { rewrapFolder } = await import('@claviger/sdk/rewrap')
    const context = await contextOf(shell, options)
    const progress = makeProgress(shell, globals.quiet === true, 'files')
    const result = await rewrapFolder({
      client: await connect(shell, globals),
      folder,
      key: options.key,
      into: options.into,
      source: options.source ?? resolve(folder),
      dependent: options.dependent,
      perSecond: options.perSecond,
      context,
      onProgress: ({ done, already, failed }) => progress.show(done + already + failed, undefined),
    }).finally(() => progress.end())
    await presentValue(shell, 'rewrap', figures(result), presentationOf(globals))
    if (result.outcome === 'complete') return
    making.fail(exitCodes.general)
    sayFailures(shell, result)
  })
}

/** The final figure. */
function figures({ failures: _said, ...figure }: RewrapResult) {
  return { ...figure }
}

function sayFailures(shell: Shell, { failed, failures }: RewrapResult): void {
  for (const { item, reason } of failures.slice(0, FAILURES_SAID_MAX))
    say(shell, `claviger: ${JSON.stringify(item)}: ${reason}`)
  if (failed > FAILURES_SAID_MAX) say(shell, `claviger: and ${failed - FAILURES_SAID_MAX} more`)
}
