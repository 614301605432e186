import type { LedgerRecord } from '@claviger/contract'
import { keysOfCase, type CompromiseCase } from '#model'
import type { Work } from '../../work.ts'

/** Where the opening of a case stands in the ledger: for each of its keys, the index of the notice that dependents acknowledge. */
export type Notices = ReadonlyMap<string, number>

/** Cases of one key are few. */
const OPENINGS_LOOKED_AT = 1_000

/** None yet, where the case is only being opened. */
export async function noticesOf(work: Work, one: CompromiseCase): Promise<Notices> {
  const notices = new Map<string, number>()
  for (const key of keysOfCase(one)) {
    const { items } = await work.parts.ledgerReader.search({
      event: 'compromise.open',
      key,
      outcome: 'ok',
      order: 'ascending',
      limit: OPENINGS_LOOKED_AT,
    })
    const found = items.find(({ record }) => (record as unknown as LedgerRecord).subject === one.id)
    if (found !== undefined) notices.set(key, found.index)
  }
  return notices
}
