import assert from 'node:assert/strict'
import { codeOf, type Entry } from './house.ts'

/** Something ends while many use it. */

const USERS = 16
/** Successes before the end, so that it comes in the middle. */
const SUCCESSES_BEFORE = 64

/** Does the same again and again, many at a time, ends it in the middle, and tells what they were refused with. */
export async function under(doing: () => Promise<unknown>, end: () => Promise<unknown>) {
  let successes = 0
  const middle = Promise.withResolvers<void>()
  const users = Array.from({ length: USERS }, async () => {
    for (;;) {
      const code = await codeOf(doing())
      if (code !== 'ok') return code
      successes += 1
      if (successes >= SUCCESSES_BEFORE) middle.resolve()
    }
  })
  const all = Promise.all(users)
  // Where everything is refused from the beginning there is no middle, and the assertions say so.
  await Promise.race([middle.promise, all])
  await end()
  return new Set(await all)
}

/** By index alone: the uses are there, and none stands after the end. */
export function assertNoneAfter(
  entries: readonly Entry[],
  isEnd: (entry: Entry) => boolean,
  isUse: (entry: Entry) => boolean,
): void {
  const end = entries.find(isEnd)?.index ?? Number.NaN
  const uses = entries.filter((entry) => entry.outcome === 'ok' && isUse(entry))
  assert.ok(uses.length >= SUCCESSES_BEFORE)
  for (const { index } of uses) assert.ok(index < end, `entry ${index} stands after entry ${end}`)
}
