import { setTimeout as delay } from 'node:timers/promises'
import type { CaseStep } from '@claviger/contract'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { usageFailure } from '../command-failure.ts'
import { drill } from '../compromise/drill.ts'
import { goOn, type Case } from '../compromise/procedure.ts'
import { fieldsOf } from '../fields/field.ts'
import { present, presentValue } from '../output/present.ts'
import { connect, type Globals } from '../settings/connection.ts'
import { say, type Shell } from '../shell.ts'
import { rowOf } from './names.ts'
import { gatherInput, optionOf } from './operation.ts'
import { globalsOf, presentationOf, type Making } from './run.ts'
import { callProving } from './step-up.ts'

/** `key compromise`: a compromise from the alarm to the report, in one command that can be given again until it is over. */

/** How often a case is looked at while others do their part, in milliseconds. */
const LOOK_EVERY_MS = 2_000

interface CompromiseOptions {
  readonly days: number
  readonly anyway?: string
  readonly wait?: boolean
  readonly drill?: boolean
}

const words: Readonly<Record<CaseStep, string>> = Object.freeze({
  assess: 'its uses were looked at',
  rewrap: 'the re-wrap runs are begun',
  wait: 'it is revoked, though something was left',
  revoke: 'it is revoked as compromised',
  destroy: 'its destruction is scheduled',
  acknowledge: 'the case is closed, though something was left',
  close: 'the case is closed',
  closed: 'the case is closed',
})

function parseDays(text: string): number {
  const days = Number(text)
  if (/^\d{1,3}$/.test(text) && days >= 1 && days <= 365) return days
  throw new InvalidArgumentError('It takes days, from 1 to 365.')
}

export function keyCompromiseCommand(making: Making): Command {
  const { shell } = making
  const command = new Command('compromise')
    .description(
      'Take a compromised key out of use, replace it, and go through its case to the end',
    )
    .argument('<key>', 'the id of a key, or an alias')
  const fields = fieldsOf(rowOf('compromise.open')).filter(({ name }) => name !== 'key')
  for (const field of fields) {
    const option = optionOf(field)
    // A drill needs neither.
    command.addOption(option.makeOptionMandatory(false))
  }
  command
    .option('--days <days>', 'the window in which its destruction can be cancelled', parseDays, 30)
    .option('--anyway <why>', 'revoke and close though something is left; the reason is recorded')
    .option('--wait', 'wait for the re-wrap runs and the dependents')
    .option('--drill', 'do all of it on a copy of the key, and say how long each step took')
  return command.action(async (key: string, options: CompromiseOptions) => {
    const globals = globalsOf(command)
    if (globals.curl === true)
      throw usageFailure('key compromise makes many calls, so --curl cannot show it')
    if (options.drill === true) {
      const done = await drill(await connect(shell, globals), key)
      await presentValue(shell, 'drill', z.json().parse(done), presentationOf(globals))
      return
    }
    const given = { ...command.opts<Record<string, string>>(), key }
    const all = fieldsOf(rowOf('compromise.open'))
    const input = await gatherInput(shell, 'compromise.open', all, given)
    await goThrough(shell, globals, input, options)
  })
}

async function goThrough(
  shell: Shell,
  globals: Globals,
  input: Record<string, unknown>,
  options: CompromiseOptions,
): Promise<void> {
  const client = await connect(shell, globals)
  const tell = (text: string) => {
    if (globals.quiet !== true) say(shell, text)
  }
  const opened = await callProving(shell, client, 'compromise.open', input, globals.approval)
  const { key, version } = opened.replacement
  tell(`Case ${opened.id}: out of use; version ${version} of key ${key} is in its place.`)
  const ended = await goOn(
    {
      call: (name, given) => callProving(shell, client, name, given) as Promise<Case>,
      days: options.days,
      anyway: options.anyway,
      done: (step) => tell(`Case ${opened.id}: ${words[step]}.`),
      async wait({ left }) {
        if (options.wait !== true) return false
        await delay(LOOK_EVERY_MS, undefined)
        return left.length > 0
      },
    },
    opened,
  )
  await present(shell, rowOf('compromise.get'), ended, presentationOf(globals))
  if (ended.next === 'closed') return
  for (const each of ended.left) tell(`Left: ${each}.`)
  tell('Give the command again when that is done, or with --wait.')
}
