import type { $ZodCheck, $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'

/**
 * What the short ways past the schema library know of schemas. What is plainly valid is taken by functions that were derived from a schema
 * once; everything else is declined, and the schema itself then says what is wrong with it, or takes it after all. So nothing is judged
 * here that the schema would judge otherwise: a kind of schema or check that is not known here always declines.
 */

type SchemaDefinition = $ZodTypes['_zod']['def']
type CheckDefinition = $ZodChecks['_zod']['def']

/** Whether a value is plainly valid. */
export type Check = (value: never) => boolean

/** A field of an object. */
export interface Field {
  readonly name: string
  /** What a value that is given is to be. */
  readonly schema: $ZodType
  readonly optional: boolean
}

/** What a schema was made from. */
export function definitionOf(schema: $ZodType): SchemaDefinition {
  const { _zod: internals } = schema as $ZodTypes
  return internals.def
}

function checkDefinitionOf(check: $ZodCheck): CheckDefinition {
  const { _zod: internals } = check as unknown as $ZodChecks
  return internals.def
}

/** Whether a value is one that a schema without parts takes as it stands; undefined where that is not known here. */
export function leafCheck(def: SchemaDefinition): Check | undefined {
  switch (def.type) {
    case 'string':
      return 'format' in def ? undefined : both(isString, checksOf(def.checks))
    case 'number':
      return 'format' in def && def.format === 'safeint'
        ? both(Number.isSafeInteger, checksOf(def.checks))
        : undefined
    case 'boolean':
      return both((value) => typeof value === 'boolean', checksOf(def.checks))
    case 'enum': {
      const values = new Set<unknown>(Object.values(def.entries))
      return both((value) => values.has(value), checksOf(def.checks))
    }
    case 'custom':
      return both((value) => def.fn(value) === true, checksOf(def.checks))
    default:
      return undefined
  }
}

/** The fields of a strict object: what another one does with fields it does not know is the schema's affair. */
export function fieldsOf(def: SchemaDefinition): readonly Field[] | undefined {
  if (def.type !== 'object' || 'checks' in def) return undefined
  if (def.catchall === undefined || definitionOf(def.catchall).type !== 'never') return undefined
  const fields = Object.entries(def.shape).map(([name, schema]): Field => {
    const inner = definitionOf(schema)
    // An optional field that is given is as its inner schema says.
    return inner.type === 'optional'
      ? { name, schema: inner.innerType, optional: true }
      : { name, schema, optional: false }
  })
  // What every object inherits would be taken for a field that was given.
  return fields.some(({ name }) => name in Object.prototype) ? undefined : fields
}

/** Not an array, nor anything else that is an object and more. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

/** Fields of an object, those with no value and those it inherits among them: whoever has such is declined. */
export function countOf(given: object): number {
  let count = 0
  for (const _ in given) count += 1
  return count
}

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function both(is: (value: unknown) => boolean, holds: Check | undefined): Check | undefined {
  return holds && ((value) => is(value) && holds(value))
}

/** Whether all checks hold; undefined where there is one that is not known here. */
export function checksOf(checks: readonly $ZodCheck[] = []): Check | undefined {
  const known: Check[] = []
  for (const check of checks) {
    const one = checkOf(checkDefinitionOf(check))
    if (one === undefined) return undefined
    known.push(one)
  }
  const [only] = known
  if (only !== undefined && known.length === 1) return only
  return (value) => {
    for (const holds of known) if (!holds(value)) return false
    return true
  }
}

function checkOf(def: CheckDefinition): Check | undefined {
  switch (def.check) {
    case 'max_length':
      return (value: { length: number }) => value.length <= def.maximum
    case 'min_length': {
      // The schema counts code points, each one or two of the units that `length` counts; twice as many units are always enough.
      const units = def.minimum > 1 ? 2 * def.minimum : def.minimum
      return (value: { length: number }) =>
        value.length >= (typeof value === 'string' ? units : def.minimum)
    }
    case 'string_format': {
      const { pattern } = def
      return def.format === 'regex' && pattern !== undefined && !pattern.global && !pattern.sticky
        ? (value: string) => pattern.test(value)
        : undefined
    }
    case 'greater_than':
      return def.inclusive ? (value: number) => value >= Number(def.value) : undefined
    case 'less_than':
      return def.inclusive ? (value: number) => value <= Number(def.value) : undefined
    default:
      return 'fn' in def ? customCheck(def as { fn: (value: never) => unknown }) : undefined
  }
}

/** A refinement: a plain function that says yes or no. */
function customCheck({ fn }: { readonly fn: (value: never) => unknown }): Check {
  return (value) => fn(value) === true
}
