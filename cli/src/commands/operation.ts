import type { Operation, OperationName } from '@claviger/contract'
import { Argument, Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { exitCodeOfError, exitCodes } from '../exit-codes.ts'
import { decodeFile } from '../fields/bytes.ts'
import { fieldsOf, isPaged, type Field } from '../fields/field.ts'
import { optionOf } from '../fields/option.ts'
import { parseField } from '../fields/parse.ts'
import { confirm } from '../input/prompt.ts'
import { readInput } from '../input/source.ts'
import { present } from '../output/present.ts'
import { callerFor, type Globals } from '../settings/connection.ts'
import { say, type Shell } from '../shell.ts'
import { showBlastRadius } from './blast-radius.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { commandWords, rowOf } from './names.ts'
import { callAndPresent } from './run.ts'
import { callProving } from './step-up.ts'

/** Makes the command of an operation from its row: positional arguments, options and help all come from the contract. */

export type Given = Record<string, string | string[] | boolean | undefined>

/** Commands that end something for good: on a terminal the person types the key's name. */
const ENDS: Readonly<Partial<Record<OperationName, string>>> = Object.freeze({
  'key.revoke': 'This ends every use of the key (or version) for good.',
  'key.destroy': 'The key cannot be used from now on, and is destroyed when its window ends.',
})

/** Fields that stand without an option's name: those of the address, and what a noun's verb cannot do without. */
export function isPositional(name: OperationName, field: Field): boolean {
  if (field.inPath) return true
  return name.includes('.') && field.required && ['text', 'choice'].includes(field.kind)
}

/** `-k` names the key wherever a key in the address is meant, so that commands read alike: `encrypt -k app`, `sign -k app`. */
function takesKeyOption(field: Field): boolean {
  return field.inPath && field.name === 'key'
}

/** The field that stdin fills where nothing else does: the bytes or the list that the verb is about. */
export function stdinField(name: OperationName, fields: readonly Field[]): Field | undefined {
  if (name.includes('.')) return undefined
  return fields.find(({ kind }) => kind === 'bytes' || kind === 'json')
}

async function fromStdin(shell: Shell, field: Field, given: Given): Promise<unknown> {
  // A digest, or a mu, stands in for the message, and then stdin is not it.
  if (shell.terminals.input || given['digest'] !== undefined || given['mu'] !== undefined)
    return undefined
  if (field.kind === 'json') return parseField(shell, field, '-')
  return decodeFile(
    field,
    await readInput(shell, Math.ceil(field.bytesMax * 1.5) + 2, `--${field.flag}`),
  )
}

/** The operation's input from what was typed, read and piped in. */
export async function gatherInput(
  shell: Shell,
  name: OperationName,
  fields: readonly Field[],
  given: Given,
): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {}
  const piped = stdinField(name, fields)
  for (const field of fields) {
    const text = given[field.name]
    const value =
      text !== undefined
        ? await parseField(shell, field, text)
        : field === piped
          ? await fromStdin(shell, field, given)
          : undefined
    if (value !== undefined) input[field.name] = value
    else if (field.required) {
      throw usageFailure(
        `${isPositional(name, field) ? field.name.toUpperCase() : `--${field.flag}`} is missing`,
        field === piped ? `Give --${field.flag} @file, or pipe it in.` : undefined,
      )
    }
  }
  return input
}

/** Every page of a list, as one. */
async function allPages(
  shell: Shell,
  globals: Globals,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<void> {
  const call = await callerFor(shell, globals)
  const row: Operation = rowOf(name)
  const items: unknown[] = []
  let cursor: string | undefined
  do {
    const page = (await callProving(
      shell,
      call,
      row,
      cursor === undefined ? input : { ...input, cursor },
    )) as {
      items: unknown[]
      cursor?: string
    }
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  await present(shell, row, { items }, presentationOf(globals))
}

/** Bad news in an answer that came: an invalid signature or code, or failed items of a batch. */
export function exitCodeOfAnswer(answer: unknown): number {
  const { valid, items } = answer as { valid?: boolean; items?: readonly unknown[] }
  if (valid === false) return exitCodes.integrity
  for (const item of items ?? []) {
    const { valid: itemValid, error } = item as {
      valid?: boolean
      error?: { code: keyof typeof exitCodeOfError }
    }
    if (error !== undefined) return exitCodeOfError[error.code]
    if (itemValid === false) return exitCodes.integrity
  }
  return exitCodes.ok
}

/** Runs an operation with what was given: asks, calls, prints, and sets the exit code. `complete` may add to the input. */
export async function runOperation(
  making: Making,
  command: Command,
  name: OperationName,
  fields: readonly Field[],
  given: Given,
  complete?: (input: Record<string, unknown>, globals: Globals) => Promise<void>,
): Promise<void> {
  const { shell } = making
  const globals = globalsOf(command)
  const input = await gatherInput(shell, name, fields, given)
  await complete?.(input, globals)
  const ends = ENDS[name]
  if (ends !== undefined && globals.yes !== true && globals.curl !== true) {
    await showBlastRadius(shell, await callerFor(shell, globals), name, input)
    await confirm(shell, ends, String(input['key']))
  }
  if (given['all'] === true && globals.curl !== true) {
    await allPages(shell, globals, name, input)
    return
  }
  const answer = await callAndPresent(shell, globals, rowOf(name) as Operation, input)
  if (answer === undefined) return
  const exitCode = exitCodeOfAnswer(answer)
  if (exitCode === exitCodes.ok) return
  making.fail(exitCode)
  if (globals.quiet === true) return
  const { valid } = answer as { valid?: boolean }
  say(shell, valid === false ? 'Not valid.' : 'Some items failed or are not valid.')
}

/** The command of a row, not yet under its group. */
export function operationCommand(making: Making, name: OperationName): Command {
  const row = rowOf(name)
  const fields = fieldsOf(row)
  const command = new Command(commandWords(name).at(-1)).description(row.summary)
  const positional = fields.filter((field) => isPositional(name, field))
  for (const field of positional) {
    const optional = takesKeyOption(field)
    const shape = optional ? `[${field.flag}]` : `<${field.flag}>`
    const argument = new Argument(shape, field.description)
    command.addArgument(field.kind === 'choice' ? argument.choices(field.choices) : argument)
    if (optional) command.addOption(optionOf(field))
  }
  for (const field of fields) if (!positional.includes(field)) command.addOption(optionOf(field))
  if (isPaged(row)) command.option('--all', 'every page, as one list')
  return command.action(async (...values: unknown[]) => {
    const options = command.opts<Given>()
    const given: Given = { ...options }
    for (const [index, field] of positional.entries()) {
      const value = values[index] as string | undefined
      if (value !== undefined && options[field.name] !== undefined) {
        throw usageFailure(`${field.name} is given twice`)
      }
      given[field.name] = value ?? options[field.name]
    }
    await runOperation(making, command, name, fields, given)
  })
}
