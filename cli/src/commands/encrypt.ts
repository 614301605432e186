import { encrypt } from '@claviger/contract/operations/encryption'
import { Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { fieldsOf } from '../fields/field.ts'
import { optionOf } from '../fields/option.ts'
import { parseField } from '../fields/parse.ts'
import type { Shell } from '../shell.ts'
import { encryptAsFile } from './file.ts'
import { globalsOf, type Making } from './globals.ts'
import { encryptMessage, isMessage, wantsAnswer, type TransferOptions } from './message.ts'

/** The encryption context that the options give. */
export async function contextOf(
  shell: Shell,
  options: TransferOptions,
): Promise<Record<string, string> | undefined> {
  const field = fieldsOf(encrypt).find(({ name }) => name === 'context')
  if (options.context === undefined || field === undefined) return undefined
  return (await parseField(shell, field, options.context)) as Record<string, string>
}

/** Adds the options that `encrypt` and `decrypt` share. */
export function addTransferOptions(command: Command): Command {
  for (const field of fieldsOf(encrypt)) {
    if (['key', 'context', 'padding'].includes(field.name)) command.addOption(optionOf(field))
  }
  return command
    .option('-i, --in <file>', 'read from this file; stdin unless given')
    .option('--out <file>', 'write to this file, which appears only when all of it is right')
}

export function encryptCommand(making: Making): Command {
  const command = addTransferOptions(
    new Command('encrypt').argument('[key]', 'the id of a key, or an alias'),
  )
    .description('Encrypt a file of any size under a key, or with --text one message')
    .option(
      '--text',
      'one message of up to 64 KiB through the server; prints its envelope in base64',
    )
    .option('--plaintext <source>', 'the message, for --text (@file or - for stdin)')
    .addHelpText(
      'after',
      `
  claviger encrypt -k app < report.pdf > report.pdf.enc
  printf %s "$SECRET" | claviger encrypt -k app --text`,
    )
  return command.action(async (positional: string | undefined, options: TransferOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    const key = positional ?? options.key
    if (key === undefined)
      throw usageFailure('KEY is missing', 'Say which: claviger encrypt -k KEY')
    if (positional !== undefined && options.key !== undefined)
      throw usageFailure('key is given twice', 'A file to encrypt is named with -i FILE.')
    const context = await contextOf(shell, options)
    const given = { ...options, key }
    if (isMessage(options) || wantsAnswer(globals)) {
      await encryptMessage(shell, globals, given, context)
      return
    }
    await encryptAsFile(shell, globals, given, context)
  })
}
