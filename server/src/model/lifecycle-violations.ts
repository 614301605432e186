import type { KeyType, LifecycleRule, LifecycleRules } from '@claviger/contract'
import { keyTypeOf } from './cryptoperiods.ts'
import { DAY_MS } from './durations.ts'
import type { Counters, Key, KeyVersion } from './key.ts'
import { least } from './least.ts'
import { unlimited } from './lifecycle-limits.ts'
import { lacking, overdue, withAsked } from './lifecycle-rotation.ts'
import { covering, strictest, type LifecyclePolicy, type Wanted } from './lifecycle.ts'
import type { Principal } from './principal.ts'

/** What of a key breaks which lifecycle policy. Pure rules over values. */

/** A key as policies look at it, as it is or as it would be. */
export interface GovernedKey {
  readonly key: Key
  readonly versions: readonly KeyVersion[]
  /** Of the key's algorithm: bits, the category of NIST, and whether its keys are secret keys and not pairs. */
  readonly strength: {
    readonly classical: number
    readonly quantum: number
    readonly isSymmetric: boolean
  }
  /** Undefined where there is no such principal. */
  readonly owner: Pick<Principal, 'kind' | 'state'> | undefined
  /** When it is looked at, in milliseconds since 1970. */
  readonly now: number
  /** Of the current version of an imported key, where a policy asks. */
  readonly counters?: Counters | undefined
}

export interface Violation {
  /** The id of the policy that is broken. */
  readonly policy: string
  readonly rule: LifecycleRule
  /** What of the key breaks it, where it can be several things: a version and its end, a label. */
  readonly what?: string
  /** How far, in the unit of the rule; it only serves to tell whether it got worse. */
  readonly excess: number
  /** Which it is, in words: "it has ..., at least ... is asked". */
  readonly words: string
}

type Broken = Omit<Violation, 'policy' | 'rule'>

/** A key has no window of its own: what is asked of it is asked of each destruction. */
type CheckedRule = Exclude<LifecycleRule, 'destructionDaysMin'>

type Period = NonNullable<Wanted['cryptoperiods'][KeyType]>

type Checks = {
  readonly [Rule in CheckedRule]: (wanted: Wanted[Rule], governed: GovernedKey) => readonly Broken[]
}

const checks: Checks = {
  algorithms: (names, { key }) =>
    names.includes(key.algorithm)
      ? []
      : [{ excess: 0, words: `the algorithm is ${key.algorithm}, not ${names.join(' or ')}` }],
  strengthMin: (bits, { strength: { classical } }) =>
    classical >= bits
      ? []
      : [{ excess: bits - classical, words: `the strength is ${classical} bits, not ${bits}` }],
  quantumMin: (category, { strength: { quantum } }) =>
    quantum >= category
      ? []
      : [
          {
            excess: category - quantum,
            words: `the quantum security category is ${quantum}, not ${category}`,
          },
        ],
  cryptoperiods: (periods, governed) => {
    const period = periods[typeOf(governed)]
    return period === undefined ? [] : governed.versions.flatMap(overlong(governed.key, period))
  },
  rotation: (wanted, governed) =>
    governed.key.origin === 'imported'
      ? overdueOf(wanted, governed)
      : lacking(wanted, governed.key.rotation?.triggers),
  limits: (wanted, { key }) => unlimited(wanted, key.limits),
  export: (_forbidden, { key }) =>
    key.exportable ? [{ excess: 0, words: 'it is exportable' }] : [],
  owner: (wanted, { owner }) => {
    if (owner?.state !== 'enabled')
      return [{ excess: 1, words: 'its owner is disabled, or there is none' }]
    const isWrong = wanted === 'person' && owner.kind !== 'user'
    return isWrong ? [{ excess: 0, words: 'its owner is no person' }] : []
  },
  labels: (names, { key }) =>
    names
      .filter((name) => (key.labels[name] ?? '') === '')
      .map((name) => ({ what: name, excess: 0, words: `it has no label ${name}` })),
}

function typeOf({ key, strength }: GovernedKey) {
  return keyTypeOf(key.usage, strength.isSymmetric)
}

const nothing: Counters = { uses: 0, bytes: 0, wraps: 0 }

/** Imported material comes from outside: it does not rotate itself, and shows when others should have seen to it. */
function overdueOf(
  wanted: Wanted['rotation'],
  { key, versions, counters = nothing, now }: GovernedKey,
): readonly Broken[] {
  const current = versions.find(({ version }) => version === key.version)
  if (current === undefined || current.awaitsMaterial === true) return []
  return overdue(wanted, current, counters, now)
}

/** What of a version outlasts a period. The version that protects now has both ends; those before it are left with the second. */
function overlong({ version: current, pending }: Key, period: Period) {
  return (version: KeyVersion): Broken[] => {
    const isGone = version.revocation !== undefined || version.destroyedAt !== undefined
    if (isGone || isBeforeItsPeriod(version, pending)) return []
    const { version: number, activatedAt, protectStopAt, processStopAt } = version
    const ends = [
      ...(number === current && isInUse(version)
        ? ([['protect', protectStopAt, period.protect]] as const)
        : []),
      ['process', processStopAt, period.process] as const,
    ]
    return ends.flatMap(([end, at = Number.POSITIVE_INFINITY, days]) => {
      if (days === undefined || at <= activatedAt + days * DAY_MS) return []
      return [
        {
          what: `version ${number} ${end}`,
          excess: at - activatedAt - days * DAY_MS,
          words: `version ${number} may ${end} for more than ${days} days`,
        },
      ]
    })
  }
}

