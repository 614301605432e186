import type { Clock } from '#model'
import { enterErrorState } from './condition.ts'
import type { SelfTest } from './self-test-helpers.ts'
import { asymmetricTests } from './self-tests-asymmetric.ts'
import { symmetricTests } from './self-tests-symmetric.ts'

/**
 * Known-answer tests of every family, run at start and on demand (FIPS 140-3 implementation guidance 10.3.A): a library that was
 * replaced, built wrongly or damaged is noticed before it has touched a key. Together they take some tens of milliseconds, so they are
 * done where they are called; slow algorithms verify only.
 */

export interface SelfTestReport {
  readonly passed: boolean
  /** How many were run. */
  readonly tests: number
  /** Names of those that failed. */
  readonly failed: readonly string[]
  /** Milliseconds since 1970. */
  readonly ranAt: number
}

/** Every test, in the order they run. */
export const selfTests: readonly SelfTest[] = Object.freeze([...symmetricTests, ...asymmetricTests])

let lastReport: SelfTestReport | undefined

/**
 * Runs every self-test; after a failure all cryptography in this process is refused, until it is started again.
 *
 * @param tests for a test of the error state to hand in a table with a wrong expectation.
 */
export function runSelfTests(clock: Clock, tests: readonly SelfTest[] = selfTests): SelfTestReport {
  const failed = tests.filter((test) => !passes(test)).map((test) => test.name)
  const [first] = failed
  if (first !== undefined) enterErrorState(first)
  const passed = failed.length === 0
  lastReport = Object.freeze({
    passed,
    tests: tests.length,
    failed: Object.freeze(failed),
    ranAt: clock.now(),
  })
  return lastReport
}

/** What the last run said; undefined before the first. */
export function selfTestReport(): SelfTestReport | undefined {
  return lastReport
}

function passes(test: SelfTest): boolean {
  try {
    return Buffer.from(test.compute()).toString('hex') === test.expected.replace(/\s/g, '')
  } catch {
    return false
  }
}
