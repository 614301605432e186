import { byteCounts } from '@claviger/contract'
import type { $ZodCheck, $ZodChecks, $ZodType, $ZodTypes } from 'zod/v4/core'
import { decodeBase64 } from '#http'

/**
 * A short way through the schemas of the busiest rows. What is plainly valid is decoded or encoded by functions that were derived from
 * the schema once; everything else is declined, and the schema itself then says what is wrong with it, or takes it after all. So
 * nothing is judged here that the schema would judge otherwise: a kind of schema or check that is not known here always declines.
 */

/** Not plainly valid: ask the schema. */
export const DECLINED = Symbol('declined')

/** Gives the value on the other side, or {@link DECLINED}. */
export type PlainStep = (value: unknown) => unknown

/** From the wire to what the server works with, or back. */
export type Direction = 'decode' | 'encode'

interface Field {
  readonly name: string
  readonly step: PlainStep
  readonly optional: boolean
}

const decline: PlainStep = () => DECLINED

type SchemaDefinition = $ZodTypes['_zod']['def']
type CheckDefinition = $ZodChecks['_zod']['def']

/** What a schema was made from. */
export function definitionOf(schema: $ZodType): SchemaDefinition {
  const { _zod: internals } = schema as $ZodTypes
  return internals.def
}

function checkDefinitionOf(check: $ZodCheck): CheckDefinition {
  const { _zod: internals } = check as unknown as $ZodChecks
  return internals.def
}

/** The short way through a schema. Where the schema is wholly of kinds not known here, it declines everything. */
export function plainStep(schema: $ZodType, direction: Direction): PlainStep {
  const def = definitionOf(schema)
  switch (def.type) {
    case 'object':
      return objectStep(def, direction)
    case 'array':
      return arrayStep(plainStep(def.element, direction), checksOf(def.checks))
    case 'union':
      // Most are what the first alternative says; whether another one takes the rest is for the schema.
      return def.options[0] === undefined ? decline : plainStep(def.options[0], direction)
    case 'record':
      return recordStep(
        plainStep(def.keyType, direction),
        plainStep(def.valueType, direction),
        checksOf(def.checks),
      )
    case 'string':
      return 'format' in def ? decline : checked(isString, checksOf(def.checks))
    case 'number':
      return 'format' in def && def.format === 'safeint'
        ? checked(Number.isSafeInteger, checksOf(def.checks))
        : decline
    case 'boolean':
      return checked((value) => typeof value === 'boolean', checksOf(def.checks))
    case 'enum': {
      const values = new Set<unknown>(Object.values(def.entries))
      return checked((value) => values.has(value), checksOf(def.checks))
    }
    case 'custom':
      return checked((value) => def.fn(value) === true, checksOf(def.checks))
    case 'pipe':
      return 'reverseTransform' in def && def.checks === undefined
        ? codecStep(def as unknown as Codec, direction)
        : decline
    default:
      return decline
  }
}

interface Codec {
  readonly in: $ZodType
  readonly out: $ZodType
  readonly transform: (value: unknown, context: { issues: unknown[] }) => unknown
  readonly reverseTransform: (value: unknown, context: { issues: unknown[] }) => unknown
}

function codecStep(codec: Codec, direction: Direction): PlainStep {
  const forth = direction === 'decode'
  const counts = forth ? byteCounts.get(codec.transform) : undefined
  if (counts !== undefined) return bytesStep(counts)
  const before = plainStep(forth ? codec.in : codec.out, direction)
  const transform = forth ? codec.transform : codec.reverseTransform
  const after = plainStep(forth ? codec.out : codec.in, direction)
  return (value) => {
    const taken = before(value)
    if (taken === DECLINED) return DECLINED
    const context = { issues: [] }
    const given = transform(taken, context)
    return context.issues.length > 0 ? DECLINED : after(given)
  }
}

function bytesStep({ min, max }: { readonly min: number; readonly max: number }): PlainStep {
  const characters = Math.ceil(max / 3) * 4
  return (value) => {
    // What is longer than it may be is not even decoded.
    if (typeof value !== 'string' || value.length > characters) return DECLINED
    const bytes = decodeBase64(value)
    return bytes === undefined || bytes.length < min || bytes.length > max ? DECLINED : bytes
  }
}

function objectStep(
  def: {
    readonly shape: Readonly<Record<string, $ZodType>>
    readonly catchall?: $ZodType | undefined
  },
  direction: Direction,
): PlainStep {
  // Only strict objects: what another one does with fields it does not know is the schema's affair.
  if (def.catchall === undefined || definitionOf(def.catchall).type !== 'never' || 'checks' in def)
    return decline
  const fields = Object.entries(def.shape).map(([name, schema]) => fieldOf(name, schema, direction))
  // What every object inherits would be taken for a field that was given.
  if (fields.some(({ name }) => name in Object.prototype)) return decline
  return (value) => {
    if (!isPlainObject(value)) return DECLINED
    const given = value as Record<string, unknown>
    const taken: Record<string, unknown> = {}
    let known = 0
    for (const { name, step, optional } of fields) {
      const field = given[name]
      if (field === undefined) {
        if (optional) continue
        return DECLINED
      }
      const other = step(field)
      if (other === DECLINED) return DECLINED
      taken[name] = other
      known += 1
    }
    return countOf(given) === known ? taken : DECLINED
  }
}

/** An optional field that is given is as its inner schema says. */
function fieldOf(name: string, schema: $ZodType, direction: Direction): Field {
  const def = definitionOf(schema)
  return def.type === 'optional'
    ? { name, step: plainStep(def.innerType, direction), optional: true }
    : { name, step: plainStep(schema, direction), optional: false }
}

/** Fields of an object, those with no value and those it inherits among them: whoever has such is declined. */
function countOf(given: object): number {
  let count = 0
  for (const _ in given) count += 1
  return count
}

function arrayStep(element: PlainStep, holds: Check | undefined): PlainStep {
  if (holds === undefined) return decline
  return (value) => {
    if (!Array.isArray(value) || !holds(value as never)) return DECLINED
    const taken: unknown[] = []
    for (const item of value) {
      const other = element(item)
      if (other === DECLINED) return DECLINED
      taken.push(other)
    }
    return taken
  }
}

function recordStep(key: PlainStep, item: PlainStep, holds: Check | undefined): PlainStep {
  if (holds === undefined) return decline
  return (value) => {
    if (!isPlainObject(value)) return DECLINED
    const taken: Record<string, unknown> = {}
    for (const [name, given] of Object.entries(value)) {
      const other = item(given)
      if (name === '__proto__' || key(name) !== name || other === DECLINED) return DECLINED
      taken[name] = other
    }
    return holds(taken as never) ? taken : DECLINED
  }
}

/** Not an array, nor anything else that is an object and more. */
function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

type Check = (value: never) => boolean

function isString(value: unknown): boolean {
  return typeof value === 'string'
}

function checked(is: (value: unknown) => boolean, holds: Check | undefined): PlainStep {
  if (holds === undefined) return decline
  return (value) => (is(value) && holds(value as never) ? value : DECLINED)
}

/** Whether all checks hold; undefined where there is one that is not known here. */
function checksOf(checks: readonly $ZodCheck[] = []): Check | undefined {
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
