import { PolicyError } from './error.ts'
import { literalTokensOf, tokensOf, type Token } from './patterns.ts'
import type { ConditionValues } from './request.ts'

/** Text of a policy that may hold policy variables, such as `${aws:username}` (IAM User Guide, variables and tags). */

type Part =
  /** Text whose wildcards count where wildcards count at all. */
  | { readonly kind: 'text'; readonly text: string }
  /** `${*}`, `${?}` or `${$}`: the character itself. */
  | { readonly kind: 'character'; readonly text: string }
  | { readonly kind: 'variable'; readonly key: string; readonly otherwise: string | undefined }

export class Template {
  readonly #parts: readonly Part[]
  /** Whether it has no variable, so that it is the same for every request. */
  readonly isConstant: boolean

  /** Reads a template; `variables` is false for policies of before 2012-10-17, in which `${` means itself. */
  static parse(text: string, variables: boolean, where: string): Template {
    if (!variables) return new Template([{ kind: 'text', text }])
    const parts: Part[] = []
    let from = 0
    for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', from)) {
      const end = text.indexOf('}', at)
      if (end === -1) throw new PolicyError('a policy variable does not end', where)
      if (at > from) parts.push({ kind: 'text', text: text.slice(from, at) })
      parts.push(variableOf(text.slice(at + 2, end), where))
      from = end + 1
    }
    if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) })
    return new Template(parts)
  }

  private constructor(parts: readonly Part[]) {
    this.#parts = parts
    this.isConstant = parts.every(({ kind }) => kind !== 'variable')
  }

  /** What stands there for a request, or undefined: a variable has no value there. */
  filled(values: ConditionValues): Filled | undefined {
    const texts: string[] = []
    for (const part of this.#parts) {
      const text = textOf(part, values)
      if (text === undefined) return undefined
      texts.push(text)
    }
    return new Filled(this.#parts, texts)
  }

  /**
   * Whether a variable stands inside the first five fields of an ARN, where AWS allows none: its value could hold colons, and so shift
   * the fields. One that stands first may be a whole ARN.
   */
  hasVariableInside(): boolean {
    let colons = 0
    for (const [at, part] of this.#parts.entries()) {
      if (part.kind === 'variable' && at > 0 && colons < 5) return true
      if (part.kind === 'text') colons += part.text.split(':').length - 1
    }
    return false
  }
}

/**
 * A template with the values of one request. A short template can name a long value a thousand times, so it is written out only for those
 * who can use so much.
 */
export class Filled {
  readonly #parts: readonly Part[]
  readonly #texts: readonly string[]

  constructor(parts: readonly Part[], texts: readonly string[]) {
    this.#parts = parts
    this.#texts = texts
  }

  /** How many UTF-16 code units it has where stars are nothing: nothing shorter is like it. */
  get lengthMin(): number {
    return this.#texts.reduce((total, text, at) => {
      const stars = this.#parts[at]?.kind === 'text' ? text.split('*').length - 1 : 0
      return total + text.length - stars
    }, 0)
  }

  /** Whether a character is in it so many times. */
  hasAtLeast(times: number, character: string): boolean {
    let found = 0
    for (const text of this.#texts) {
      for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) {
        found += 1
        if (found === times) return true
      }
    }
    return false
  }

  get text(): string {
    return this.#texts.join('')
  }

  /** What a variable brings means itself, stars too. */
  get tokens(): Token[] {
    return this.#texts.flatMap((text, at) =>
      this.#parts[at]?.kind === 'text' ? tokensOf(text) : literalTokensOf(text),
    )
  }
}

function textOf(part: Part, values: ConditionValues): string | undefined {
  if (part.kind !== 'variable') return part.text
  const found = values(part.key)
  if (found === undefined || found.length === 0) return part.otherwise
  // A key with several values is no variable.
  return found.length === 1 ? found[0] : undefined
}

/** What stands between the braces: a character, or a condition key, perhaps with a default: `aws:PrincipalTag/team, 'none'`. */
function variableOf(inner: string, where: string): Part {
  if (inner === '*' || inner === '?' || inner === '$') return { kind: 'character', text: inner }
  const comma = inner.indexOf(',')
  const key = (comma === -1 ? inner : inner.slice(0, comma)).trim().toLowerCase()
  if (key === '') throw new PolicyError('a policy variable has no name', where)
  if (comma === -1) return { kind: 'variable', key, otherwise: undefined }
  const otherwise = inner.slice(comma + 1).trim()
  if (otherwise.length < 2 || !otherwise.startsWith("'") || !otherwise.endsWith("'")) {
    throw new PolicyError('the default of a policy variable must stand in single quotes', where)
  }
  return { kind: 'variable', key, otherwise: otherwise.slice(1, -1) }
}
