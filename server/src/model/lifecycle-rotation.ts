import type { LifecycleRules, RotationTriggers } from '@claviger/contract'
import { DAY_MS } from './durations.ts'
import type { Counters, KeyVersion } from './key.ts'
import { least } from './least.ts'
import { severityRank } from './occurrence.ts'
import { beforeExpiry, nextInCalendar } from './rotation.ts'

/** What lifecycle policies ask of rotation: the strictest of two, what a key lacks, and what a new key gets. Pure rules over values. */

type Wanted = NonNullable<LifecycleRules['rotation']>
type Calendar = NonNullable<Wanted['calendars']>[number]

/** Triggers of which less is stricter. */
const mostNames = ['everyDays', 'uses', 'bytes', 'wraps'] as const

const unitOf = { everyDays: 'days', uses: 'uses', bytes: 'bytes', wraps: 'wraps' } as const

function given<Value extends object>(entries: Value): Value {
  const present = Object.entries(entries).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as Value
}

/** A calendar in its one spelling: it is on UTC unless it says otherwise. */
function spelled({ calendar, timeZone = 'UTC' }: Calendar): string {
  return `${calendar} ${timeZone}`
}

function normal({ calendar, timeZone = 'UTC' }: Calendar): Calendar {
  return timeZone === 'UTC' ? { calendar } : { calendar, timeZone }
}

/** Those that both allow: a key has one calendar. Where there is none in common, none is allowed. */
function inBoth(one: Wanted['calendars'], other: Wanted['calendars']): Wanted['calendars'] {
  if (one === undefined && other === undefined) return undefined
  const second = new Set((other ?? one ?? []).map(spelled))
  const common = new Map(
    (one ?? other ?? [])
      .filter((calendar) => second.has(spelled(calendar)))
      .map((calendar) => [spelled(calendar), normal(calendar)] as const),
  )
  return [...common].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, calendar]) => calendar)
}

function worst(one: Wanted['alarm'], other: Wanted['alarm']): Wanted['alarm'] {
  if (one === undefined || other === undefined) return one ?? other
  return severityRank(one) <= severityRank(other) ? one : other
}

/** What holds where both are asked, in its one spelling. */
export function soonest(one: Wanted, other: Wanted): Wanted {
  const on = [...new Set([...(one.on ?? []), ...(other.on ?? [])])].toSorted()
  const ahead = Math.max(one.beforeExpiryDays ?? 0, other.beforeExpiryDays ?? 0)
  return given({
    ...Object.fromEntries(mostNames.map((name) => [name, least(one[name], other[name])] as const)),
    beforeExpiryDays: ahead === 0 ? undefined : ahead,
    calendars: inBoth(one.calendars, other.calendars),
    on: on.length === 0 ? undefined : on,
    alarm: worst(one.alarm, other.alarm),
  })
}

/** What breaks the rule, as violations say it. */
interface Lacking {
  readonly what: string
  readonly excess: number
  readonly words: string
}

/** What a key that is rotated by itself lacks of what is asked. */
export function lacking(wanted: Wanted, triggers: RotationTriggers = {}): Lacking[] {
  const most = mostNames.flatMap((name) => {
    const asked = wanted[name] ?? Number.POSITIVE_INFINITY
    const own = triggers[name] ?? Number.POSITIVE_INFINITY
    const words = `it is not rotated by itself within ${asked} ${unitOf[name]}`
    return own <= asked ? [] : [{ what: name, excess: own - asked, words }]
  })
  return [...most, ...lackingTimes(wanted, triggers), ...lackingEvents(wanted, triggers)]
}

function lackingTimes(wanted: Wanted, triggers: RotationTriggers): Lacking[] {
  const { beforeExpiryDays = 0, calendars } = wanted
  const { calendar, timeZone, beforeExpiryDays: ahead = 0 } = triggers
  const isAllowed =
    calendars === undefined ||
    (calendar !== undefined &&
      calendars.some((each) => spelled(each) === spelled({ calendar, timeZone })))
  const words =
    calendars?.length === 0
      ? 'the policies have no calendar in common'
      : `it is not rotated at the times of ${calendars?.map(spelled).join(' or ') ?? ''}`
  return [
    ...(ahead >= beforeExpiryDays
      ? []
      : [
          {
            what: 'beforeExpiryDays',
            excess: beforeExpiryDays - ahead,
            words: `it is not rotated ${beforeExpiryDays} days before a version stops protecting`,
          },
        ]),
    ...(isAllowed ? [] : [{ what: 'calendar', excess: 0, words }]),
  ]
}

function lackingEvents({ on = [], alarm }: Wanted, triggers: RotationTriggers): Lacking[] {
  const events = on
    .filter((event) => triggers.on?.includes(event) !== true)
    .map((event) => ({ what: event, excess: 0, words: `it is not rotated on ${event}` }))
  if (alarm === undefined) return events
  const own = triggers.alarm === undefined ? Infinity : severityRank(triggers.alarm)
  const excess = own - severityRank(alarm)
  const words = `it is not rotated on alarms of severity ${alarm}`
  return excess <= 0 ? events : [...events, { what: 'alarm', excess, words }]
}

/**
 * What is overdue of imported material, which others must replace: how long it is in use, how much, and how near its end. `now` is in
 * milliseconds since 1970.
 */
export function overdue(
  wanted: Wanted,
  current: KeyVersion,
  counters: Counters,
  now: number,
): Lacking[] {
  const { everyDays, beforeExpiryDays, calendars = [] } = wanted
  const times = calendars.map(({ calendar, timeZone = 'UTC' }) =>
    nextInCalendar(calendar, timeZone, current.activatedAt),
  )
  const dates: Readonly<Record<string, number | undefined>> = {
    everyDays: everyDays === undefined ? undefined : current.activatedAt + everyDays * DAY_MS,
    beforeExpiryDays:
      beforeExpiryDays === undefined ? undefined : beforeExpiry(beforeExpiryDays, current),
    // The key may be rotated at any of them.
    calendar: times.length === 0 ? undefined : Math.max(...times.map((at) => at ?? Infinity)),
  }
  const counted = (['uses', 'bytes', 'wraps'] as const).filter(
    (name) => counters[name] >= (wanted[name] ?? Infinity),
  )
  const come = Object.keys(dates).filter((name) => (dates[name] ?? Infinity) <= now)
  return [...come, ...counted].map((name) => ({
    what: `due ${name}`,
    excess: 0,
    words: `its imported material is overdue (${name}): import other material and rotate the key`,
  }))
}

/** What a key is rotated by, with what is asked for where it has none of its own. */
export function withAsked(wanted: Wanted, own: RotationTriggers = {}): RotationTriggers {
  const { calendars = [], on: _on, ...rest } = wanted
  const [calendar] = calendars
  const on = [...new Set([...(own.on ?? []), ...(wanted.on ?? [])])]
  return given({
    ...rest,
    ...(own.calendar === undefined ? calendar : {}),
    ...own,
    on: on.length === 0 ? undefined : on,
  })
}
