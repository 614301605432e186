import type { OutputOf } from '@claviger/contract'
import { selfTestReport } from '#crypto'
import type { Custody, Hierarchy } from '#keyring'

export const VERSION = '0.1.0'

/** The condition of the server, as it tells anybody who asks. */
export function describeStatus(custody: Custody, hierarchy: Hierarchy): OutputOf<'system.status'> {
  const test = selfTestReport() ?? { passed: false, tests: 0, ranAt: 0 }
  const { description } = custody
  const sealedState = description === undefined ? 'uninitialized' : 'sealed'
  return {
    state: test.passed ? (hierarchy.open ? 'unsealed' : sealedState) : 'error',
    version: VERSION,
    ...(description === undefined
      ? {}
      : {
          seal:
            description.kind === 'shares'
              ? {
                  kind: description.kind,
                  threshold: description.threshold,
                  shares: description.shares,
                }
              : { kind: description.kind },
        }),
    ...(hierarchy.open ? {} : { progress: custody.progress }),
    selfTest: { passed: test.passed, tests: test.tests, ranAt: test.ranAt },
    node: process.versions.node,
    openssl: process.versions.openssl,
    validatedModule: 'none',
  }
}
