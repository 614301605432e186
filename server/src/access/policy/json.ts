import { PolicyError, shown } from './error.ts'

/** From text to JSON, and checked access to what is in it. */

/** The longest policy in bytes of UTF-8 (AWS KMS, resource quotas); callers check, since AWS answers a code of its own to it. */
export const POLICY_BYTES_MAX = 32_768

/**
 * Reads JSON in which no object says the same name twice: JSON.parse would keep the last, another reader the first, and the IAM grammar
 * forbids it.
 */
export function readJson(text: string): unknown {
  // Never more bytes than UTF-16 code units, so this refuses nothing that the caller's check lets through.
  if (text.length > POLICY_BYTES_MAX) throw new PolicyError('The policy is too long')
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The parser's own message repeats the text.
    throw new PolicyError('The policy is not JSON')
  }
  refuseRepeatedNames(text)
  return document
}

/** Walks text that is known to be JSON: a string before a colon is a name of the innermost object. */
function refuseRepeatedNames(json: string): void {
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at]
    if (character === '{') open.push(new Set())
    else if (character === '[') open.push(undefined)
    else if (character === '}' || character === ']') open.pop()
    if (character !== '"') continue
    const start = at
    for (at += 1; at < json.length && json[at] !== '"'; at += 1) if (json[at] === '\\') at += 1
    let next = at + 1
    while (' \t\n\r'.includes(json[next] ?? '"')) next += 1
    if (json[next] !== ':') continue
    const name = JSON.parse(json.slice(start, at + 1)) as string
    const names = open.at(-1)
    if (names?.has(name) === true) throw new PolicyError(`"${shown(name)}" is said twice`)
    names?.add(name)
  }
}

/** The members of an object that has at least one. */
export function members(value: unknown, where: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PolicyError('must be an object', where)
  }
  const found = Object.entries(value)
  if (found.length === 0) throw new PolicyError('must not be empty', where)
  return found
}

/** The members of an object of which only some names are known. */
export function elements<Name extends string>(
  value: unknown,
  known: readonly Name[],
  where: string,
): Partial<Record<Name, unknown>> {
  const found: Partial<Record<Name, unknown>> = {}
  for (const [name, member] of members(value, where)) {
    const element = known.find((candidate) => candidate === name)
    if (element === undefined) throw new PolicyError(`"${shown(name)}" is not an element`, where)
    found[element] = member
  }
  return found
}

/** A string. */
export function string(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new PolicyError('must be a string', where)
  return value
}

/** What may stand alone or in a list; a list that is empty says nothing, and who wrote it meant something. */
export function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) return [value]
  if (value.length === 0) throw new PolicyError('must not be empty', where)
  return value as unknown[]
}

/** A string, or a list of them. */
export function strings(value: unknown, where: string): string[] {
  return list(value, where).map((item) => string(item, where))
}
