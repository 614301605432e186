import type { Operation } from '@claviger/contract'
import { z } from 'zod'
import { kebab } from '../output/text.ts'

/** How a field's value is written on the command line. */
export type FieldKind =
  | 'text'
  | 'integer'
  | 'flag'
  | 'choice'
  | 'time'
  | 'bytes'
  | 'pairs'
  | 'list'
  | 'document'
  | 'secret'
  | 'variant'
  | 'json'

/** A field of a row's input, as the command line knows it. Derived from the row's zod schema and from nothing else. */
export interface Field {
  readonly name: string
  /** The long option's name. */
  readonly flag: string
  readonly kind: FieldKind
  readonly required: boolean
  readonly description: string
  readonly choices: readonly string[]
  readonly default: unknown
  /** For bytes: the longest value, in bytes. */
  readonly bytesMax: number
  /** Part of the address. */
  readonly inPath: boolean
  /** The wire side of the field, for values given as JSON. */
  readonly schema: z.ZodType
}

/** What a value of a batch may be at most, in bytes; the server's own limit is the same. */
const JSON_BYTES_MAX = 16_777_216
/** Longer text than this, in characters, is a document that people have in a file: a key policy, a key set. */
const TEXT_LENGTH_MAX = 16_384

/** Texts that prove something: they never stand on the command line, where every process on the machine can read them. */
const SECRETS: ReadonlySet<string> = new Set(['secret', 'code', 'clientSecret'])
/** No secret text is longer, in bytes. */
const SECRET_BYTES_MAX = 4_096

/** The schema inside its wrappers, and what the wrappers say. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; optional: boolean; default: unknown } {
  let inner = schema
  let optional = false
  let fallback: unknown
  for (;;) {
    if (inner instanceof z.ZodOptional) optional = true
    else if (inner instanceof z.ZodDefault) {
      optional = true
      fallback = inner.def.defaultValue
    } else return { inner, optional, default: fallback }
    inner = inner.def.innerType as z.ZodType
  }
}

/** The variants of a union of objects that a `kind` tells apart and nothing but texts complete, with the names of those. */
export function variantsOf(schema: z.ZodType): ReadonlyMap<string, readonly string[]> | undefined {
  const { inner } = unwrap(schema)
  if (!(inner instanceof z.ZodUnion)) return undefined
  const variants = new Map<string, readonly string[]>()
  for (const option of inner.options) {
    if (!(option instanceof z.ZodObject)) return undefined
    const { kind, ...others } = option.shape as Record<string, z.ZodType>
    const texts = Object.values(others).every((other) => other instanceof z.ZodString)
    if (!(kind instanceof z.ZodLiteral) || !texts) return undefined
    variants.set(String(kind.value), Object.keys(others))
  }
  return variants
}

function kindOf(name: string, inner: z.ZodType): FieldKind {
  if (inner instanceof z.ZodCodec) return inner.def.out instanceof z.ZodNumber ? 'time' : 'bytes'
  if (inner instanceof z.ZodNumber) return 'integer'
  if (inner instanceof z.ZodBoolean) return 'flag'
  if (inner instanceof z.ZodEnum) return 'choice'
  if (inner instanceof z.ZodRecord)
    return inner.valueType instanceof z.ZodUnknown ? 'json' : 'pairs'
  if (inner instanceof z.ZodString && SECRETS.has(name)) return 'secret'
  if (inner instanceof z.ZodString)
    return (inner.maxLength ?? 0) > TEXT_LENGTH_MAX ? 'document' : 'text'
  if (inner instanceof z.ZodArray) {
    const { element } = inner
    if (element instanceof z.ZodString || element instanceof z.ZodEnum) return 'list'
  }
  return variantsOf(inner) === undefined ? 'json' : 'variant'
}

function bytesMaxOf(inner: z.ZodType): number {
  if (!(inner instanceof z.ZodCodec) || !(inner.def.in instanceof z.ZodString))
    return JSON_BYTES_MAX
  return ((inner.def.in.maxLength ?? 0) / 4) * 3
}

function describeField(name: string, schema: z.ZodType, inPath: boolean): Field {
  const { inner, optional, default: fallback } = unwrap(schema)
  const variants = variantsOf(inner)
  const choices =
    inner instanceof z.ZodEnum
      ? inner.options.map(String)
      : [...(variants ?? [])].map(([kind, rest]) =>
          [kind, ...rest.map((other) => other.toUpperCase())].join(':'),
        )
  return {
    name,
    flag: kebab(name),
    kind: kindOf(name, inner),
    required: !optional,
    description: schema.description ?? inner.description ?? '',
    choices,
    default: fallback,
    bytesMax: SECRETS.has(name) ? SECRET_BYTES_MAX : bytesMaxOf(inner),
    inPath,
    schema,
  }
}

/** The fields of a row's input: those of the address first, in its order, then the others in theirs. */
export function fieldsOf(row: Operation): readonly Field[] {
  const shape = (row.input as z.ZodObject).shape as Record<string, z.ZodType>
  const inPath = [...row.route.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const names = [...inPath, ...Object.keys(shape).filter((name) => !inPath.includes(name))]
  return names.flatMap((name) => {
    const schema = shape[name]
    return schema === undefined ? [] : [describeField(name, schema, inPath.includes(name))]
  })
}

/** Whether a row's answer comes in pages. */
export function isPaged(row: Operation): boolean {
  return 'cursor' in (row.input as z.ZodObject).shape
}
