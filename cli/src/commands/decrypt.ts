import { Command } from 'commander'
import { addTransferOptions, contextOf } from './encrypt.ts'
import { decryptAsFile } from './file.ts'
import { globalsOf, type Making } from './globals.ts'
import { decryptMessage, isMessage, wantsAnswer, type TransferOptions } from './message.ts'

export function decryptCommand(making: Making): Command {
  const command = addTransferOptions(new Command('decrypt'))
    .description('Decrypt a file or a message; it names its key')
    .option('--text', 'the input is one message: an envelope in base64 or as bytes')
    .option('--ciphertext <source>', 'the envelope, for --text (@file or - for stdin)')
  return command.action(async (options: TransferOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    const context = await contextOf(shell, options)
    if (isMessage(options) || wantsAnswer(globals)) {
      await decryptMessage(shell, globals, options, context)
      return
    }
    await decryptAsFile(shell, globals, options, context)
  })
}
