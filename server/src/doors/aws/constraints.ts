import { AwsException } from './exceptions.ts'
import type { MapShape, Members, Shape } from './schema/shapes.ts'

/**
 * Constraints, and the one message that tells all that are violated, worded as AWS's services do: `2 validation errors detected: Value
 * '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1; Value at ...`. The order of
 * AWS's messages follows no rule that is known; here it is that of the table.
 */

/** The longest value that is repeated in a message, in UTF-16 code units; ours, so that an answer is not as large as its request. */
const VALUE_LENGTH_MAX = 2_048
/** The most violations that are told; ours, since a list of structures may have some hundred thousand. */
const VIOLATIONS_MAX = 100

/** A structure whose members have their types. @throws AwsException ValidationException */
export function assertConstraints(input: Record<string, unknown>, members: Members): void {
  const all: string[] = []
  checkMembers(input, members, '', all)
  if (all.length === 0) return
  const found = all.slice(0, VIOLATIONS_MAX)
  throw new AwsException(
    'ValidationException',
    `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${found.join('; ')}`,
  )
}

function checkMembers(
  input: Record<string, unknown>,
  members: Members,
  parent: string,
  found: string[],
): void {
  for (const name in members) {
    const shape = members[name]
    if (shape === undefined) continue
    const value = input[name]
    if (value === undefined) {
      if (shape.required !== true) continue
      found.push(violation(undefined, shape, parent + lowerFirst(name), 'must not be null'))
    } else checkValue(value, shape, parent, name, found)
  }
}

function checkValue(
  value: unknown,
  shape: Shape,
  parent: string,
  name: string,
  found: string[],
): void {
  if (shape.type === 'structure') {
    const inner = `${parent}${lowerFirst(name)}.`
    checkMembers(value as Record<string, unknown>, shape.members, inner, found)
    return
  }
  if (shape.type === 'map') {
    checkMap(value as Record<string, unknown>, shape, parent + lowerFirst(name), found)
    return
  }
  const tell = (what: string) =>
    void found.push(violation(value, shape, parent + lowerFirst(name), what))
  if (shape.type === 'list') {
    checkList(value as readonly unknown[], shape, `${parent}${lowerFirst(name)}`, found, tell)
    return
  }
  if (mayViolate(value, shape)) for (const what of violated(value, shape)) tell(what)
}

/** A list of structures is looked into; of anything else it is told as a whole, with all that an element must be. */
function checkList(
  values: readonly unknown[],
  shape: Extract<Shape, { type: 'list' }>,
  path: string,
  found: string[],
  tell: (what: string) => void,
): void {
  const { of, min, max } = shape
  if (max !== undefined && values.length > max)
    tell(`must have length less than or equal to ${max}`)
  if (min !== undefined && values.length < min)
    tell(`must have length greater than or equal to ${min}`)
  if (values.includes(null)) {
    tell('must satisfy constraint: [Member must not be null]')
  } else if (of.type === 'structure') {
    for (const [at, value] of values.entries()) {
      if (found.length >= VIOLATIONS_MAX) return
      const inner = `${path}.${at + 1}.member.`
      checkMembers(value as Record<string, unknown>, of.members, inner, found)
    }
  } else if (values.some((value) => violated(value, of).length > 0)) {
    tell(`must satisfy constraint: [${constraintsOf(of).join(', ')}]`)
  }
}

/**
 * AWS has no rule for the pairs of its maps, which all are encryption contexts. That a value is there, that a name is one which no
 * JavaScript object has beside its own, and how much there may be, are ours: what passes must be bound to the ciphertext, and is decrypted
 * at the native door, too.
 */
