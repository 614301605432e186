import assert from 'node:assert/strict'
import { codeOf } from '../harness/house.ts'

/** What random lives against a model have in common. */

/** One of several, where there are any. */
export function pick<Value>(all: readonly Value[], at: number): Value | undefined {
  return all[((at % all.length) + all.length) % all.length]
}

/**
 * Something succeeds exactly where the model says so, and then the model follows; else it is refused with one of these codes. Any other
 * is a defect.
 */
export function allowedOr(...refusals: readonly string[]) {
  return async <Value>(
    doing: Promise<Value>,
    may: boolean,
    follow: () => unknown,
  ): Promise<Value | undefined> => {
    if (!may) {
      const code = await codeOf(doing)
      assert.ok(refusals.includes(code), `it is to be refused, and was answered with ${code}`)
      return undefined
    }
    const value = await doing
    follow()
    return value
  }
}
