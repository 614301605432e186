import { usageFailure } from '../command-failure.ts'

const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
})
const RELATIVE = /^([+-]?)(\d{1,6})([smhd])$/
const DATE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/i

/**
 * A point in time in milliseconds since 1970: `2030-01-31`, `2030-01-31T12:00:00Z` (RFC 3339), or counted from now: `+30d`, `-2h`.
 * A bare date is midnight in UTC, so that it means the same everywhere.
 */
export function parseTime(text: string, now: number, what: string): number {
  const [matched, sign, count, unit] = RELATIVE.exec(text) ?? []
  if (matched !== undefined) {
    return now + (sign === '-' ? -1 : 1) * Number(count) * (UNIT_MS[unit ?? ''] ?? 0)
  }
  const milliseconds = DATE.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(milliseconds)) {
    throw usageFailure(
      `${what} must be a time such as 2030-01-31, 2030-01-31T12:00:00Z, +30d or -2h`,
    )
  }
  return milliseconds
}
