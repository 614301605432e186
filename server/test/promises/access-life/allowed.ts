import assert from 'node:assert/strict'
import { codeOf } from '../../harness/house.ts'

/** What keeps something from being done; anything else is a defect. */
const refusals = new Set(['conflict', 'unauthenticated'])

/** One of several, where there are any. */
export function pick<Value>(all: readonly Value[], at: number): Value | undefined {
  return all[((at % all.length) + all.length) % all.length]
}

/** It succeeds exactly where the model says so, and then the model follows. */
export async function allowed<Value>(
  doing: Promise<Value>,
  may: boolean,
  follow: () => unknown,
): Promise<Value | undefined> {
  if (!may) {
    const code = await codeOf(doing)
    assert.ok(refusals.has(code), `it is to be refused, and was answered with ${code}`)
    return undefined
  }
  const value = await doing
  follow()
  return value
}
