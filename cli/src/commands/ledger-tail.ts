import { setTimeout as wait } from 'node:timers/promises'
import type { OutputOf } from '@claviger/contract'
import type { Claviger } from '@claviger/sdk'
import { Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { fieldsOf } from '../fields/field.ts'
import { optionOf } from '../fields/option.ts'
import { chosenFormat, writeText } from '../output/present.ts'
import { harmless } from '../output/text.ts'
import { selectField, type Json } from '../output/values.ts'
import { connect } from '../settings/client.ts'
import type { Shell } from '../shell.ts'
import { globalsOf, presentationOf, type Making } from './globals.ts'
import { rowOf } from './names.ts'
import { gatherInput, type Given } from './operation.ts'

/** `ledger tail`: the newest entries, and then those that come. */

type Entry = OutputOf<'ledger.search'>['items'][number]

const FILTERS = new Set(['key', 'principal', 'credential', 'binding', 'event', 'outcome'])
const LINES_DEFAULT = 10
const INTERVAL_SECONDS_DEFAULT = 1
/** Entries asked for at once. */
const PAGE = 100

/** The entries after `last`, oldest first; the newest `count` where `last` is undefined. */
export async function entriesAfter(
  client: Pick<Claviger, 'ledger'>,
  filter: Record<string, unknown>,
  last: number | undefined,
  count: number,
): Promise<Entry[]> {
  const found: Entry[] = []
  let cursor: string | undefined
  do {
    const limit = last === undefined ? Math.max(1, Math.min(PAGE, count - found.length)) : PAGE
    const next = cursor === undefined ? {} : { cursor }
    // Each page begins where the one before ended.
    const page = await client.ledger.search({ ...filter, order: 'descending', limit, ...next })
    const fresh = last === undefined ? page.items : page.items.filter(({ index }) => index > last)
    found.push(...fresh)
    const enough = last === undefined ? found.length >= count : fresh.length < page.items.length
    cursor = enough ? undefined : page.cursor
  } while (cursor !== undefined)
  return found.toReversed()
}

function column(value: Json | undefined, width: number): string {
  return harmless(typeof value === 'string' ? value : '-').padEnd(width)
}

/** One entry on one line. */
export function entryLine({ index, record }: Entry): string {
  const { time, event, outcome, principal, key } = record as Record<string, Json | undefined>
  return [
    String(index).padStart(8),
    column(time, 24),
    column(event, 18),
    column(outcome, 7),
    column(principal, 36),
    column(key, 0),
  ].join('  ')
}

async function print(
  shell: Shell,
  entry: Entry,
  table: boolean,
  field: string | undefined,
): Promise<void> {
  const lines =
    field !== undefined
      ? selectField(entry, field)
      : [table ? entryLine(entry) : JSON.stringify(entry)]
  await writeText(shell, `${lines.join('\n')}\n`)
}

function seconds(text: string | undefined): number {
  if (text === undefined) return INTERVAL_SECONDS_DEFAULT
  const value = Number(text)
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(text) || value <= 0)
    throw usageFailure('--interval takes seconds')
  return value
}

export function ledgerTailCommand(making: Making): Command {
  const fields = fieldsOf(rowOf('ledger.search')).filter(({ name }) => FILTERS.has(name))
  const command = new Command('tail').description(
    'Show the newest entries, and then those that come',
  )
  for (const field of fields) command.addOption(optionOf(field))
  command
    .option('-n, --lines <number>', `how many to begin with (default ${LINES_DEFAULT})`)
    .option('--no-follow', 'end after them')
    .option('--interval <seconds>', `how often to look (default ${INTERVAL_SECONDS_DEFAULT})`)
  return command.action(
    async (options: Given & { lines?: string; follow: boolean; interval?: string }) => {
      const { shell } = making
      const globals = globalsOf(command)
      const presentation = presentationOf(globals)
      const format = chosenFormat(shell, presentation)
      if (format === 'yaml' || format === 'raw')
        throw usageFailure('ledger tail prints table or json lines')
      const { lines = String(LINES_DEFAULT), interval } = options
      if (!/^\d{1,4}$/.test(lines)) throw usageFailure('--lines must be a whole number')
      const pause = seconds(interval) * 1_000
      const filter = await gatherInput(shell, 'ledger.search', fields, options)
      const client = await connect(shell, globals)
      const begin = Number(lines)
      let entries = await entriesAfter(client, filter, undefined, Math.max(1, begin))
      let last = entries.at(-1)?.index ?? -1
      if (begin === 0) entries = []
      for (;;) {
        // In their order, as they came.
        for (const entry of entries) await print(shell, entry, format === 'table', globals.field)
        if (!options.follow) return
        await wait(pause)
        entries = await entriesAfter(client, filter, last, PAGE)
        last = entries.at(-1)?.index ?? last
      }
    },
  )
}
