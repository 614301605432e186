import type { Authentication, Conditions } from '#model'
import type { Asked } from './asked.ts'
import { parseRange, isWithin, type AddressRange } from './policy/index.ts'

/**
 * When a binding counts. Conditions are compiled once for a session; what is asked for and not known does not hold, so that a door that
 * does not say where a request came from is no way around a network.
 */

/** Whether what is asked, of a key with this algorithm, at a time (milliseconds since 1970), meets the conditions. */
export type Compiled = (asked: Asked, algorithm: string | undefined, now: number) => boolean

type Times = NonNullable<Conditions['times']>

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** Minutes since midnight of `hh:mm`; `24:00` is the end of the day. */
function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number)
  return (hours ?? Number.NaN) * 60 + (minutes ?? Number.NaN)
}

/** Whether a time zone is one that this server knows (IANA Time Zone Database). */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Over midnight the day is that on which it began. */
function compileTimes({ days, from, until, zone }: Times): (now: number) => boolean {
  if (!isTimeZone(zone)) return () => false
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const first = minutesOf(from)
  const last = minutesOf(until)
  const isOn = (day: number) => days === undefined || days.includes(day)
  return (now) => {
    const parts = Object.fromEntries(
      format.formatToParts(now).map(({ type, value }) => [type, value]),
    )
    const minute = Number(parts['hour']) * 60 + Number(parts['minute'])
    const day = DAYS.indexOf(parts['weekday'] ?? '') + 1
    if (first < last) return isOn(day) && minute >= first && minute < last
    const yesterday = day === 1 ? 7 : day - 1
    return (isOn(day) && minute >= first) || (isOn(yesterday) && minute < last)
  }
}

function compileFactors(
  { anyOf, maxAgeSeconds }: NonNullable<Conditions['factors']>,
  authentications: readonly Authentication[],
): (now: number) => boolean {
  const age = maxAgeSeconds === undefined ? Number.POSITIVE_INFINITY : maxAgeSeconds * 1_000
  const proved = authentications.filter(({ factor }) => anyOf.includes(factor))
  return (now) => proved.some(({ at }) => now - at <= age)
}

function compileContext({
  equals,
  contains,
}: NonNullable<Conditions['context']>): (context: Readonly<Record<string, string>>) => boolean {
  const all = Object.entries(equals ?? {})
  const some = Object.entries(contains ?? {})
  const holds = (context: Readonly<Record<string, string>>, [name, value]: [string, string]) =>
    Object.hasOwn(context, name) && context[name] === value
  return (context) => {
    if (equals !== undefined && Object.keys(context).length !== all.length) return false
    return all.every((pair) => holds(context, pair)) && some.every((pair) => holds(context, pair))
  }
}

/** The conditions of one binding, in the session of whoever proved this. */
export function compileConditions(
  conditions: Conditions,
  authentications: readonly Authentication[],
): Compiled {
  const { factors, networks, times, doors, context, algorithms, bytesMax } = conditions
  const checks: Compiled[] = []
  if (doors !== undefined) checks.push(({ door }) => door !== undefined && doors.includes(door))
  if (algorithms !== undefined)
    checks.push((_asked, algorithm) => algorithm !== undefined && algorithms.includes(algorithm))
  if (bytesMax !== undefined) {
    checks.push((asked) => {
      const { bytes } = asked
      return bytes !== undefined && bytes <= bytesMax
    })
  }
  if (context !== undefined) {
    const holds = compileContext(context)
    checks.push((asked) => holds(asked.context))
  }
  if (factors !== undefined) {
    const holds = compileFactors(factors, authentications)
    checks.push((_asked, _algorithm, now) => holds(now))
  }
  if (networks !== undefined) {
    const ranges = networks
      .map(parseRange)
      .filter((range): range is AddressRange => range !== undefined)
    checks.push(({ source }) => source !== undefined && isWithin(source, ranges) === true)
  }
  if (times !== undefined) {
    const holds = compileTimes(times)
    checks.push((_asked, _algorithm, now) => holds(now))
  }
  return (asked, algorithm, now) => checks.every((check) => check(asked, algorithm, now))
}
