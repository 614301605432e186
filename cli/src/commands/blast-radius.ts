import type { OperationName, OutputOf } from '@claviger/contract'
import type { Caller } from '@claviger/sdk/call'
import { ClavigerApiError } from '@claviger/sdk/errors'
import { harmless } from '../output/text.ts'
import { canAsk, say, type Shell } from '../shell.ts'
import { rowOf } from './names.ts'
import { callProving } from './step-up.ts'

/** Before a key is ended on a terminal, whoever does it sees what that hits. */

/** Lines of one part that are shown; `claviger key dependents` shows all. */
const LINES_MAX = 10

/** Reasons and a date that say the key may be known to others: then nothing is waited for. */
function isCompromise(input: Readonly<Record<string, unknown>>): boolean {
  const { reason, compromisedAt } = input
  return (
    compromisedAt !== undefined ||
    (typeof reason === 'string' && reason.toLowerCase().endsWith('compromise'))
  )
}

/** Whether a command ends a key in a way that can wait for somebody to look. */
function canWait(name: OperationName, input: Readonly<Record<string, unknown>>): boolean {
  if (name === 'key.destroy') return true
  return name === 'key.revoke' && !isCompromise(input)
}

function lines(title: string, all: readonly string[]): string[] {
  if (all.length === 0) return []
  const rest = all.length - LINES_MAX
  return [
    `${title}:`,
    ...all.slice(0, LINES_MAX).map((line) => `  ${harmless(line)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ]
}

function described(radius: OutputOf<'key.dependents'>): string {
  const { declared, observed, aliases, related, hidden, grants } = radius
  return [
    ...lines(
      'Declared to depend on it',
      declared.map(({ name, kind, contact }) => `${name} (${kind}) ${contact}`.trim()),
    ),
    ...lines(
      'Used it lately',
      observed.map(
        ({ principal, uses, lastAt, versions }) =>
          `${principal}: ${uses} times, the last at ${new Date(lastAt).toISOString()}, version ${versions.join(', ')}`,
      ),
    ),
    ...lines('Names that point at it', aliases),
    ...lines('Keys with the same material', related),
    ...lines('Of these you may not see what depends on them', hidden),
    ...lines(
      'Grants',
      grants.map(({ grantee, operations }) => `${grantee}: ${operations.join(', ')}`),
    ),
    ...(radius.complete ? [] : ['There are more uses in the ledger than were looked at.']),
  ].join('\n')
}

/**
 * Shows what the end of a key hits, and puts its digest into the input, which the person confirms next. It does nothing for scripts, and
 * for those who may not see it: the server says what it asks for.
 */
export async function showBlastRadius(
  shell: Shell,
  call: Caller,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<void> {
  if (!canAsk(shell) || input['acknowledge'] !== undefined || !canWait(name, input)) return
  try {
    const radius = await callProving(shell, call, rowOf('key.dependents'), { key: input['key'] })
    if (!radius.asks) return
    say(shell, described(radius))
    input['acknowledge'] = radius.digest
  } catch (error) {
    if (!(error instanceof ClavigerApiError)) throw error
    if (error.code !== 'forbidden' && error.code !== 'not_found') throw error
  }
}
