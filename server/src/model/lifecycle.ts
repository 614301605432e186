import type { LifecycleRules } from '@claviger/contract'
import {
  lifecycleRuleNames,
  type KeyType,
  type LifecyclePreset,
  type LifecycleRule,
} from '@claviger/contract/lifecycle-names'
import { canonicalJson } from './canonical.ts'
import type { Cryptoperiod } from './cryptoperiods.ts'
import { least } from './least.ts'
import { lowest } from './lifecycle-limits.ts'
import { soonest } from './lifecycle-rotation.ts'
import { isInScope, type Scope } from './principal.ts'

/**
 * Lifecycle policies and their order. Every policy whose scope covers a key counts, and of each rule the strictest: the rules are a
 * lattice, with {@link strictest} as its meet, and no rules at all as its top.
 */

/** As it is stored. Dates are milliseconds since 1970. */
export interface LifecyclePolicy {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly scope: Scope
  readonly rules: LifecycleRules
  /** What its rules began as. */
  readonly preset?: LifecyclePreset
  readonly createdAt: number
  readonly updatedAt?: number
}

/** What each rule says, where it is there. */
export type Wanted = { readonly [Rule in LifecycleRule]: NonNullable<LifecycleRules[Rule]> }

type Meets = {
  readonly [Rule in LifecycleRule]: (one: Wanted[Rule], other: Wanted[Rule]) => Wanted[Rule]
}

type Periods = NonNullable<LifecycleRules['cryptoperiods']>

/** Of each rule, what holds where two policies count. */
const meets: Meets = {
  algorithms: (one, other) => sorted(one.filter((name) => other.includes(name))),
  strengthMin: Math.max,
  quantumMin: Math.max,
  cryptoperiods: shortest,
  rotation: soonest,
  limits: lowest,
  export: () => 'forbidden',
  destructionDaysMin: Math.max,
  owner: (one, other) => (one === 'person' ? one : other),
  labels: (one, other) => sorted([...one, ...other]),
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted()
}

type Bounds = NonNullable<Periods[KeyType]>

/** The shorter of two periods, at both ends; what neither bounds is absent. */
function shorter(one: Bounds, other: Bounds): Cryptoperiod {
  const protect = least(one.protect, other.protect)
  const process = least(one.process, other.process)
  return {
    ...(protect === undefined ? {} : { protect }),
    ...(process === undefined ? {} : { process }),
  }
}

/** By type of key; a period that bounds nothing is as good as none. */
function shortest(one: Periods, other: Periods): Periods {
  const types = sorted([...Object.keys(one), ...Object.keys(other)]) as KeyType[]
  return Object.fromEntries(
    types
      .map((type) => [type, shorter(one[type] ?? {}, other[type] ?? {})] as const)
      .filter(([, period]) => Object.keys(period).length > 0),
  )
}

function meet<Rule extends LifecycleRule>(
  rule: Rule,
  one: Wanted[Rule] | undefined,
  other: Wanted[Rule] | undefined,
): Wanted[Rule] | undefined {
  // A rule alone meets itself, which puts it into its one spelling.
  const first = one ?? other
  const second = other ?? one
  return first === undefined || second === undefined ? undefined : meets[rule](first, second)
}

/** What holds where all of these count, in its one spelling: of each rule the strictest. */
export function strictest(all: readonly LifecycleRules[]): LifecycleRules {
  return all.reduce<LifecycleRules>((one, other) => {
    const entries = lifecycleRuleNames.map(
      (rule) => [rule, meet(rule, one[rule], other[rule])] as const,
    )
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined && !isEmpty(value)))
  }, {})
}

/** Cryptoperiods or a rotation that bound nothing. A list of algorithms with none left allows none, which is not the same as no list. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value ?? {}).length === 0
}

/**
 * The rules that `after` has looser than `before`: of which `after` does not already imply what `before` asks. None of them: whatever
 * `before` refuses, `after` refuses too.
 */
export function loosened(before: LifecycleRules, after: LifecycleRules): LifecycleRule[] {
  const both = strictest([before, after])
  const own = strictest([after])
  return lifecycleRuleNames.filter((rule) => spelled(both[rule]) !== spelled(own[rule]))
}

function spelled(value: unknown): string {
  return value === undefined ? '' : canonicalJson(value)
}

/** Whether every key in the scope `inner` is in `outer` too, as far as the scopes alone tell. */
export function isWithin(inner: Scope, outer: Scope): boolean {
  if (outer.kind === 'tenant') return true
  if (inner.kind === 'key' && outer.kind === 'key') return inner.key === outer.key
  if (inner.kind !== 'labels' || outer.kind !== 'labels') return false
  const pairs = new Set(inner.selector.split(','))
  return outer.selector.split(',').every((pair) => pairs.has(pair))
}

/**
 * What of a policy is loosened by a change of it: the names of rules, and `scope` where the policy would count for fewer keys. A policy
 * that goes loosens every rule it has.
 */
export function loosenedBy(
  before: Pick<LifecyclePolicy, 'rules' | 'scope'>,
  after: Pick<LifecyclePolicy, 'rules' | 'scope'> | undefined,
): (LifecycleRule | 'scope')[] {
  if (after === undefined) return loosened(before.rules, {})
  const asksNothing = Object.keys(strictest([before.rules])).length === 0
  const isNarrower = !asksNothing && !isWithin(before.scope, after.scope)
  return [...loosened(before.rules, after.rules), ...(isNarrower ? (['scope'] as const) : [])]
}

/** The policies that count for a key, by its id and labels. */
export function covering(
  policies: readonly LifecyclePolicy[],
  key: { readonly id: string; readonly labels: Readonly<Record<string, string>> },
): LifecyclePolicy[] {
  return policies.filter(({ scope }) =>
    // No such policy is made with a scope by alias; one that were there would rather ask too much.
    isInScope(scope, { key: key.id, labels: key.labels }, () => true),
  )
}
