import { stat } from 'node:fs/promises'
import type { Finding, LedgerReport, LedgerSource } from '@claviger/sdk/ledger'
import { Command } from 'commander'
import { CommandFailure, systemReason, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { readFileBounded } from '../input/source.ts'
import { presentValue } from '../output/present.ts'
import { makeProgress } from '../output/progress.ts'
import { harmless } from '../output/text.ts'
import type { Json } from '../output/values.ts'
import { connect } from '../settings/client.ts'
import { findConnection, type Globals } from '../settings/connection.ts'
import { say, write, type Shell } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'

/** `ledger verify`: derives the tree again from outside, and checks that nothing is used after its revocation. */

interface VerifyCommandOptions {
  readonly url?: string
  readonly dir?: string
  readonly key?: readonly string[]
  readonly keyFile?: string
  readonly checkpoint?: readonly string[]
}

/** A signed note, and a file of verifier keys, are at most this long, in bytes. */
const NOTE_BYTES_MAX = 65_536

/** Loaded when it is needed, because every other command starts without it. */
export function loadVerifier() {
  return import('@claviger/sdk/ledger')
}

/** A folder that is not there is a mistake in the call, and no finding about a ledger. */
async function assertFolder(path: string): Promise<void> {
  const folder = await stat(path).catch((error: unknown) => {
    throw usageFailure(`--dir: cannot open the folder ${path}: ${systemReason(error)}`)
  })
  if (!folder.isDirectory()) throw usageFailure(`--dir: ${path} is no folder`)
}

/** Where the ledger is read from: a folder, or a server. */
export async function ledgerSource(
  shell: Shell,
  globals: Globals,
  options: { readonly url?: string; readonly dir?: string },
): Promise<LedgerSource> {
  const { directorySource, serverSource } = await loadVerifier()
  if (options.dir !== undefined) {
    if (options.url !== undefined) throw usageFailure('--url and --dir say two different places')
    await assertFolder(options.dir)
    return directorySource(options.dir)
  }
  const there = options.url === undefined ? globals : { ...globals, address: options.url }
  const { address } = await findConnection(shell, there)
  return serverSource(await connect(shell, there), address)
}

export function collectText(
  value: string,
  before: readonly string[] | undefined,
): readonly string[] {
  return [...(before ?? []), value]
}

/** Verifier keys from the options: given one by one, or as the lines of a file. */
export async function givenKeys(
  given: readonly string[] | undefined,
  file: string | undefined,
): Promise<readonly string[] | undefined> {
  if (given === undefined && file === undefined) return undefined
  const bytes =
    file === undefined
      ? new Uint8Array()
      : await readFileBounded(file, NOTE_BYTES_MAX, '--key-file')
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const keys = [...(given ?? []), ...lines]
  // The ledger's own would be taken otherwise, and it would look as if these had been.
  if (keys.length === 0) throw usageFailure(`There is no key in ${file}`)
  return keys
}

/** For a proof that is malformed: it is no more authentic than a wrong one, but a key that is none is a mistake in the call. */
export function malformedProof(error: unknown): never {
  if (!(error instanceof Error) || error.name !== 'LedgerFormatError') throw error
  if ('format' in error && error.format === 'verifier key') throw usageFailure(error.message)
  throw new CommandFailure(exitCodes.integrity, error.message)
}

/** A finding as one line for people. */
export function findingLine({ kind, index, what, why }: Finding): string {
  const where = index === undefined ? what : `entry ${index}, ${what}`
  return harmless(`${kind}: ${where}: ${why}`)
}

/** For people, and for scripts that look at the last line: findings, then one line that says what was checked. */
async function printReport(shell: Shell, report: LedgerReport): Promise<void> {
  const { findings, findingsTotal, unknownEvents } = report
  const lines = findings.map(findingLine)
  if (findingsTotal > findings.length) lines.push(`and ${findingsTotal - findings.length} more`)
  if (unknownEvents.length > 0) {
    lines.push(harmless(`Events that this version does not know: ${unknownEvents.join(', ')}`))
  }
  await write(shell, [...lines, harmless(report.summary)].map((line) => `${line}\n`).join(''))
}

export function ledgerVerifyCommand(making: Making): Command {
  const command = new Command('verify')
    .description(
      'Check the whole ledger from outside: the tree, its signatures, and every revocation',
    )
    .option('--url <url>', 'the ledger of this server; the one of the settings unless given')
    .option('--dir <folder>', 'a ledger that was exported to this folder')
    .option(
      '--key <vkey>',
      'a key that the checkpoint must be signed with; may be given again',
      collectText,
    )
    .option('--key-file <file>', 'such keys, one on a line')
    .option(
      '--checkpoint <file>',
      'a checkpoint from earlier, which the ledger must continue; may be given again',
      collectText,
    )
  return command.action(async (options: VerifyCommandOptions) => {
    const { shell } = making
    const globals = globalsOf(command)
    if (globals.curl === true)
      throw usageFailure('ledger verify makes many calls, so --curl cannot show it')
    const { verifyLedger } = await loadVerifier()
    const source = await ledgerSource(shell, globals, options)
    const vkeys = await givenKeys(options.key, options.keyFile)
    const earlier = await Promise.all(
      (options.checkpoint ?? []).map((path) =>
        readFileBounded(path, NOTE_BYTES_MAX, '--checkpoint'),
      ),
    )
    const progress = makeProgress(shell, globals.quiet === true, 'entries')
    const report = await verifyLedger(source, {
      ...(vkeys === undefined ? {} : { vkeys }),
      earlier,
      onProgress: ({ entries, size }) => progress.show(entries, size),
    })
      .catch((error: unknown) => {
        if (error instanceof Error && error.name === 'LedgerFormatError') {
          throw usageFailure(error.message)
        }
        throw error
      })
      .finally(() => progress.end())
    if (!report.ok) making.fail(exitCodes.integrity)
    if (report.trust === 'first-use' && globals.quiet !== true) {
      say(
        shell,
        'The verifier keys came from the ledger itself: this shows that it is whole, not whose it is.',
      )
      say(
        shell,
        "Keep them ('claviger ledger head --field keys > vkeys'), and give them the next time: --key-file vkeys",
      )
    }
    if (globals.output === undefined && globals.field === undefined) {
      await printReport(shell, report)
    } else {
      await presentValue(shell, 'ledger.verify', report as unknown as Json, presentationOf(globals))
      if (globals.quiet !== true) say(shell, harmless(report.summary))
    }
  })
}
