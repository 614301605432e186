import type { Notice } from '@claviger/sdk'
import { Command } from 'commander'
import { usageFailure } from '../command-failure.ts'
import { writeText } from '../output/present.ts'
import { connect } from '../settings/client.ts'
import { clientOptions, findConnection, type Globals } from '../settings/connection.ts'
import type { Shell } from '../shell.ts'
import { globalsOf, type Making } from './globals.ts'

/** `events`: what became of keys, a line of JSON each; with `--follow` as it happens. */

interface Given {
  readonly key?: string
  readonly dependent?: string
  readonly after?: string
  readonly follow?: boolean
}

function indexOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw usageFailure('--after takes the index of a notice')
  return Number(text)
}

/** The notices after an index that are there now, of all of them where none is given. */
async function* there(shell: Shell, globals: Globals, about: object, after: number | undefined) {
  const client = await connect(shell, globals)
  for (let from = after ?? 0; ;) {
    const { items, next } = await client.notice.list({ ...about, after: from })
    yield* items
    if (next <= from) return
    from = next
  }
}

export function eventsCommand(making: Making): Command {
  const command = new Command('events')
    .description('Show what became of keys, a line of JSON each')
    .option('-k, --key <text>', 'only of this key')
    .option('--dependent <id>', 'only of the key of this dependent')
    .option(
      '--after <index>',
      'only what came after this notice; --follow: from now on unless given',
    )
    .option('--follow', 'go on with what comes')
  return command.action(async ({ key, dependent, after, follow }: Given) => {
    const { shell } = making
    const globals = globalsOf(command)
    const about = {
      ...(key === undefined ? {} : { key }),
      ...(dependent === undefined ? {} : { dependent }),
    }
    const from = indexOf(after)
    let notices: AsyncIterable<Notice> = there(shell, globals, about, from)
    if (follow === true) {
      const { watchNotices } = await import('@claviger/sdk')
      const options = await clientOptions(globals, await findConnection(shell, globals))
      notices = watchNotices(options, { ...about, after: from })
    }
    for await (const notice of notices) await writeText(shell, `${JSON.stringify(notice)}\n`)
  })
}
