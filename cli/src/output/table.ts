import { styleText } from 'node:util'
import { harmless } from './text.ts'
import type { Json } from './values.ts'

/** What is shown of answers that have more than a terminal has room for. Of the others everything is shown. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  'key.list': ['id', 'aliases', 'algorithm', 'usage', 'state', 'version', 'createdAt'],
  'ledger.head': ['origin', 'entries', 'revision', 'size', 'root'],
  'key.versions': [
    'version',
    'state',
    'createdAt',
    'protectStopAt',
    'processStopAt',
    'uses',
    'bytes',
    'wraps',
  ],
  'ledger.search': [
    'index',
    'record.time',
    'record.event',
    'record.outcome',
    'record.reason',
    'record.principal',
    'record.key',
  ],
  'binding.list': ['id', 'role', 'principal', 'scope', 'expiresAt'],
})
/** A cell is cut at this many characters; `-o json` has the whole. */
const CELL_LENGTH_MAX = 72
/** What is read as a sentence, and stands last on its line, is never cut. */
const SENTENCES: ReadonlySet<string> = new Set([
  'doctor.detail',
  'policy.check.violations',
  'policy.simulate.breaks',
])

export interface TableOptions {
  readonly color: boolean
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function words(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return (value as readonly Json[]).map(words).join(', ')
  if (isObject(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${harmless(name)}=${words(inner)}`)
      .join(' ')
  }
  return harmless(typeof value === 'string' ? value : JSON.stringify(value))
}

function cell(value: Json | undefined, whole: boolean): string {
  const text = words(value)
  return whole || text.length <= CELL_LENGTH_MAX ? text : `${text.slice(0, CELL_LENGTH_MAX - 1)}…`
}

function at(item: Json, path: string): Json | undefined {
  let place: Json | undefined = item
  for (const name of path.split('.')) place = isObject(place) ? place[name] : undefined
  return place
}

function pad(texts: readonly string[], widths: readonly number[]): string {
  return texts
    .map((text, index) => text.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()
}

function bold(text: string, options: TableOptions): string {
  return options.color ? styleText('bold', text, { validateStream: false }) : text
}

/** A list: a line of column names, and a line for each item. Columns that are empty everywhere are left out. */
function listTable(name: string, items: readonly Json[], options: TableOptions): string {
  const all = [...new Set(items.flatMap((item) => (isObject(item) ? Object.keys(item) : [])))]
  const columns = (COLUMNS[name] ?? all).filter((column) =>
    items.some((item) => words(at(item, column)) !== ''),
  )
  const rows = items.map((item) =>
    columns.map((column) => cell(at(item, column), SENTENCES.has(`${name}.${column}`))),
  )
  const titles = columns.map((column) =>
    (column.split('.').at(-1) ?? column).replaceAll(/[A-Z]/g, ' $&').toUpperCase(),
  )
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  )
  return [bold(pad(titles, widths), options), ...rows.map((row) => pad(row, widths))]
    .map((line) => `${line}\n`)
    .join('')
}

/** Text of several lines, such as PEM or a signed note, begins on a line of its own. */
function block(value: Json | undefined): string {
  if (typeof value !== 'string' || !value.trimEnd().includes('\n')) return words(value)
  return value
    .trimEnd()
    .split('\n')
    .map((line) => `\n  ${harmless(line)}`)
    .join('')
}

function flatten(value: Json, prefix = ''): [string, string][] {
  if (!isObject(value)) return [[prefix, block(value)]]
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = harmless(prefix === '' ? name : `${prefix}.${name}`)
    return isObject(inner) ? flatten(inner, path) : [[path, block(inner)] as [string, string]]
  })
}

/** An answer for people: a list as a table, anything else as one `name  value` line for each field. */
export function formatTable(name: string, value: Json, options: TableOptions): string {
  const items = isObject(value) ? value['items'] : undefined
  if (Array.isArray(items))
    return items.length === 0 ? '' : listTable(name, items as readonly Json[], options)
  const shown = COLUMNS[name]
  const fields = flatten(value).filter(
    ([field, text]) => text !== '' && (shown === undefined || shown.includes(field)),
  )
  const width = Math.max(0, ...fields.map(([field]) => field.length))
  return fields.map(([field, text]) => `${bold(field.padEnd(width), options)}  ${text}\n`).join('')
}
