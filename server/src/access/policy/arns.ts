import { Pattern, type Token } from './patterns.ts'

/** Amazon Resource Names: `arn:partition:service:region:account:resource`, of which only the resource may hold colons. */

export const ARN_FIELDS = 6
const COLON = 0x3a

/** The six fields of an ARN, or undefined: it has fewer. */
export function arnFields(arn: string): string[] | undefined {
  const parts = arn.split(':')
  if (parts.length < ARN_FIELDS) return undefined
  return [...parts.slice(0, ARN_FIELDS - 1), parts.slice(ARN_FIELDS - 1).join(':')]
}

/** An ARN with wildcards; each field is compared by itself, so that no star reaches over a colon into the next. */
export class ArnPattern {
  readonly #fields: readonly Pattern[]

  /** A pattern, or undefined: it has not six fields, or one is no pattern. */
  static of(tokens: readonly Token[]): ArnPattern | undefined {
    const fields: Token[][] = [[]]
    for (const token of tokens) {
      if (token === COLON && fields.length < ARN_FIELDS) fields.push([])
      else fields.at(-1)?.push(token)
    }
    const patterns = fields.map((field) => Pattern.of(field)).filter((field) => field !== undefined)
    return patterns.length === ARN_FIELDS ? new ArnPattern(patterns) : undefined
  }

  private constructor(fields: readonly Pattern[]) {
    this.#fields = fields
  }

  get isSearched(): boolean {
    return this.#fields.some((pattern) => pattern.isSearched)
  }

  matches(fields: readonly string[]): boolean {
    return this.#fields.every((pattern, at) => pattern.matches(fields[at] ?? ''))
  }
}
