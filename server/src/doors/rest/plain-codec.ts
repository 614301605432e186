import { byteCounts } from '@claviger/contract'
import type { $ZodType } from 'zod/v4/core'
import { decodeBase64 } from '#http'
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

/** The short way in, from the wire to what the server works with, for the busiest rows (plain-schema.ts). */

/** Not plainly valid: ask the schema. */
export const DECLINED = Symbol('declined')

/** Gives the value on the other side, or {@link DECLINED}. */
export type PlainStep = (value: unknown) => unknown

const decline: PlainStep = () => DECLINED

/** The short way through a schema. Where the schema is wholly of kinds not known here, it declines everything. */
export function plainStep(schema: $ZodType): PlainStep {
  const def = definitionOf(schema)
  switch (def.type) {
    case 'object':
      return objectStep(fieldsOf(def))
    case 'array':
      return arrayStep(plainStep(def.element), checksOf(def.checks))
    case 'union':
      // Most are what the first alternative says; whether another one takes the rest is for the schema.
      return def.options[0] === undefined ? decline : plainStep(def.options[0])
    case 'record':
      return recordStep(plainStep(def.keyType), plainStep(def.valueType), checksOf(def.checks))
    case 'pipe':
      return 'reverseTransform' in def && def.checks === undefined
        ? codecStep(def as unknown as Codec)
        : decline
    default:
      return leafStep(leafCheck(def))
  }
}

interface Codec {
  readonly in: $ZodType
  readonly out: $ZodType
  readonly transform: (value: unknown, context: { issues: unknown[] }) => unknown
}

function codecStep({ in: wire, out: inside, transform }: Codec): PlainStep {
  const counts = byteCounts.get(transform)
  if (counts !== undefined) return bytesStep(counts)
  const before = plainStep(wire)
  const after = plainStep(inside)
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

function objectStep(fields: readonly Field[] | undefined): PlainStep {
  if (fields === undefined) return decline
  const steps = fields.map(({ name, schema, optional }) => ({
    name,
    step: plainStep(schema),
    optional,
  }))
  return (value) => {
    if (!isPlainObject(value)) return DECLINED
    const taken: Record<string, unknown> = {}
    let known = 0
    for (const { name, step, optional } of steps) {
      const field = value[name]
      if (field === undefined) {
        if (optional) continue
        return DECLINED
      }
      const other = step(field)
      if (other === DECLINED) return DECLINED
      taken[name] = other
      known += 1
    }
    return countOf(value) === known ? taken : DECLINED
  }
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

function leafStep(holds: Check | undefined): PlainStep {
  return holds === undefined ? decline : (value) => (holds(value as never) ? value : DECLINED)
}
