import type { RotationCause, RotationTriggers } from '@claviger/contract'
import { Cron } from 'croner'
import { DAY_MS } from './durations.ts'
import { ClavigerError } from './errors.ts'
import type { Counters, Key, KeyVersion } from './key.ts'
import type { Raised } from './occurrence.ts'

/** When keys are rotated by themselves: pure rules over triggers and times. Dates are milliseconds since 1970. */

/**
 * What makes the next version by itself, and since when days and calendar are counted: when it was asked for, or last happened by one of
 * the two. Rotations on demand between do not move it.
 */
export interface Rotation {
  readonly triggers: RotationTriggers
  readonly since: number
  /** The next version is made ahead, so that whoever verifies knows its public key before anything is signed with it. */
  readonly publishNext?: true
  /** For how many days that is, at least, and since when the next public key is shown; absent where there is none. */
  readonly prePublish?: { readonly days: number; readonly since?: number }
  /** A counter came so far before the next public key was shown for long enough: the rotation waits for that. */
  readonly reached?: { readonly cause: RotationCause; readonly at: number }
  /** What happened that the key is to be rotated for, and was not yet. */
  readonly raised?: Raised
}

/** The first time after `since` that a calendar names; undefined where it names none. @throws what croner does not understand */
export function nextInCalendar(
  expression: string,
  timeZone: string,
  since: number,
): number | undefined {
  // It only computes: a paused one starts no timer.
  const calendar = new Cron(expression, { mode: '5-part', paused: true, timezone: timeZone })
  return calendar.nextRun(new Date(since))?.getTime()
}

/**
 * A calendar comes from outside: it must mean something, and happen at least once more.
 *
 * @throws ClavigerError invalid_request
 */
export function assertCalendar(
  { calendar, timeZone = 'UTC' }: RotationTriggers,
  now: number,
): void {
  if (calendar === undefined) return
  let next: number | undefined
  try {
    next = nextInCalendar(calendar, timeZone, now)
  } catch (cause) {
    throw new ClavigerError(
      'invalid_request',
      'The calendar is not a cron expression, or there is no such time zone; an example is 0 3 1 1,7 * in Europe/Berlin',
      { cause, field: 'calendar' },
    )
  }
  if (next === undefined) {
    throw new ClavigerError('invalid_request', 'The calendar names no day that there is', {
      field: 'calendar',
    })
  }
}

/**
 * When a version that stops protecting is to be replaced: so many days before, but not before half of its time is over, so that a key
 * whose versions live shorter than that is not rotated again and again.
 */
export function beforeExpiry(
  days: number,
  { activatedAt, protectStopAt }: KeyVersion,
): number | undefined {
  if (protectStopAt === undefined) return undefined
  const half = Math.ceil((protectStopAt - activatedAt) / 2)
  return Math.max(protectStopAt - days * DAY_MS, activatedAt + half)
}

/** The causes that come with time, each with its moment, in the order in which they are named where several have come. */
function timed(
  { triggers, since, raised, reached }: Rotation,
  current: KeyVersion,
): readonly (readonly [RotationCause, number | undefined])[] {
  const { everyDays, calendar, timeZone = 'UTC', beforeExpiryDays } = triggers
  return [
    [raised?.event ?? 'compromise', raised?.at],
    ['age', everyDays === undefined ? undefined : since + everyDays * DAY_MS],
    ['calendar', calendar === undefined ? undefined : nextInCalendar(calendar, timeZone, since)],
    [
      'expiry',
      beforeExpiryDays === undefined ? undefined : beforeExpiry(beforeExpiryDays, current),
    ],
    [reached?.cause ?? 'uses', reached?.at],
  ]
}

/**
 * Until when a rotation waits, so that whoever verifies has met the next public key: 0 where it does not. A version that is compromised
 * signs nothing any more, so its successor waits for nobody.
 */
export function waitsFor({ prePublish }: Rotation, cause: RotationCause | 'demand'): number {
  if (prePublish?.since === undefined || cause === 'compromise') return 0
  return prePublish.since + prePublish.days * DAY_MS
}

/** The next public key is shown from now on; without a moment, there is none. */
export function shownSince(
  { prePublish, ...rotation }: Rotation,
  since: number | undefined,
): Rotation {
  if (prePublish === undefined) return rotation
  const { days } = prePublish
  return { ...rotation, prePublish: since === undefined ? { days } : { days, since } }
}

/** The next rotation whose moment is known beforehand; undefined where there is none. */
export function nextRotation(
  { rotation }: Pick<Key, 'rotation'>,
  current: KeyVersion,
): number | undefined {
  if (rotation === undefined) return undefined
  const times = timed(rotation, current).flatMap(([cause, at]) =>
    at === undefined ? [] : Math.max(at, waitsFor(rotation, cause)),
  )
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Why a key is to be rotated now; undefined where it is not. `counters` are those of its current version. */
export function rotationCause(
  { rotation }: Pick<Key, 'rotation'>,
  current: KeyVersion,
  counters: Counters,
  now: number,
): RotationCause | undefined {
  if (rotation === undefined) return undefined
  const [come] = timed(rotation, current).find(([, at]) => at !== undefined && at <= now) ?? []
  if (come !== undefined) return come
  const counted = ['uses', 'bytes', 'wraps'] as const
  return counted.find((name) => counters[name] >= (rotation.triggers[name] ?? Infinity))
}

/**
 * What stands of a rotation once the key was rotated, for whatever cause: it serves everything that has come by then. Days and calendar
 * begin anew where one of them had.
 */
export function afterRotation(
  { raised: _raised, reached: _reached, ...rotation }: Rotation,
  before: KeyVersion,
  now: number,
): Rotation {
  const isServed = timed(rotation, before).some(
    ([cause, at]) => at !== undefined && at <= now && (cause === 'age' || cause === 'calendar'),
  )
  return isServed ? { ...rotation, since: now } : rotation
}

/** The end dates of a version that follows another by itself: it lives as long as that one was to (SP 800-57 part 1, section 5.3.6). */
export function sameCryptoperiod(
  { activatedAt, protectStopAt, processStopAt }: KeyVersion,
  now: number,
): { readonly protectStopAt?: number; readonly processStopAt?: number } {
  return {
    ...(protectStopAt === undefined ? {} : { protectStopAt: now + protectStopAt - activatedAt }),
    ...(processStopAt === undefined ? {} : { processStopAt: now + processStopAt - activatedAt }),
  }
}
