import { byteCounts } from '@claviger/contract'
import type { $ZodType } from 'zod/v4/core'
import {
  type Check,
  checksOf,
  countOf,
  definitionOf,
  type Field,
  fieldsOf,
  isPlainObject,
  leafCheck,
} from './plain-schema.ts'

/**
 * The short way out, from what the server works with to JSON, for the busiest rows (plain-schema.ts). Most of an answer is base64, in which
 * nothing has to be escaped, so the text is written at once, and no value is made first for JSON.stringify.
 */

/** Gives the JSON of a value, or undefined for what is not plainly valid: ask the schema. */
export type PlainText = (value: unknown) => string | undefined

const decline: PlainText = () => undefined

/** The short way through a schema. Where the schema is of kinds not known here, it declines everything. */
export function plainText(schema: $ZodType): PlainText {
  const def = definitionOf(schema)
  switch (def.type) {
    case 'object':
      return objectText(fieldsOf(def))
    case 'array':
      return arrayText(plainText(def.element), checksOf(def.checks))
    case 'union':
      return def.options[0] === undefined ? decline : plainText(def.options[0])
    case 'pipe': {
      const counts =
        'reverseTransform' in def && def.checks === undefined
          ? byteCounts.get(def.transform as never)
          : undefined
      return counts === undefined ? decline : bytesText(counts)
    }
    default:
      return leafText(leafCheck(def))
  }
}

function bytesText({ min, max }: { readonly min: number; readonly max: number }): PlainText {
  return (value) => {
    if (!(value instanceof Uint8Array) || value.length < min || value.length > max) return undefined
    return `"${value.toBase64()}"`
  }
}

function objectText(fields: readonly Field[] | undefined): PlainText {
  if (fields === undefined) return decline
  const texts = fields.map(({ name, schema, optional }) => ({
    name,
    named: `${JSON.stringify(name)}:`,
    text: plainText(schema),
    optional,
  }))
  return (value) => {
    if (!isPlainObject(value)) return undefined
    let whole = ''
    let known = 0
    for (const { name, named, text, optional } of texts) {
      const field = value[name]
      if (field === undefined) {
        if (optional) continue
        return undefined
      }
      const written = text(field)
      if (written === undefined) return undefined
      whole += known === 0 ? named + written : `,${named}${written}`
      known += 1
    }
    return countOf(value) === known ? `{${whole}}` : undefined
  }
}

function arrayText(element: PlainText, holds: Check | undefined): PlainText {
  if (holds === undefined) return decline
  return (value) => {
    if (!Array.isArray(value) || !holds(value as never)) return undefined
    const written: string[] = []
    for (const item of value) {
      const text = element(item)
      if (text === undefined) return undefined
      written.push(text)
    }
    return `[${written.join(',')}]`
  }
}

function leafText(holds: Check | undefined): PlainText {
  if (holds === undefined) return decline
  return (value) => (holds(value as never) ? textOf(value) : undefined)
}

/** ASCII in which nothing is escaped (RFC 8259 section 7), as ids, names and codes are. */
const BARE = /^[ !#-[\]-~]*$/

function textOf(value: unknown): string {
  return typeof value === 'string' && BARE.test(value) ? `"${value}"` : JSON.stringify(value)
}
