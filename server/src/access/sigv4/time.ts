/** The time of a signature: ISO 8601 in its basic format, to the second, always UTC. */

/** How far a signature's time may be from the server's, in either direction, in milliseconds. KMS says five minutes in its errors. */
export const WINDOW_MS = 5 * 60_000

const BASIC =
  /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)Z$/

/** `yyyymmddThhmmssZ`, of milliseconds since 1970 that make a year of four digits. */
export function formatTime(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '')
}

/** The time that was read last: all requests of a second say the same. */
let last = { text: '', time: Number.NaN }

/** Milliseconds since 1970, or undefined if the text is no time: there is no thirteenth month and no second 60. */
export function parseTime(text: string): number | undefined {
  if (text === last.text) return last.time
  const time = readTime(text)
  if (time !== undefined) last = { text, time }
  return time
}

function readTime(text: string): number | undefined {
  const parts = BASIC.exec(text)?.groups
  if (parts === undefined) return undefined
  const { year, month, day, hour, minute, second } = parts
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // Some engines read 30 February as a day in March, and 24:00 as the next day's start.
  return Number.isNaN(time) || formatTime(time) !== text ? undefined : time
}
