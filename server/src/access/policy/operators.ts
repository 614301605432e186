import { isWithin, parseRange } from './addresses.ts'
import { arnFields, ArnPattern } from './arns.ts'
import { PolicyError, shown } from './error.ts'
import { parseMoment, parseNumber } from './moments.ts'
import { Pattern } from './patterns.ts'
import type { ConditionValues } from './request.ts'
import { Template } from './template.ts'

/** The condition operators, each as it compares one value of the request (IAM User Guide, condition operators). */

/**
 * Whether one value of the request is like one of those in the policy. Undefined: nobody can say, since a policy variable has no value,
 * or the request's value is not of the operator's type.
 */
export type Comparison = (value: string, values: ConditionValues) => boolean | undefined

/** How the policy's values are to be read. */
export interface Reading {
  /** Whether policy variables count: from version 2012-10-17 on. */
  readonly variables: boolean
  readonly where: string
}

export interface Operator {
  /** Whether it holds where the comparison does not. */
  readonly negated: boolean
  compile(wanted: readonly string[], reading: Reading): Comparison
}

/** Compares with what templates say: once for those that are constant, for each request for the others. */
function withTemplates<Form>(
  form: (template: Template, values: ConditionValues) => Form | undefined,
  matches: (form: Form, value: string) => boolean,
  about: string,
  isSound: (template: Template) => boolean = () => true,
): Operator['compile'] {
  return (wanted, { variables, where }) => {
    const constants: Form[] = []
    const others: Template[] = []
    for (const text of wanted) {
      const template = Template.parse(text, variables, where)
      const constant = template.isConstant ? form(template, () => undefined) : undefined
      if (constant !== undefined) constants.push(constant)
      else if (!template.isConstant && isSound(template)) others.push(template)
      else throw new PolicyError(`"${shown(text)}" is not ${about}`, where)
    }
    return (value, values) => {
      if (constants.some((constant) => matches(constant, value))) return true
      let known = true
      for (const template of others) {
        const wantedNow = form(template, values)
        if (wantedNow === undefined) known = false
        else if (matches(wantedNow, value)) return true
      }
      return known ? false : undefined
    }
  }
}

const equalText = withTemplates(
  (template, values) => template.text(values),
  (text, value) => text === value,
  'text',
)

const equalTextInAnyCase = withTemplates(
  (template, values) => template.text(values)?.toLowerCase(),
  (text, value) => text === value.toLowerCase(),
  'text',
)

const likeText = withTemplates(
  (template, values) => {
    const tokens = template.tokens(values)
    return tokens === undefined ? undefined : Pattern.of(tokens)
  },
  (pattern, value) => pattern.matches(value),
  'a pattern that can be searched: what stands between two stars is too long for a question mark',
)

/** ArnEquals and ArnLike are the same operator. */
const likeArn = withTemplates(
  (template, values) => {
    const tokens = template.tokens(values)
    return tokens === undefined ? undefined : ArnPattern.of(tokens)
  },
  (pattern, value) => {
    const fields = arnFields(value)
    return fields !== undefined && pattern.matches(fields)
  },
  'an ARN of six fields, with variables only in the last',
  (template) => !template.hasVariableInside(),
)

/** Compares values that both sides are read into, without policy variables. */
function withValues<Value>(
  read: (text: string) => Value | undefined,
  compare: (given: Value, wanted: Value) => boolean,
  about: string,
): Operator['compile'] {
  return (wanted, { where }) => {
    const constants = wanted.map((text) => parsed(read, text, about, where))
    return (value) => {
      const given = read(value)
      if (given === undefined) return undefined
      return constants.some((constant) => compare(given, constant))
    }
  }
}

function parsed<Value>(
  read: (text: string) => Value | undefined,
  text: string,
  about: string,
  where: string,
): Value {
  const value = read(text)
  if (value === undefined) throw new PolicyError(`"${shown(text)}" is not ${about}`, where)
  return value
}

function numeric(compare: (given: number, wanted: number) => boolean): Operator['compile'] {
  return withValues(parseNumber, compare, 'a number')
}

function moment(compare: (given: number, wanted: number) => boolean): Operator['compile'] {
  return withValues(parseMoment, compare, 'a date, such as 2027-01-31T12:00:00Z')
}

/** The text of `true` or `false`, in whatever case. */
export function parseTruth(text: string): 'true' | 'false' | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' || lower === 'false' ? lower : undefined
}

/** Base64 in its one spelling (RFC 4648 section 3.5), so that equal text is equal bytes. */
function parseBase64(text: string): string | undefined {
  const canonical =
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/
  return canonical.test(text) ? text : undefined
}

const withinAddresses: Operator['compile'] = (wanted, { where }) => {
  const ranges = wanted.map((text) => parsed(parseRange, text, 'an address or a CIDR range', where))
  return (value) => isWithin(value, ranges)
}

const equal = <Value>(given: Value, wanted: Value): boolean => given === wanted
const less = (given: number, wanted: number): boolean => given < wanted
const atMost = (given: number, wanted: number): boolean => given <= wanted
const greater = (given: number, wanted: number): boolean => given > wanted
const atLeast = (given: number, wanted: number): boolean => given >= wanted

/** By lower-cased name; `Null` is not here, since it compares no value. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['stringequals', { negated: false, compile: equalText }],
  ['stringnotequals', { negated: true, compile: equalText }],
  ['stringequalsignorecase', { negated: false, compile: equalTextInAnyCase }],
  ['stringnotequalsignorecase', { negated: true, compile: equalTextInAnyCase }],
  ['stringlike', { negated: false, compile: likeText }],
  ['stringnotlike', { negated: true, compile: likeText }],
  ['numericequals', { negated: false, compile: numeric(equal) }],
  ['numericnotequals', { negated: true, compile: numeric(equal) }],
  ['numericlessthan', { negated: false, compile: numeric(less) }],
  ['numericlessthanequals', { negated: false, compile: numeric(atMost) }],
  ['numericgreaterthan', { negated: false, compile: numeric(greater) }],
  ['numericgreaterthanequals', { negated: false, compile: numeric(atLeast) }],
  ['dateequals', { negated: false, compile: moment(equal) }],
  ['datenotequals', { negated: true, compile: moment(equal) }],
  ['datelessthan', { negated: false, compile: moment(less) }],
  ['datelessthanequals', { negated: false, compile: moment(atMost) }],
  ['dategreaterthan', { negated: false, compile: moment(greater) }],
  ['dategreaterthanequals', { negated: false, compile: moment(atLeast) }],
  ['bool', { negated: false, compile: withValues(parseTruth, equal, 'true or false') }],
  ['binaryequals', { negated: false, compile: withValues(parseBase64, equal, 'base64') }],
  ['ipaddress', { negated: false, compile: withinAddresses }],
  ['notipaddress', { negated: true, compile: withinAddresses }],
  ['arnequals', { negated: false, compile: likeArn }],
  ['arnlike', { negated: false, compile: likeArn }],
  ['arnnotequals', { negated: true, compile: likeArn }],
  ['arnnotlike', { negated: true, compile: likeArn }],
])
