import { z } from 'zod'
import { usageFailure } from '../command-failure.ts'
import { readSource } from '../input/source.ts'
import type { Shell } from '../shell.ts'
import { parseBytes } from './bytes.ts'
import { variantsOf, type Field } from './field.ts'
import { parseTime } from './time.ts'

function nameOf(field: Field): string {
  return field.inPath ? field.name : `--${field.flag}`
}

function parseInteger(field: Field, text: string): number {
  if (/^\d{1,16}$/.test(text)) return Number(text)
  throw usageFailure(`${nameOf(field)} must be a whole number`)
}

/** `name=value`, given once for each pair. Labels cannot hold a comma, so they may also stand in one value. */
function parsePairs(field: Field, values: readonly string[]): Record<string, string> {
  const split = field.name === 'labels' ? values.flatMap((value) => value.split(',')) : values
  const pairs: [string, string][] = split.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw usageFailure(`${nameOf(field)} takes name=value, given once for each pair`)
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) {
    throw usageFailure(`${nameOf(field)} has the same name twice`)
  }
  return Object.fromEntries(pairs)
}

/** `tenant`, `key:app`, `labels:env=prod`, `identity:PROVIDER:SUBJECT`: only the last of the texts may hold a colon. */
function parseVariant(field: Field, text: string): Record<string, string> {
  const [kind = '', ...rest] = text.split(':')
  const names = variantsOf(field.schema)?.get(kind)
  const last = (names?.length ?? 0) - 1
  const values = names?.map((_, at) => (at < last ? rest[at] : rest.slice(last).join(':')) ?? '')
  const complete = names?.length === 0 ? rest.length === 0 : values?.every((value) => value !== '')
  if (names === undefined || values === undefined || complete !== true) {
    throw usageFailure(`${nameOf(field)} must be one of: ${field.choices.join(', ')}`)
  }
  return { kind, ...Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])) }
}

/** A document is in a file, mostly; a short one may stand on the command line. */
async function parseDocument(shell: Shell, field: Field, text: string): Promise<string> {
  const source = readSource(shell, text, field.bytesMax, nameOf(field))
  if (source === undefined) return text
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await source)
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown
    throw usageFailure(`${nameOf(field)} is not text in UTF-8`)
  }
}

/** A secret text, without the line end that editors and `echo` add. */
async function parseSecret(shell: Shell, field: Field, text: string): Promise<string> {
  const source = readSource(shell, text, field.bytesMax, nameOf(field))
  if (source === undefined) {
    throw usageFailure(
      `${nameOf(field)} takes @file or - (stdin), because other processes can read a command line`,
    )
  }
  return Buffer.from(await source)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

async function parseJson(shell: Shell, field: Field, text: string): Promise<unknown> {
  const source = readSource(shell, text, field.bytesMax, nameOf(field))
  if (source === undefined) {
    throw usageFailure(
      `${nameOf(field)} takes @file.json or - (stdin)`,
      'Bytes inside are in base64, as on the wire.',
    )
  }
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await source))
  } catch {
    throw usageFailure(`${nameOf(field)} is not JSON`)
  }
  const decoded = z.safeDecode(field.schema, value)
  if (decoded.success) return decoded.data
  const [issue] = decoded.error.issues
  throw usageFailure(
    `${nameOf(field)}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`,
  )
}

/** The value that a field's text names, in the form that the SDK takes. `text` is a list for `pairs`. */
export async function parseField(
  shell: Shell,
  field: Field,
  text: string | readonly string[] | boolean,
): Promise<unknown> {
  if (typeof text === 'boolean') return text
  if (typeof text !== 'string') return field.kind === 'list' ? text : parsePairs(field, text)
  switch (field.kind) {
    case 'integer':
      return parseInteger(field, text)
    case 'time':
      return parseTime(text, shell.now(), nameOf(field))
    case 'bytes':
      return parseBytes(shell, field, text)
    case 'variant':
      return parseVariant(field, text)
    case 'json':
      return parseJson(shell, field, text)
    case 'secret':
      return parseSecret(shell, field, text)
    case 'document':
      return parseDocument(shell, field, text)
    case 'pairs':
      return parsePairs(field, [text])
    case 'list':
      return [text]
    case 'flag':
    case 'choice':
    case 'text':
      return text
  }
}
