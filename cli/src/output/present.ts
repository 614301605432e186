import type { Operation } from '@claviger/contract'
import { CommandFailure, usageFailure } from '../command-failure.ts'
import { exitCodes } from '../exit-codes.ts'
import { say, write, type Shell } from '../shell.ts'
import type { OutputFormat, Presentation } from './format.ts'
import { formatTable } from './table.ts'
import { harmlessLines, isPrintable } from './text.ts'
import { mainBytes, selectField, toJson, type Json } from './values.ts'

/** Colour only for a terminal, and never where NO_COLOR is set to anything (no-color.org). */
export function useColor(shell: Shell): boolean {
  const { NO_COLOR: noColor, TERM: term } = shell.environment
  return shell.terminals.output && (noColor ?? '') === '' && term !== 'dumb'
}

/** A table for a terminal and JSON for a program, unless told. */
export function chosenFormat(shell: Shell, presentation: Presentation): OutputFormat {
  return presentation.output ?? (shell.terminals.output ? 'table' : 'json')
}

/** Writes bytes as they are; refuses to send to a terminal what it would take for commands. */
export async function writeBytes(shell: Shell, bytes: Uint8Array): Promise<void> {
  if (shell.terminals.output && !isPrintable(bytes)) {
    throw new CommandFailure(
      exitCodes.usage,
      'The output is binary and stdout is a terminal',
      'Send it to a file with > FILE, or print it as text with -o json.',
    )
  }
  await write(shell, bytes)
}

async function formatValue(
  shell: Shell,
  name: string,
  value: Json,
  presentation: Presentation,
): Promise<string> {
  const format = chosenFormat(shell, presentation)
  if (format === 'table') return formatTable(name, value, { color: useColor(shell) })
  if (format === 'yaml') return (await import('yaml')).stringify(value, { lineWidth: 0 })
  if (format === 'raw')
    throw usageFailure(
      '-o raw prints bytes, and there are none here',
      'Use --field NAME, or -o json.',
    )
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Writes what the far side sent; a terminal gets nothing that would drive it, whatever form it is in. */
export function writeText(shell: Shell, text: string): Promise<void> {
  return write(shell, shell.terminals.output ? harmlessLines(text) : text)
}

/** Prints a value that is not an operation's answer. `name` chooses the columns of a table. */
export async function presentValue(
  shell: Shell,
  name: string,
  value: Json,
  presentation: Presentation,
): Promise<void> {
  const { field } = presentation
  if (field !== undefined) {
    const lines = selectField(value, field)
    return writeText(
      shell,
      lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join(''),
    )
  }
  const text = await formatValue(shell, name, value, presentation)
  // A table may be coloured, and all that it shows was made harmless when it was made.
  await (chosenFormat(shell, presentation) === 'table'
    ? write(shell, text)
    : writeText(shell, text))
}

/** Prints the answer of an operation: the data on stdout, and on stderr only what a person would miss. */
export async function present(
  shell: Shell,
  row: Operation,
  answer: unknown,
  presentation: Presentation,
): Promise<void> {
  const onlyBytes = row.octets?.output === 'body' && presentation.output === undefined
  if (presentation.output === 'raw' || onlyBytes) {
    return writeBytes(shell, mainBytes(row, answer, presentation.field))
  }
  const value = toJson(row, answer)
  await presentValue(shell, row.name, value, presentation)
  if (presentation.quiet) return
  const { items, cursor } = value as { items?: readonly Json[]; cursor?: string }
  if (items?.length === 0 && chosenFormat(shell, presentation) === 'table')
    say(shell, 'There are none.')
  if (cursor !== undefined) say(shell, `There is more: use --all, or go on with --cursor ${cursor}`)
}