/** It waits for a rotation, or for its first material: its periods begin with them. */
function isBeforeItsPeriod(version: KeyVersion, pending: number | undefined): boolean {
  return (
    version.version === pending ||
    (version.awaitsMaterial === true && version.fingerprint === undefined)
  )
}

function isInUse({ state }: KeyVersion): boolean {
  return state === 'active' || state === 'pre-activation'
}

/** Nothing can be done with such a key any more, and so nothing made better. */
function isOver({ state, revocation }: Key): boolean {
  return revocation !== undefined || state === 'destroyed' || state === 'destroyed-compromised'
}

/** Everything of a key that breaks the policies that count for it. */
export function violationsOf(
  policies: readonly LifecyclePolicy[],
  governed: GovernedKey,
): Violation[] {
  if (isOver(governed.key)) return []
  return covering(policies, governed.key).flatMap(({ id, rules }) =>
    brokenRules(rules, governed).map((broken) => ({ policy: id, ...broken })),
  )
}

/** Everything of a key that breaks rules, wherever they count. */
export function brokenRules(
  rules: LifecycleRules,
  governed: GovernedKey,
): Omit<Violation, 'policy'>[] {
  return (Object.keys(checks) as CheckedRule[]).flatMap((rule) =>
    brokenRule(rule, rules[rule], governed).map((broken) => ({ rule, ...broken })),
  )
}

function brokenRule<Rule extends CheckedRule>(
  rule: Rule,
  wanted: Wanted[Rule] | undefined,
  governed: GovernedKey,
): readonly Broken[] {
  return wanted === undefined ? [] : checks[rule](wanted, governed)
}

/**
 * What a change of a key breaks: what broke nothing before, or not so far. A key that was made before its policy can be changed in all
 * that does not make it worse.
 */
export function worsened(before: readonly Violation[], after: readonly Violation[]): Violation[] {
  return after.filter(
    (violation) =>
      !before.some(
        ({ policy, rule, what, excess }) =>
          policy === violation.policy &&
          rule === violation.rule &&
          what === violation.what &&
          excess >= violation.excess,
      ),
  )
}

/** The ends that a version gets, in milliseconds since 1970: those given, and where none are, the longest that are allowed. */
export function datesWithin(
  rules: LifecycleRules,
  { key, strength }: Pick<GovernedKey, 'strength'> & { readonly key: Pick<Key, 'usage'> },
  activatedAt: number,
  given: {
    readonly protectStopAt?: number | undefined
    readonly processStopAt?: number | undefined
  },
): { readonly protectStopAt?: number; readonly processStopAt?: number } {
  const period: Period = rules.cryptoperiods?.[keyTypeOf(key.usage, strength.isSymmetric)] ?? {}
  const end = (days: number | undefined) =>
    days === undefined ? undefined : activatedAt + days * DAY_MS
  const processEnd = end(period.process)
  // What is given and too long is refused for being too long, and not for a date that nobody gave.
  const processStopAt =
    given.processStopAt ?? (processEnd && Math.max(processEnd, given.protectStopAt ?? 0))
  const protectEnd = end(period.protect)
  // It does not protect for longer than it may process.
  const protectStopAt =
    given.protectStopAt ??
    (protectEnd === undefined
      ? undefined
      : Math.min(protectEnd, processStopAt ?? Number.POSITIVE_INFINITY))
  return {
    ...(protectStopAt === undefined ? {} : { protectStopAt }),
    ...(processStopAt === undefined ? {} : { processStopAt }),
  }
}

/** The ends that a version gets that nobody gave any: those it would get, or sooner where the rules allow no more. */
export function datesCutTo(
  rules: LifecycleRules,
  governed: Parameters<typeof datesWithin>[1],
  activatedAt: number,
  wished: Parameters<typeof datesWithin>[3],
): ReturnType<typeof datesWithin> {
  const most = datesWithin(rules, governed, activatedAt, {})
  const process = least(wished.processStopAt, most.processStopAt)
  const protect = least(least(wished.protectStopAt, most.protectStopAt), process)
  // A version that was to protect for ever does so where the rules do not say otherwise.
  const isBounded = wished.protectStopAt !== undefined || most.protectStopAt !== undefined
  return {
    ...(protect === undefined || !isBounded ? {} : { protectStopAt: protect }),
    ...(process === undefined ? {} : { processStopAt: process }),
  }
}

/** The rules that hold for a key, the strictest of each. */
export function rulesFor(
  policies: readonly LifecyclePolicy[],
  key: Pick<Key, 'id' | 'labels'>,
): LifecycleRules {
  return strictest(covering(policies, key).map(({ rules }) => rules))
}

/**
 * The rotation of a new key: its own, with what the rules ask for where that is not in it. A signature key that is rotated for the rules
 * alone shows its next public key ahead, so that nobody meets a signature they cannot verify. `now` is in milliseconds since 1970.
 */
export function rotationWithin(
  rules: LifecycleRules,
  { key }: { readonly key: Pick<Key, 'rotation' | 'origin' | 'usage'> },
  now: number,
): Key['rotation'] {
  const { rotation, origin, usage } = key
  if (rules.rotation === undefined || origin === 'imported') return rotation
  const triggers = withAsked(rules.rotation, rotation?.triggers)
  if (rotation !== undefined) return { ...rotation, triggers }
  return { triggers, since: now, ...(usage === 'sign' ? { publishNext: true } : {}) }
}

/** The limits of a new key: its own, and where it has none what the rules ask for. */
export function limitsWithin(
  { limits }: LifecycleRules,
  { limits: own = {} }: Pick<Key, 'limits'>,
): Pick<Key, 'limits'> {
  const all = { ...limits, ...own }
  return Object.keys(all).length === 0 ? {} : { limits: all }
}
