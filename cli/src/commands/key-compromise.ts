import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { usageFailure } from '../command-failure.ts'
import { goOn, type Case } from '../compromise/procedure.ts'
import { fieldsOf } from '../fields/field.ts'
import { optionOf } from '../fields/option.ts'
import { present, presentValue } from '../output/present.ts'
import { connect } from '../settings/client.ts'
import { callerFor, type Globals } from '../settings/connection.ts'
import { say, type Shell } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { rowOf } from './names.ts'
import { gatherInput } from './operation.ts'
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

/** What has happened once a date stands in the case, in the order of the steps. */
const words = [
  ['assessedAt', 'its uses were looked at'],
  ['rewrapsAt', 'the re-wrap runs are begun'],
  ['revokedAt', 'it is revoked as compromised'],
  ['destroyAt', 'its destruction is scheduled'],
  ['closedAt', 'the case is closed'],
] as const satisfies readonly (readonly [keyof Case, string])[]

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
  // The window of the destruction is asked for in one place, also for a case that was opened without it.
  const asked = new Set(['key', 'destroyDays'])
  const fields = fieldsOf(rowOf('compromise.open')).filter(({ name }) => !asked.has(name))
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
      const { drill } = await import('../compromise/drill.ts')
      const done = await drill(await connect(shell, globals), key)
      await presentValue(shell, 'drill', z.json().parse(done), presentationOf(globals))
      return
    }
    const destroyDays = String(options.days)
    const given = { ...command.opts<Record<string, string>>(), key, destroyDays }
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
  const call = await callerFor(shell, globals)
  const tell = (text: string) => {
    if (globals.quiet !== true) say(shell, text)
  }
  const opened = await callProving(shell, call, rowOf('compromise.open'), input, globals.approval)
  const { key, version } = opened.replacement
  tell(`Case ${opened.id}: out of use; version ${version} of key ${key} is in its place.`)
  const ended = await goOn(
    {
      call: (name, given) => callProving(shell, call, rowOf(name), given) as Promise<Case>,
      days: options.days,
      anyway: options.anyway,
      moved(view, before) {
        for (const [date, said] of words) {
          if (before[date] === undefined && view[date] !== undefined)
            tell(`Case ${opened.id}: ${said}.`)
        }
      },
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
  tell(
    ended.waitsFor === 'order'
      ? 'Only somebody can settle that: give the command again then, or order it with --anyway.'
      : 'The server goes on by itself when that is done; give the command again to see it.',
  )
}
