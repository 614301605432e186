/** A day as periods and windows count it, in milliseconds: days of UTC all have the same length. */
export const DAY_MS = 86_400_000
