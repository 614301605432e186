import type { RotationTriggers } from '@claviger/contract'
import { Cron } from 'croner'
import { ClavigerError } from './errors.ts'
import type { Key } from './key.ts'

/** When keys are rotated by themselves: pure rules over triggers and times. Dates are milliseconds since 1970. */

const DAY_MS = 86_400_000

/**
 * What makes the next version by itself, and since when days and calendar are counted: when it was asked for, or last happened by one of
 * the two. Rotations on demand between do not move it.
 */
export interface Rotation {
  readonly triggers: RotationTriggers
  readonly since: number
}

/** The first time after `since` that a calendar names; undefined where it names none. @throws what croner does not understand */
function nextInCalendar(expression: string, timeZone: string, since: number): number | undefined {
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

/** The next rotation by age or calendar; undefined where it has neither. */
export function nextRotation({ rotation }: Pick<Key, 'rotation'>): number | undefined {
  if (rotation === undefined) return undefined
  const { triggers, since } = rotation
  const { everyDays, calendar, timeZone = 'UTC' } = triggers
  const times = [
    everyDays === undefined ? undefined : since + everyDays * DAY_MS,
    calendar === undefined ? undefined : nextInCalendar(calendar, timeZone, since),
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}
