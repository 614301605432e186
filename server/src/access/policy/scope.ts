import { arnFields, ArnPattern } from './arns.ts'
import { PolicyError, shown } from './error.ts'
import { strings } from './json.ts'
import { Pattern, tokensOf } from './patterns.ts'
import type { ConditionValues } from './request.ts'
import { Template } from './template.ts'

/**
 * What a statement is about: actions and resources, or all but some. A statement without one of the two elements has no effect, as AWS
 * KMS has it (API reference, CreateKey, Policy); it is not refused, since AWS takes it.
 */

/** The value of an element that names things, or of its opposite. */
export interface Listed {
  readonly value: unknown
  /** Whether the element is the opposite: NotAction, NotResource. */
  readonly excepts: boolean
  readonly where: string
}

/** `kms:Encrypt`, `kms:GenerateDataKey*`, or everything; of other services they are well said, and no action of ours. */
const ACTION = /^(?:\*(?::\*)?|[a-z0-9-]+:[a-z0-9*?]+)$/

export class Actions {
  readonly #patterns: readonly Pattern[]
  readonly #excepts: boolean

  constructor(listed: Listed | undefined) {
    this.#patterns = listed === undefined ? [] : actionPatterns(listed)
    this.#excepts = listed?.excepts ?? false
  }

  /** Whether an action, lower-cased, is meant: the case of actions does not count. */
  cover(action: string): boolean {
    return this.#patterns.some((pattern) => pattern.matches(action)) !== this.#excepts
  }
}

function actionPatterns({ value, where }: Listed): Pattern[] {
  return strings(value, where).map((text) => {
    const action = text.toLowerCase()
    const pattern = ACTION.test(action) ? Pattern.of(tokensOf(action)) : undefined
    if (pattern === undefined) throw new PolicyError(`"${shown(text)}" is not an action`, where)
    return pattern
  })
}

const noValues: ConditionValues = () => undefined

export class Resources {
  /** Whether it depends on the request what is meant. */
  readonly haveVariables: boolean
  readonly #everything: boolean
  readonly #patterns: readonly ArnPattern[]
  readonly #templates: readonly Template[]
  readonly #excepts: boolean

  constructor(listed: Listed | undefined, variables: boolean) {
    const texts = listed === undefined ? [] : strings(listed.value, listed.where)
    const where = listed?.where ?? ''
    const templates = texts
      .filter((text) => text !== '*')
      .map((text) => resourceTemplate(text, variables, where))
    this.#excepts = listed?.excepts ?? false
    this.#everything = texts.includes('*')
    this.#templates = templates.filter(({ isConstant }) => !isConstant)
    this.haveVariables = this.#templates.length > 0
    this.#patterns = templates
      .filter(({ isConstant }) => isConstant)
      .map((template) => constantPattern(template, where))
  }

  /** Whether a resource is meant; `values` count only where there are variables. */
  cover(resource: string, denies: boolean, values: ConditionValues = noValues): boolean {
    const named = this.#name(resource, values)
    // A variable without a value: nobody can say what is excepted, so that the statement only denies.
    if (named === undefined) return this.#excepts && denies
    return named !== this.#excepts
  }

  #name(resource: string, values: ConditionValues): boolean | undefined {
    if (this.#everything) return true
    const fields = arnFields(resource) ?? []
    if (this.#patterns.some((pattern) => pattern.matches(fields))) return true
    let known = true
    for (const template of this.#templates) {
      const filled = template.filled(values)
      // What is too long for the resource is not written out: its length is chosen by whoever asks.
      if (filled !== undefined && filled.lengthMin > resource.length) continue
      const pattern = filled && ArnPattern.of(filled.tokens)
      if (pattern === undefined) known = false
      else if (pattern.matches(fields)) return true
    }
    return known ? false : undefined
  }
}

function constantPattern(template: Template, where: string): ArnPattern {
  const filled = template.filled(noValues)
  const pattern = filled && ArnPattern.of(filled.tokens)
  if (pattern === undefined) throw new PolicyError('must be "*" or ARNs of six fields', where)
  return pattern
}

function resourceTemplate(text: string, variables: boolean, where: string): Template {
  if (!text.startsWith('arn:')) {
    throw new PolicyError(`"${shown(text)}" is neither "*" nor an ARN`, where)
  }
  const template = Template.parse(text, variables, where)
  if (template.hasVariableInside()) {
    throw new PolicyError('a policy variable may stand only in the last field of an ARN', where)
  }
  return template
}
