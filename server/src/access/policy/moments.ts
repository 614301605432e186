/** Numbers and dates as conditions write them. What is neither is undefined, and compares with nothing. */

const NUMBER = /^[+-]?\d+(?:\.\d+)?$/
/** W3C's profile of ISO 8601 (NOTE-datetime): a year, perhaps a month and a day, perhaps a time with its zone. */
const DATE =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d)))?)?)?$/
const MINUTE_MS = 60_000

/** An integer or decimal number. */
export function parseNumber(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}

/** A date in milliseconds since 1970: W3C's form, or seconds since 1970. Four digits alone are a year. */
export function parseMoment(text: string): number | undefined {
  const parts = DATE.exec(text)
  if (parts === null) {
    const seconds = parseNumber(text)
    return seconds === undefined ? undefined : seconds * 1_000
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part)))
  const fraction = Number(`0.${parts[7] ?? '0'}`) * 1_000
  const zone = (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0)) * MINUTE_MS
  const midnight = new Date(0)
  // Not Date.UTC, which takes years below 100 for those of the twentieth century. A day that the month has not moves on to another.
  midnight.setUTCFullYear(year, month - 1, day)
  const real = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day
  if (!real || hour > 23 || minute > 59 || second > 59) return undefined
  const local = midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction
  return parts[8] === '-' ? local + zone : local - zone
}
