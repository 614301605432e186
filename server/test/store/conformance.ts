import { describe } from 'node:test'
import { commitDuties } from './conformance/commit.ts'
import { dueDuties } from './conformance/due.ts'
import { historyDuties } from './conformance/history.ts'
import { ledgerDuties } from './conformance/ledger.ts'
import { lifeDuties } from './conformance/life.ts'
import { rowDuties } from './conformance/rows.ts'
import { treeDuties } from './conformance/tree.ts'
import type { Harness } from './harness.ts'

/** Every duty that the store's interface states, over any store. */
export function storeConformance(name: string, harness: Harness): void {
  describe(name, () => {
    commitDuties(harness)
    rowDuties(harness)
    dueDuties(harness)
    ledgerDuties(harness)
    treeDuties(harness)
    lifeDuties(harness)
    historyDuties(harness)
  })
}