function checkMap(
  pairs: Record<string, unknown>,
  { pairsMax, nameMax, valueMax }: MapShape,
  path: string,
  found: string[],
): void {
  const tell = (what: string) =>
    void found.push(`Value at '${path}' failed to satisfy constraint: ${what}`)
  const entries = Object.entries(pairs) as [string, string | null][]
  if (entries.length > pairsMax) tell(`Map must have at most ${pairsMax} pairs`)
  if (entries.some(([, value]) => value === null)) tell('Map value must not be null')
  if (entries.some(([name]) => name === '' || name.length > nameMax))
    tell(`Map key must have 1 to ${nameMax} characters`)
  if (entries.some(([, value]) => (value ?? '').length > valueMax))
    tell(`Map value must have at most ${valueMax} characters`)
  if (Object.hasOwn(pairs, '__proto__')) tell('Map key must not be __proto__')
}

/** Whether it is worth while to look closer: almost always it is not. */
function mayViolate(value: unknown, shape: Shape): boolean {
  if (shape.type === 'blob') {
    const { length } = value as Uint8Array
    return length < shape.min || length > shape.max
  }
  return shape.type !== 'boolean' && shape.type !== 'epoch'
}

/** What a value must be and is not, each starting with `must`. */
function violated(value: unknown, shape: Shape): string[] {
  if (shape.type === 'integer') {
    const given = value as number
    if (given > shape.max) return [`must have value less than or equal to ${shape.max}`]
    if (given < shape.min) return [`must have value greater than or equal to ${shape.min}`]
    return []
  }
  if (shape.type === 'blob') return lengthViolated((value as Uint8Array).length, shape)
  if (shape.type !== 'string') return []
  const given = value as string
  if (shape.values !== undefined)
    return shape.values.includes(given) ? [] : [enumConstraint(shape.values)]
  const what = lengthViolated(lengthOf(given, shape), shape)
  if (shape.pattern !== undefined && !shape.pattern.whole.test(given))
    what.push(patternConstraint(shape.pattern.text))
  return what
}

function lengthViolated(
  length: number,
  { min, max }: { readonly min?: number; readonly max?: number },
): string[] {
  if (max !== undefined && length > max) return [`must have length less than or equal to ${max}`]
  if (min !== undefined && length < min) return [`must have length greater than or equal to ${min}`]
  return []
}

function enumConstraint(values: readonly string[]): string {
  return `must satisfy enum value set: [${values.join(', ')}]`
}

function patternConstraint(pattern: string): string {
  return `must satisfy regular expression pattern: ${pattern}`
}

/** All that an element must be, in AWS's order. */
function constraintsOf(shape: Shape): string[] {
  if (shape.type !== 'string') return []
  const all: string[] = []
  if (shape.max !== undefined) all.push(`must have length less than or equal to ${shape.max}`)
  if (shape.min !== undefined) all.push(`must have length greater than or equal to ${shape.min}`)
  if (shape.pattern !== undefined) all.push(patternConstraint(shape.pattern.text))
  if (shape.values !== undefined) all.push(enumConstraint(shape.values))
  return all.map((what) => `Member ${what}`)
}

function violation(value: unknown, shape: Shape, path: string, what: string): string {
  return `Value${shown(value, shape)} at '${path}' failed to satisfy constraint: Member ${what}`
}

/** Bytes and what is marked as sensitive are not repeated, not even that they are missing. */
function shown(value: unknown, shape: Shape): string {
  if (shape.type === 'blob' || (shape.type === 'string' && shape.sensitive === true)) return ''
  if (value === undefined) return ' null'
  const text = Array.isArray(value) ? `[${value.map(printed).join(', ')}]` : printed(value)
  return text.length <= VALUE_LENGTH_MAX
    ? ` '${text}'`
    : ` '${text.slice(0, VALUE_LENGTH_MAX).toWellFormed()}...'`
}

/** As Java writes it; of a structure only that there is one. */
function printed(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '{...}'
}

/** Code points, counted only where the number of UTF-16 code units leaves a doubt. */
function lengthOf(
  text: string,
  { min = 0, max = Number.POSITIVE_INFINITY }: { readonly min?: number; readonly max?: number },
): number {
  const units = text.length
  if (units <= max && units / 2 >= min) return units
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** Members are named as in Java: KeyId is keyId. */
function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
