import type { Operation } from '@claviger/contract'
import { usageFailure } from '../command-failure.ts'

/** Looks into answers: their JSON form, single fields of them, and the bytes that `-o raw` prints. */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

/** The answer as it stood on the wire: bytes in base64, times in RFC 3339. */
export function toJson(row: Operation, answer: unknown): Json {
  return row.output.encode(answer) as Json
}

function step(value: Json | undefined, name: string): Json | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Record<string, Json>)[name] : undefined
}

function fieldLines(value: Json): string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(fieldLines)
  return [typeof value === 'string' ? value : JSON.stringify(value)]
}

/** The lines that `--field` prints: the field of the answer, or of each item of a list. `a.b` looks inside. */
export function selectField(value: Json, path: string): string[] {
  const walk = (start: Json) =>
    path.split('.').reduce<Json | undefined>((place, name) => step(place, name), start)
  const direct = walk(value)
  if (direct !== undefined) return fieldLines(direct)
  const items = step(value, 'items')
  if (Array.isArray(items)) {
    return (items as readonly Json[]).flatMap((item) => {
      const found = walk(item)
      return found === undefined ? [] : fieldLines(found)
    })
  }
  const names = value !== null && typeof value === 'object' ? Object.keys(value).join(', ') : ''
  throw usageFailure(`The answer has no field ${path}`, `It has: ${names}`)
}

/** The bytes of an answer that matter most: what the row says travels as octets, else its first field of bytes. */
export function mainBytes(row: Operation, answer: unknown, field?: string): Uint8Array {
  const fields = answer as Record<string, unknown>
  const name =
    field ??
    row.octets?.output ??
    Object.keys(fields).find((candidate) => fields[candidate] instanceof Uint8Array)
  const value = name === undefined ? undefined : fields[name]
  if (value instanceof Uint8Array) return value
  if (field !== undefined && typeof value === 'string') return new TextEncoder().encode(value)
  throw usageFailure(
    '-o raw prints bytes, and this answer has none',
    'Use --field NAME, or -o json.',
  )
}
