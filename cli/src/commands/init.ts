import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutputOf } from '@claviger/contract'
import { Command } from 'commander'
import { chosenFormat, presentValue } from '../output/present.ts'
import type { Json } from '../output/values.ts'
import { findConnection } from '../settings/connection.ts'
import { readProfiles, writeOwnerOnly, writeProfiles } from '../settings/profiles.ts'
import { say, type Shell } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { rowOf } from './names.ts'
import { callOrPrint } from './run.ts'
import { addSealOptions, sealRequest, type SealOptions } from './seal-options.ts'

interface InitOptions extends SealOptions {
  readonly owner?: string
  readonly account?: string
  readonly sharesDir?: string
  readonly tokenFile?: string
  readonly saveProfile?: string
}

/** Writes each share to a file of its own, so that a share can be handed to its custodian and nobody else. */
export async function writeShares(folder: string, shares: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await Promise.all(
    shares.map((share, index) =>
      writeOwnerOnly(join(folder, `share-${index + 1}.txt`), `${share}\n`),
    ),
  )
}

/** Shares as a person hands them out: one on a line. */
export function numbered(shares: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries((shares ?? []).map((share, index) => [`share ${index + 1}`, share]))
}

async function saveProfile(
  shell: Shell,
  name: string,
  address: string,
  caFile: string | undefined,
  token: string,
): Promise<void> {
  const file = await readProfiles(shell)
  const profile = { address, token, ...(caFile === undefined ? {} : { caFile }) }
  await writeProfiles(shell, {
    current: file.current ?? name,
    profiles: { ...file.profiles, [name]: profile },
  })
}

/** What the owner does next, in order. */
function checklist(answer: OutputOf<'system.init'>, options: InitOptions): string[] {
  return [
    'The server is initialized and unsealed. What is above is shown this once. Next:',
    ...(answer.shares === undefined
      ? [
          '  - Keep the passphrase where the server is not: without it nothing here can be read again.',
        ]
      : ['  - Give each share to its custodian, and keep none of them here.']),
    ...(options.saveProfile === undefined
      ? ["  - Store the owner's token: claviger profile add NAME --address ADDRESS"]
      : []),
    '  - Invite the first person as an owner, and then revoke this token: docs/people.md',
    '  - Make services and their tokens for daily work: claviger principal create NAME',
    '  - Try an unsealing before you need one: claviger seal, then claviger unseal',
  ]
}

export function initCommand(making: Making): Command {
  const command = addSealOptions(new Command('init').description(rowOf('system.init').summary))
    .option('--owner <name>', "the owner's name (default owner)")
    .option(
      '--account <digits>',
      'what AWS clients know the default tenant by, twelve digits; fixed from then on (made of its id unless given)',
    )
    .option('--shares-dir <folder>', 'write each share to a file of its own there, and print none')
    .option(
      '--token-file <file>',
      "write the owner's token to this file (mode 0600), and do not print it",
    )
    .option('--save-profile <name>', "store the address and the owner's token as a profile")
  return command.action(async (options: InitOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    const seal = await sealRequest(shell, options, 'CLAVIGER_PASSPHRASE', globals.curl === true)
    const { owner, account } = options
    const input = {
      seal,
      ...(owner === undefined ? {} : { owner }),
      ...(account === undefined ? {} : { account }),
    }
    const answer = await callOrPrint(shell, globals, rowOf('system.init'), input)
    if (answer === undefined) return
    const { shares, token, ...rest } = answer
    // Files first: if one cannot be written, what was made is still printed, because it cannot be made again.
    const problems: string[] = []
    const store = async (wanted: string | undefined, write: (to: string) => Promise<void>) => {
      if (wanted === undefined) return false
      try {
        await write(wanted)
        return true
      } catch (error) {
        problems.push(
          `Could not write ${wanted}: ${error instanceof Error ? error.message : 'error'}`,
        )
        return false
      }
    }
    const sharesKept = await store(options.sharesDir, (to) => writeShares(to, shares ?? []))
    const tokenFiled = await store(options.tokenFile, (to) => writeOwnerOnly(to, `${token}\n`))
    const profiled = await store(options.saveProfile, async (to) => {
      const { address, caFile } = await findConnection(shell, globals)
      await saveProfile(shell, to, address, caFile, token)
    })
    const table = chosenFormat(shell, presentationOf(globals)) === 'table'
    const shown = {
      ...(sharesKept || shares === undefined ? {} : table ? numbered(shares) : { shares }),
      ...(tokenFiled || profiled ? {} : { token }),
      ...rest,
    } as Json
    await presentValue(shell, 'system.init', shown, presentationOf(globals))
    for (const problem of problems) say(shell, `claviger: ${problem}`)
    if (problems.length > 0) making.fail(1)
    if (globals.quiet !== true) for (const line of checklist(answer, options)) say(shell, line)
  })
}
