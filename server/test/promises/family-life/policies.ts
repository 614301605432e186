import type { FamilyModel, RotationModel } from './model.ts'
import type { Counted, Dates } from './versions.ts'

/** Lifecycle policies for all keys, as docs/lifecycle.md tells of them: of each rule the strictest counts. */

const DAY_MS = 86_400_000

/** What one asks; what is absent, it does not. */
export interface Rules {
  readonly protect?: number
  readonly process?: number
  readonly everyDays?: number
  readonly uses?: number
  readonly usesMax?: number
  readonly destructionDaysMin?: number
}

/** What two of its rules ask for triggers of rotation. */
export type Triggers = Pick<Rules, 'everyDays' | 'uses'>
const triggerNames = ['everyDays', 'uses'] as const

function least(...all: (number | undefined)[]): number | undefined {
  const known = all.filter((one) => one !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** None of what was given gets worse: what is longer than asked is not longer than it was. */
function isNoWorse(after = Infinity, asked = Infinity, before = Infinity): boolean {
  return after <= asked || after <= before
}

export class PoliciesModel {
  readonly all: { readonly id: string; readonly rules: Rules }[] = []

  #least(name: keyof Rules): number | undefined {
    return least(...this.all.map(({ rules }) => rules[name]))
  }

  #longest(activatedAt: number): Dates {
    const end = (days: number | undefined) =>
      days === undefined ? undefined : activatedAt + days * DAY_MS
    return {
      protectStopAt: end(this.#least('protect')),
      processStopAt: end(this.#least('process')),
    }
  }

  /** The dates of a version for which these are given; undefined where they are too long. */
  within(activatedAt: number, given: Dates): Dates | undefined {
    const longest = this.#longest(activatedAt)
    const processStopAt = given.processStopAt ?? longest.processStopAt
    // It does not protect for longer than it may process.
    const protectStopAt =
      given.protectStopAt ?? (longest.protectStopAt && least(longest.protectStopAt, processStopAt))
    const isShort =
      (protectStopAt ?? 0) <= (longest.protectStopAt ?? Infinity) &&
      Math.max(protectStopAt ?? 0, processStopAt ?? 0) <= (longest.processStopAt ?? Infinity)
    return isShort ? { protectStopAt, processStopAt } : undefined
  }

  /** The dates of a version that comes by itself: those it would have, or as near as is asked. */
  cut(activatedAt: number, wished: Dates): Dates {
    const longest = this.#longest(activatedAt)
    const processStopAt = least(wished.processStopAt, longest.processStopAt)
    const protect = least(wished.protectStopAt, longest.protectStopAt)
    return { protectStopAt: protect && least(protect, processStopAt), processStopAt }
  }

  /** Whether the dates of a version break nothing that they did not break before. */
  mayMove(activatedAt: number, before: Dates, after: Dates): boolean {
    return this.all.every(({ rules }) =>
      (['protect', 'process'] as const).every((end) => {
        const days = rules[end]
        const asked = days === undefined ? undefined : activatedAt + days * DAY_MS
        return isNoWorse(after[`${end}StopAt`], asked, before[`${end}StopAt`])
      }),
    )
  }

  /** Whether a version keeps to all of them: one that was replaced is left with the second of its ends. */
  keeps(activatedAt: number, { protectStopAt, processStopAt }: Dates, isRetired: boolean): boolean {
    const longest = this.#longest(activatedAt)
    const isShort = (protectStopAt ?? Infinity) <= (longest.protectStopAt ?? Infinity)
    return (
      (isRetired || isShort) && (processStopAt ?? Infinity) <= (longest.processStopAt ?? Infinity)
    )
  }

  mayHaveTriggers(before: Triggers = {}, after: Triggers = {}): boolean {
    return this.all.every(({ rules }) =>
      triggerNames.every((name) => isNoWorse(after[name], rules[name], before[name])),
    )
  }

  mayHaveLimits({ uses: before }: Counted, { uses: after }: Counted): boolean {
    return this.all.every(({ rules }) => isNoWorse(after, rules.usesMax, before))
  }

  /** Whether a key that is made has what is asked. */
  keepsTriggersAndLimits(triggers: Triggers = {}, limits: Counted): boolean {
    return this.all.every(
      ({ rules }) =>
        triggerNames.every((name) => isNoWorse(triggers[name], rules[name], 0)) &&
        isNoWorse(limits.uses, rules.usesMax, 0),
    )
  }

  /** Whether imported material should have been replaced by now, which is only listed. */
  isOverdue(activatedAt: number, { uses }: Counted, now: number): boolean {
    return this.all.some(
      ({ rules }) =>
        now >= activatedAt + (rules.everyDays ?? Infinity) * DAY_MS ||
        uses >= (rules.uses ?? Infinity),
    )
  }

  /** What a key gets by itself, or is left with where it had less; undefined where nothing is asked and it had nothing. */
  triggersFor(own: Triggers | undefined): Triggers | undefined {
    const entries = triggerNames.flatMap((name) => {
      const value = least(own?.[name], this.#least(name))
      return value === undefined ? [] : [[name, value] as const]
    })
    return own === undefined && entries.length === 0
      ? undefined
      : { ...own, ...Object.fromEntries(entries) }
  }

  limitsFor({ uses, bytes }: Counted): Counted {
    return { uses: Math.min(uses, this.#least('usesMax') ?? Infinity), bytes }
  }

  get daysMin(): number {
    return Math.max(0, ...this.all.map(({ rules }) => rules.destructionDaysMin ?? 0))
  }
}

/** What a policy says in the words of the contract. */
export function inWords(rules: Rules) {
  const { protect, process, everyDays, uses, usesMax, destructionDaysMin } = rules
  const given = <Value extends object>(entries: Value) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined))
  const period = given({ protect, process })
  const rotation = given({ everyDays, uses })
  const isPeriod = Object.keys(period).length > 0
  return {
    ...(isPeriod
      ? { cryptoperiods: { privateSignature: period, symmetricEncryption: period } }
      : {}),
    ...(Object.keys(rotation).length > 0 ? { rotation } : {}),
    ...(usesMax === undefined ? {} : { limits: { uses: usesMax } }),
    ...(destructionDaysMin === undefined ? {} : { destructionDaysMin }),
  }
}

/** The rotation of a new key: its own, as soon as is asked. A signature key rotated for a policy alone shows its next public key. */
export function rotationOf(
  policies: PoliciesModel,
  { kind, rotation }: Pick<FamilyModel, 'kind' | 'rotation'>,
): RotationModel | undefined {
  if (kind === 'imported') return undefined
  const triggers = policies.triggersFor(rotation)
  return triggers && { publishNext: kind === 'sign', ...rotation, ...triggers }
}
