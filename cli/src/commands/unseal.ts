import type { OutputOf } from '@claviger/contract'
import type { Claviger } from '@claviger/sdk'
import { Command } from 'commander'
import { CommandFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { askHidden } from '../input/prompt.ts'
import { readSecret, secretLines } from '../input/secret.ts'
import { present } from '../output/present.ts'
import { connect } from '../settings/client.ts'
import { say, type Shell } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { rowOf } from './names.ts'
import { callOrPrint } from './run.ts'

interface UnsealOptions {
  readonly file?: string
  readonly reset?: boolean
}

type Status = OutputOf<'system.status'>

/** Gives shares until the server is unsealed, the input ends, or a custodian leaves the line empty. */
async function giveShares(
  shell: Shell,
  client: Claviger,
  start: Status,
  file: string | undefined,
): Promise<Status> {
  let status = start
  const given = await secretLines(shell, 'The shares', file)
  const threshold = start.seal?.threshold ?? 0
  for (let index = 0; status.state !== 'unsealed'; index += 1) {
    const question = `Share ${(status.progress ?? 0) + 1} of ${threshold} (empty to stop): `
    // One after the other: the server counts them, and says after each whether it is enough.
    const share = given === undefined ? await askHidden(shell, question) : given[index]
    if (share === undefined || share.trim() === '') break
    status = await client.system.unseal({ share: share.trim() })
  }
  return status
}

async function givePassphrase(
  shell: Shell,
  client: Claviger,
  file: string | undefined,
): Promise<Status> {
  const passphrase = await readSecret(shell, {
    what: 'The passphrase',
    question: 'Passphrase: ',
    variable: 'CLAVIGER_PASSPHRASE',
    file,
  })
  return client.system.unseal({ passphrase })
}

async function unseal(shell: Shell, client: Claviger, options: UnsealOptions): Promise<Status> {
  let status = await client.system.status()
  if (status.state === 'unsealed') return status
  if (status.state === 'uninitialized') {
    throw new CommandFailure(
      exitCodes.unavailable,
      'The server has no root key yet',
      'Make it first: claviger init',
    )
  }
  if (options.reset === true) status = await client.system.unseal({ reset: true })
  return status.seal?.kind === 'passphrase'
    ? givePassphrase(shell, client, options.file)
    : giveShares(shell, client, status, options.file)
}

export function unsealCommand(making: Making): Command {
  const command = new Command('unseal')
    .description('Give the shares, or the passphrase, that open the server')
    .option('--file <file>', 'read them from this file, one on a line; - for stdin')
    .option('--reset', 'forget the shares given so far')
  return command.action(async (options: UnsealOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    if (globals.curl === true) {
      await callOrPrint(shell, globals, rowOf('system.unseal'), { share: '<share>' })
      return
    }
    const client = await connect(shell, globals)
    const status = await unseal(shell, client, options)
    await present(shell, rowOf('system.status'), status, presentationOf(globals))
    if (globals.quiet === true) return
    const { progress = 0, seal } = status
    say(
      shell,
      status.state === 'unsealed'
        ? 'The server is unsealed.'
        : `The server is still sealed: ${progress} of ${seal?.threshold ?? '?'} shares given.`,
    )
  })
}
