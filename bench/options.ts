import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

/** What a run is asked for. */
export interface BenchOptions {
  readonly json: boolean
  readonly quick: boolean
  /** How often every row is measured; the medians are shown. */
  readonly rounds: number
  readonly sliceSeconds: number
  readonly warmupSeconds: number
  /** Where stores and files are made; it should stand on a disk, or syncing costs nothing. */
  readonly folder: string
  chosen(name: string): boolean
  /** Progress, for a person. */
  say(words: string): void
}

export const usage = `npm run bench -- [options]

  --json           print one object
  --quick          short slices, fewer rounds, smaller figures
  --rounds N       how often each row is measured (default 5, quick 2)
  --only a,b       only these rows and figures
  --folder DIR     where stores and files are made (default: the folder for temporary files)
`

/** @throws TypeError for an option that does not exist. */
export function readOptions(
  given: readonly string[],
  names: readonly string[],
): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...given],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      folder: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const only = values.only?.split(',')
  const unknown = only?.filter((name) => !names.includes(name)) ?? []
  if (unknown.length > 0) {
    throw new TypeError(`no row or figure ${unknown.join(', ')}; there are ${names.join(', ')}`)
  }
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds is a number from 1')
  return {
    json: values.json,
    quick: values.quick,
    rounds,
    sliceSeconds: values.quick ? 0.7 : 2,
    warmupSeconds: values.quick ? 0.3 : 0.5,
    folder: values.folder,
    chosen: (name) => only === undefined || only.includes(name),
    say: (words) => {
      if (process.stderr.isTTY) process.stderr.write(`${words}\n`)
    },
  }
}
