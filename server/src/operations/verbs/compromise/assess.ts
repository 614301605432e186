import { operations, type LedgerRecord, type OperationName } from '@claviger/contract'
import type { CompromiseCase, PrincipalUse } from '#model'
import type { Work } from '../../work.ts'

/** Who used a key since its compromise began, read from the ledger. */

const ENTRIES_PER_READ = 1_000
/** Reads of the ledger for one case, and principals kept of it: beyond them the case says that there is more. */
const READS_MAX = 1_000
const PRINCIPALS_MAX = 1_000

export interface Uses {
  readonly uses: readonly PrincipalUse[]
  readonly more: boolean
}

function isUse(event: string): boolean {
  return Object.hasOwn(operations, event) && operations[event as OperationName].effect === 'use'
}

/** One more entry of a principal's. */
function counted(before: PrincipalUse | undefined, record: LedgerRecord): PrincipalUse {
  const at = Date.parse(record.time)
  const { principal, event, outcome } = record
  const count = record.count ?? 1
  const { uses = 0, refused = 0, operations: done = {}, first = at, last = at } = before ?? {}
  return {
    principal,
    uses: outcome === 'ok' ? uses + count : uses,
    refused: outcome === 'ok' ? refused : refused + count,
    operations: outcome === 'ok' ? { ...done, [event]: (done[event] ?? 0) + count } : done,
    first: Math.min(first, at),
    last: Math.max(last, at),
  }
}

/** Every use of the case's key, or of its version, and every attempt, by principal. */
export async function usesOf(work: Work, one: CompromiseCase): Promise<Uses> {
  const by = new Map<string, PrincipalUse>()
  let cursor: string | undefined
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const page = await work.parts.ledgerReader.search({
      key: one.key,
      since: one.since,
      order: 'ascending',
      limit: ENTRIES_PER_READ,
      cursor,
    })
    for (const { record: entry } of page.items) {
      const record = entry as unknown as LedgerRecord
      if (!isUse(record.event)) continue
      if (one.version !== undefined && record.version !== one.version) continue
      if (!by.has(record.principal) && by.size === PRINCIPALS_MAX)
        return { uses: [...by.values()], more: true }
      by.set(record.principal, counted(by.get(record.principal), record))
    }
    cursor = page.cursor
    if (cursor === undefined) return { uses: [...by.values()], more: false }
  }
  return { uses: [...by.values()], more: true }
}
