import { Option } from 'commander'
import { bytesHint } from './bytes.ts'
import type { Field } from './field.ts'

/** Fields as options of a command. */

function placeholder(field: Field): string {
  if (field.kind === 'integer') return 'number'
  if (field.kind === 'pairs') return 'name=value'
  if (field.kind === 'list') return 'text'
  if (field.kind === 'document' || field.kind === 'secret') return '@file'
  return field.kind === 'bytes' ? 'source' : field.kind
}

function hint(field: Field): string {
  const hints = [
    field.kind === 'bytes' ? bytesHint(field) : '',
    field.kind === 'json' ? '@file.json or - for stdin' : '',
    field.kind === 'time' ? 'such as 2030-01-31, 2030-01-31T12:00:00Z or +30d' : '',
    field.kind === 'pairs' ? 'once for each pair' : '',
    field.kind === 'list' ? 'once for each' : '',
    field.kind === 'document' ? 'or - for stdin, or the text itself' : '',
    field.kind === 'secret' ? 'or - for stdin' : '',
    field.kind === 'variant' ? `one of ${field.choices.join(', ')}` : '',
    field.default === undefined || field.default === false || field.default === ''
      ? ''
      : `default ${typeof field.default === 'object' ? field.choices[0] : JSON.stringify(field.default)}`,
  ].filter((text) => text !== '')
  return hints.length === 0 ? '' : `(${hints.join('; ')})`
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** The option of a field. */
export function optionOf(field: Field): Option {
  const short = field.name === 'key' ? '-k, ' : ''
  const value = field.kind === 'flag' ? '' : ` <${placeholder(field)}>`
  const option = new Option(
    `${short}--${field.flag}${value}`,
    `${field.description} ${hint(field)}`.trim(),
  )
  if (field.kind === 'choice') option.choices(field.choices)
  if (field.kind === 'pairs' || field.kind === 'list') option.argParser(collect)
  return option
}
