import { isWithin, parseRange } from './addresses.ts'
import { ARN_FIELDS, arnFields, ArnPattern } from './arns.ts'
import { PolicyError, shown } from './error.ts'
import { parseMoment, parseNumber } from './moments.ts'
import { Pattern } from './patterns.ts'
import type { ConditionValues } from './request.ts'
import { Template, type Filled } from './template.ts'

/** The condition operators, each as it compares one value of the request (IAM User Guide, condition operators). */

/**
 * With the values of a request: whether one of them is like one of those in the policy. Undefined: nobody can say, since a policy variable
 * has no value, or the request's value is not of the operator's type.
 */
export type Comparison = (values: ConditionValues) => (value: string) => boolean | undefined

/** To how many UTF-16 code units lower-casing may bring one: U+0130, in the Unicode Character Database's SpecialCasing.txt. */
const LOWERED_MAX = 2

/** How the policy's values are to be read. */
export interface Reading {
  /** Whether policy variables count: from version 2012-10-17 on. */
  readonly variables: boolean
  readonly where: string
  /** Told of each pattern for which a value is read to its end. */
  readonly searched: () => void
}

export interface Operator {
  /** Whether it holds where the comparison does not. */
  readonly negated: boolean
  compile(wanted: readonly string[], reading: Reading): Comparison
}

/** How an operator compares with what templates say. */
interface Form<Wanted, Given> {
  /** What a template says, once its variables are filled in; undefined: it is not of this form. */
  wanted(filled: Filled): Wanted | undefined
  /** What a value of the request says, read once for all that is wanted; undefined: nothing is like it. */
  given(value: string): Given | undefined
  matches(wanted: Wanted, given: Given): boolean
  readonly about: string
  isSound?(template: Template): boolean
  /** Whether what is too long to be written out is of this form. */
  isSoundUnwritten?(filled: Filled): boolean
  isSearched?(wanted: Wanted): boolean
}

const noValues: ConditionValues = () => undefined

/** Compares with what templates say: once for those that are constant, for each request for the others. */
function withTemplates<Wanted, Given>(form: Form<Wanted, Given>): Operator['compile'] {
  return (texts, { variables, where, searched }) => {
    const constants: Wanted[] = []
    const others: Template[] = []
    for (const text of texts) {
      const template = Template.parse(text, variables, where)
      const filled = template.isConstant ? template.filled(noValues) : undefined
      const constant = filled && form.wanted(filled)
      if (constant !== undefined) constants.push(constant)
      else if (!template.isConstant && form.isSound?.(template) !== false) others.push(template)
      else throw new PolicyError(`"${shown(text)}" is not ${form.about}`, where)
      // What a variable brings has no stars, so that there are at most those that are written.
      if (constant === undefined || form.isSearched?.(constant) === true) searched()
    }
    return (values) => {
      const filled = others.map((template) => template.filled(values))
      return (value) => isLike(form, value, constants, filled)
    }
  }
}

function isLike<Wanted, Given>(
  form: Form<Wanted, Given>,
  value: string,
  constants: readonly Wanted[],
  others: readonly (Filled | undefined)[],
): boolean | undefined {
  const given = form.given(value)
  const matches = (wanted: Wanted) => given !== undefined && form.matches(wanted, given)
  if (constants.some(matches)) return true
  let known = true
  for (const filled of others) {
    // What is too long for the value is not written out: its length is chosen by whoever asks, as often as the policy names it.
    const isTooLong = filled !== undefined && filled.lengthMin > value.length * LOWERED_MAX
    if (isTooLong && form.isSoundUnwritten?.(filled) !== false) continue
    const wanted = isTooLong || filled === undefined ? undefined : form.wanted(filled)
    if (wanted === undefined) known = false
    else if (matches(wanted)) return true
  }
  return known ? false : undefined
}

const equalText = withTemplates({
  wanted: ({ text }) => text,
  given: (value) => value,
  matches: (text, value) => text === value,
  about: 'text',
})

const equalTextInAnyCase = withTemplates({
  wanted: ({ text }) => text.toLowerCase(),
  given: (value) => value.toLowerCase(),
  matches: (text, value) => text === value,
  about: 'text',
})

const likeText = withTemplates({
  wanted: ({ tokens }) => Pattern.of(tokens),
  given: (value) => value,
  matches: (pattern, value) => pattern.matches(value),
  about:
    'a pattern that can be searched: what stands between two stars is too long for a question mark',
  isSearched: (pattern) => pattern.isSearched,
})

/** ArnEquals and ArnLike are the same operator. */
const likeArn = withTemplates({
  wanted: ({ tokens }) => ArnPattern.of(tokens),
  given: arnFields,
  matches: (pattern, fields) => pattern.matches(fields),
  about: 'an ARN of six fields, with variables only in the last',
  isSound: (template) => !template.hasVariableInside(),
  isSoundUnwritten: (filled) => filled.hasAtLeast(ARN_FIELDS - 1, ':'),
  isSearched: (pattern) => pattern.isSearched,
})

/** Compares values that both sides are read into, without policy variables. */
function withValues<Value>(
  read: (text: string) => Value | undefined,
  compare: (given: Value, wanted: Value) => boolean,
  about: string,
): Operator['compile'] {
  return (wanted, { where }) => {
    const constants = wanted.map((text) => parsed(read, text, about, where))
    return () => (value) => {
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
  return () => (value) => isWithin(value, ranges)
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
