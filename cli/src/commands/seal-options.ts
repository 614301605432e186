import type { InputOf, OutputOf } from '@claviger/contract'
import type { Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { askHidden } from '../input/prompt.ts'
import { readSecret, secretLines } from '../input/secret.ts'
import { canAsk, type Shell } from '../shell.ts'

/** What `init` and `reissue-seal` ask about the seal, and the proof that changes to it need. */

export type SealRequest = InputOf<'system.init'>['seal']

export interface SealOptions {
  readonly shares?: string
  readonly threshold?: string
  readonly passphrase?: boolean
  readonly passphraseFile?: string
}

const SHARES_DEFAULT = 5
const THRESHOLD_DEFAULT = 3

export function addSealOptions(command: Command): Command {
  return command
    .option('--shares <number>', `how many custodians get a share (default ${SHARES_DEFAULT})`)
    .option('--threshold <number>', `how many shares unseal (default ${THRESHOLD_DEFAULT})`)
    .option('--passphrase', 'seal with one passphrase instead; it is asked for, never an argument')
    .option('--passphrase-file <file>', 'seal with the passphrase that is the line in this file')
}

function count(text: string | undefined, fallback: number, flag: string): number {
  if (text === undefined) return fallback
  if (!/^\d{1,3}$/.test(text)) throw usageFailure(`${flag} must be a whole number`)
  return Number(text)
}

/** The new passphrase; on a terminal it is asked twice, because nobody sees what they type. */
async function newPassphrase(
  shell: Shell,
  file: string | undefined,
  variable: string,
): Promise<string> {
  const question = 'New passphrase (12 characters or more): '
  const passphrase = await readSecret(shell, { what: 'The passphrase', question, variable, file })
  const typed = file === undefined && (shell.environment[variable] ?? '') === '' && canAsk(shell)
  if (typed && (await askHidden(shell, 'The same again: ')) !== passphrase) {
    throw usageFailure('The two passphrases differ')
  }
  return passphrase
}

/** The seal that the options ask for. With `placeholder`, nothing secret is read, for `--curl`. */
export async function sealRequest(
  shell: Shell,
  options: SealOptions,
  variable: string,
  placeholder: boolean,
): Promise<SealRequest> {
  if (options.passphrase === true || options.passphraseFile !== undefined) {
    if (options.shares !== undefined || options.threshold !== undefined) {
      throw usageFailure('A seal has shares or a passphrase, not both')
    }
    const passphrase = placeholder
      ? '<passphrase>'
      : await newPassphrase(shell, options.passphraseFile, variable)
    return { kind: 'passphrase', passphrase }
  }
  const shares = count(options.shares, SHARES_DEFAULT, '--shares')
  const threshold = count(options.threshold, Math.min(THRESHOLD_DEFAULT, shares), '--threshold')
  if (threshold > shares) throw usageFailure('--threshold cannot be more than --shares')
  return { kind: 'shares', shares, threshold }
}

/** What opens the seal: its passphrase, or enough of its shares, from a file, the environment, stdin, or the terminal. */
export async function readProof(
  shell: Shell,
  seal: OutputOf<'system.status'>['seal'],
  file: string | undefined,
): Promise<string[]> {
  if (seal?.kind === 'passphrase') {
    const question = 'Passphrase: '
    const variable = 'CLAVIGER_PASSPHRASE'
    return [await readSecret(shell, { what: 'The passphrase', question, variable, file })]
  }
  const given = await secretLines(shell, 'The shares', file)
  if (given !== undefined) {
    if (given.length === 0) throw usageFailure('The shares are missing; give one on each line')
    return given
  }
  const needed = seal?.threshold ?? 2
  const shares: string[] = []
  while (shares.length < needed) {
    // One after the other: each custodian types at the same terminal.
    shares.push(await askHidden(shell, `Share ${shares.length + 1} of ${needed}: `))
  }
  return shares
}
