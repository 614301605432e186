import { counterNames, type Limits } from './key.ts'
import { least } from './least.ts'

/** Limits of keys where lifecycle policies ask for them. Pure rules over values. */

/** The lower of each. */
export function lowest(one: Limits, other: Limits): Limits {
  const entries = counterNames.map((name) => [name, least(one[name], other[name])] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** What breaks the rule, as violations say it. */
export function unlimited(wanted: Limits, own: Limits = {}) {
  return counterNames.flatMap((name) => {
    const most = wanted[name] ?? Infinity
    const has = own[name] ?? Infinity
    if (has <= most) return []
    return [
      { what: name, excess: has - most, words: `its versions are not limited to ${most} ${name}` },
    ]
  })
}
