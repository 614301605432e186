import { PolicyError, shown } from './error.ts'
import { list, members } from './json.ts'
import { operators, parseTruth, type Comparison, type Reading } from './operators.ts'
import type { ConditionValues } from './request.ts'

/**
 * The Condition element: every operator and every key in it must hold (IAM User Guide, conditions with multiple context keys or values).
 *
 * A key without a value is absent, and so is one with an empty set of values. Without ForAllValues or ForAnyValue, IAM knows only keys
 * with one value; where there are several all the same (two names in an encryption context that differ in case), the statement that
 * denies applies if any of them fits, and the statement that allows only if all do. In the same way a comparison that nobody can make
 * never helps a statement that allows.
 */

/** One line of a Condition element. `denies` is whether the statement denies. */
export interface Condition {
  holds(values: ConditionValues, denies: boolean): boolean
}

type Quantifier = 'one' | 'all' | 'any'

const OPERATOR = /^(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?$/

/** AWS KMS keeps this one trap shut (AWS KMS Developer Guide, kms:EncryptionContext:context-key). */
const ONE_VALUED_PREFIX = 'kms:encryptioncontext:'

/** Reads a Condition element. */
export function parseConditions(value: unknown, reading: Reading): Condition[] {
  return members(value, reading.where).flatMap(([operator, keys]) => {
    const where = `${reading.where}.${shown(operator)}`
    return members(keys, where).map(([key, wanted]) =>
      parseCondition(operator, key, wanted, { ...reading, where: `${where}.${shown(key)}` }),
    )
  })
}

function parseCondition(
  operatorText: string,
  keyText: string,
  wantedValues: unknown,
  reading: Reading,
): Condition {
  const { where } = reading
  const [, set, name = '', ifExists] = OPERATOR.exec(operatorText.toLowerCase()) ?? []
  const quantifier = set === 'forallvalues' ? 'all' : set === 'foranyvalue' ? 'any' : 'one'
  const key = keyText.toLowerCase()
  if (!/^[^:]+:./s.test(key)) throw new PolicyError('a condition key needs a prefix', where)
  const wanted = list(wantedValues, where).map((item) => scalar(item, where))
  if (name === 'null' && ifExists === undefined) return nullCondition(key, wanted, where)
  const operator = operators.get(name)
  if (operator === undefined) {
    throw new PolicyError(`"${shown(operatorText)}" is not a condition operator`, where)
  }
  if (quantifier === 'all' && key.startsWith(ONE_VALUED_PREFIX)) {
    throw new PolicyError(
      'OverlyPermissiveCondition:EncryptionContext: ForAllValues with this key also matches requests without the encryption context; ' +
        'remove ForAllValues',
      where,
    )
  }
  const compare = operator.compile(wanted, reading)
  return new Comparing(key, quantifier, compare, operator.negated, ifExists !== undefined)
}

class Comparing implements Condition {
  readonly #key: string
  readonly #quantifier: Quantifier
  readonly #compare: Comparison
  readonly #negated: boolean
  readonly #ifExists: boolean

  constructor(
    key: string,
    quantifier: Quantifier,
    compare: Comparison,
    negated: boolean,
    ifExists: boolean,
  ) {
    this.#key = key
    this.#quantifier = quantifier
    this.#compare = compare
    this.#negated = negated
    this.#ifExists = ifExists
  }

  holds(values: ConditionValues, denies: boolean): boolean {
    const given = values(this.#key) ?? []
    const compare = this.#compare(values)
    const fits = (value: string): boolean => {
      const like = compare(value)
      if (like === undefined) return this.#negated && denies
      return like !== this.#negated
    }
    switch (this.#quantifier) {
      case 'all':
        return given.every(fits)
      case 'any':
        // IfExists changes nothing here: it is asked of each value, and there is none.
        return given.some(fits)
      case 'one':
        if (given.length === 0) return this.#negated || this.#ifExists
        return denies ? given.some(fits) : given.every(fits)
      default:
        return this.#quantifier satisfies never
    }
  }
}

/** `Null`: true asks that the key is absent, false that it is there. A set qualifier changes nothing. */
function nullCondition(key: string, wanted: readonly string[], where: string): Condition {
  const answers = new Set(wanted.map((text) => parseTruth(text)))
  if (answers.has(undefined)) throw new PolicyError('must be true or false', where)
  return {
    holds: (values) => answers.has((values(key) ?? []).length === 0 ? 'true' : 'false'),
  }
}

/** Numbers and truth values may stand without quotes (IAM User Guide, grammar of the policy language). */
function scalar(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new PolicyError('must be a string, a number or a boolean, or a list of them', where)
}
