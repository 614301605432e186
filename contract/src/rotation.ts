import { z } from 'zod'
import { alarmSeverities, rotationEvents } from './rotation-names.ts'

/** When a key gets its next version by itself: any of these, whichever comes first (SP 800-57 part 1 revision 5, section 5.3). */

/** The longest time between two rotations by age, in days: ten years. */
const DAYS_MAX = 3_650

const days = z.int().min(1).max(DAYS_MAX)
const count = z.int().min(1)

/** For how long the next public key is shown before it signs. */
export const prePublishDays = z.int().min(1).max(365)

const calendar = z
  .string()
  .max(128)
  .regex(
    /^[0-5]?[0-9](?: [0-9A-Za-z*?,/#-]+){4}$/,
    'must be minute, hour, day of month, month and day of week, with a single number for the minute',
  )
  .describe('At the times of a cron expression of five fields, such as 0 3 1 1,7 *')

const timeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_+/-]+$/, 'must be the name of a time zone, such as Europe/Berlin')
  .optional()
  .describe('Of the calendar, by its name in the IANA database; UTC unless given')

/** A calendar with its time zone, for rules that name several. */
export const rotationCalendar = z.strictObject({ calendar, timeZone })

/**
 * The triggers as fields, for the rows that take them one by one. The minute of a calendar expression is one number, so that no key is
 * rotated more often than once an hour. Whether the expression means anything is found out by the server, which has a parser.
 */
export const rotationTriggerFields = {
  everyDays: days
    .optional()
    .describe('So many days after the last rotation by age, or after it was asked for'),
  calendar: calendar.optional(),
  timeZone,
  uses: count.optional().describe('Once the current version was used so many times'),
  bytes: count.optional().describe('Once the current version protected so many bytes'),
  wraps: count.optional().describe('Once the current version wrapped so many data keys'),
  beforeExpiryDays: days
    .optional()
    .describe('So many days before the current version stops protecting (protectStopAt)'),
  on: z
    .array(z.enum(rotationEvents))
    .min(1)
    .max(rotationEvents.length)
    .refine((events) => new Set(events).size === events.length, 'must name each event once')
    .optional()
    .describe(
      'When something happens: compromise, when the current version is; member-left, when somebody leaves who could see material',
    ),
  alarm: z
    .enum(alarmSeverities)
    .optional()
    .describe('When there is an alarm of this severity or a higher one that concerns the key'),
}

/** Any of them makes the next version; at least one is given. */
export const rotationTriggers = z
  .strictObject(rotationTriggerFields)
  .refine(
    ({ timeZone: _zone, ...triggers }) =>
      Object.values(triggers).some((trigger) => trigger !== undefined),
    'must hold at least one trigger',
  )
  .refine(({ calendar, timeZone }) => calendar !== undefined || timeZone === undefined, {
    path: ['timeZone'],
    message: 'is the time zone of a calendar, and there is none',
  })

/** The same as the server works with. */
export type RotationTriggers = z.output<typeof rotationTriggers>
