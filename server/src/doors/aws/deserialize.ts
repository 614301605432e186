import { decodeBase64 } from '#http'
import { AwsException } from './exceptions.ts'
import type { Members, Shape } from './schema/shapes.ts'

/**
 * From the bytes of a body to members of their types, all attacker-chosen. The texts on wrong types are those that AWS's services are
 * known to give ("Start of list found where not expected"); those on bytes that are no JSON are ours, since AWS then gives the type alone.
 */

/** The most bytes of a body: an attestation document, or a key policy, with room for their escaping. */
export const BODY_BYTES_MAX = 1_048_576
/** The most levels of lists and structures; four are in use. */
const DEPTH_MAX = 64
/** Milliseconds that a date can say (ECMAScript section 21.4.1.1). */
const TIME_MAX = 8.64e15

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws AwsException SerializationException, RequestEntityTooLargeException */
export function deserialize(body: Uint8Array, members: Members): Record<string, unknown> {
  const value = parseJson(body)
  if (value === null) throw failure('The body is not a JSON object')
  return toStructure(value, members)
}

function parseJson(body: Uint8Array): unknown {
  if (body.length > BODY_BYTES_MAX) {
    throw new AwsException(
      'RequestEntityTooLargeException',
      `The body has more than ${BODY_BYTES_MAX} bytes`,
    )
  }
  let text: string
  try {
    text = decoder.decode(body)
  } catch {
    throw failure('The body is not UTF-8')
  }
  if (nestsTooDeep(text)) throw failure(`The body has more than ${DEPTH_MAX} levels`)
  try {
    return JSON.parse(text)
  } catch {
    // Its message has parts of the text.
    throw failure('The body is not JSON')
  }
}

/** The number of openings bounds the number of levels; only where there are many of them is it worth to go through the text. */
function nestsTooDeep(text: string): boolean {
  let openings = 0
  for (const opening of ['{', '[']) {
    for (let at = text.indexOf(opening); at !== -1; at = text.indexOf(opening, at + 1)) {
      openings += 1
      if (openings > DEPTH_MAX) return depthOf(text) > DEPTH_MAX
    }
  }
  return false
}

/** The most levels that are open at once, outside of strings. Of what is no JSON it may be anything. */
function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') most = Math.max(most, (depth += 1))
    else if (character === '}' || character === ']') depth -= 1
  }
  return most
}

/** Members that are not of the table are passed over, as AWS does; null is as absent. */
function toStructure(value: unknown, members: Members): Record<string, unknown> {
  if (Array.isArray(value)) throw failure('Start of list found where not expected')
  if (typeof value !== 'object' || value === null) throw failure('Expected null')
  const read: Record<string, unknown> = {}
  for (const name in members) {
    const shape = members[name]
    if (shape === undefined || !Object.hasOwn(value, name)) continue
    const member = (value as Record<string, unknown>)[name]
    if (member !== null) read[name] = toValue(member, shape)
  }
  return read
}

function toValue(value: unknown, shape: Shape): unknown {
  switch (shape.type) {
    case 'string':
      return toString(value)
    case 'blob':
      return toBytes(value)
    case 'integer':
      if (typeof value !== 'number') throw unexpected(value, 'an Integer')
      // AWS cuts a fraction off. Zero is added because -0 would be shown.
      return Math.trunc(value) + 0
    case 'boolean':
      if (typeof value !== 'boolean') throw unexpected(value, 'an Boolean')
      return value
    case 'epoch':
      return toTime(value)
    case 'list':
      return toList(value, shape.of)
    case 'map':
      return toMap(value)
    case 'structure':
      return toStructure(value, shape.members)
  }
}

/** A lone surrogate is refused, which is ours: UTF-8 cannot say it, and two encryption contexts would become one. */
function toString(value: unknown): string {
  if (typeof value !== 'string') throw unexpected(value, 'a String')
  if (!value.isWellFormed()) throw failure('STRING_VALUE is not well-formed Unicode')
  return value
}

/** Standard base64 with padding (RFC 4648 section 4) and nothing beside it; what was sent may be a secret and is not repeated. */
function toBytes(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw unexpected(value, 'a Blob')
  const bytes = decodeBase64(value)
  if (bytes !== undefined) return bytes
  throw failure('STRING_VALUE can not be converted to a Blob: it is not standard base64')
}

function toTime(value: unknown): number {
  if (typeof value !== 'number') throw unexpected(value, 'a Timestamp')
  const milliseconds = Math.round(value * 1_000) + 0
  if (!(Math.abs(milliseconds) <= TIME_MAX))
    throw failure('NUMBER_VALUE can not be converted to a Timestamp')
  return milliseconds
}

/** A null stays: it is refused with the constraints, where AWS drops some of them. */
function toList(value: unknown, of: Shape): unknown[] {
  if (!Array.isArray(value))
    throw isScalar(value) ? failure('Expected list or null') : structureStart()
  return value.map((element: unknown) => (element === null ? null : toValue(element, of)))
}

function toMap(value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) throw failure('Start of list found where not expected')
  if (typeof value !== 'object' || value === null) throw failure('Expected map or null')
  // fromEntries defines members, so that one which is called __proto__ is a member like any other.
  return Object.fromEntries(
    Object.entries(value).map(([name, text]: [string, unknown]) => [
      toString(name),
      text === null ? null : toString(text),
    ]),
  )
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

function structureStart(): AwsException {
  return failure('Start of structure or map found where not expected.')
}

function unexpected(value: unknown, target: string): AwsException {
  if (Array.isArray(value)) return failure('Start of list found where not expected')
  if (!isScalar(value)) return structureStart()
  const token =
    typeof value === 'boolean'
      ? `${String(value).toUpperCase()}_VALUE`
      : `${(typeof value).toUpperCase()}_VALUE`
  return failure(`${token} can not be converted to ${target}`)
}

function failure(message: string): AwsException {
  return new AwsException('SerializationException', message)
}
