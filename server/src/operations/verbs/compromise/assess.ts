import { operations, type LedgerRecord, type OperationName } from '@claviger/contract'
import { keysOfCase, type CompromiseCase, type PrincipalUse } from '#model'
import type { Work } from '../../work.ts'

/** Who used a key since its compromise began, read from the ledger. */

const ENTRIES_PER_READ = 1_000
/** Reads of the ledger for one key, and principals kept of it: beyond them the case says that there is more. */
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

/** Every use of the case's keys, or of its version, and every attempt, by principal. */
export async function usesOf(work: Work, one: CompromiseCase): Promise<Uses> {
  const by = new Map<string, PrincipalUse>()
  let more = false
  for (const key of keysOfCase(one)) more = (await addUses(work, one, key, by)) || more
  return { uses: [...by.values()], more }
}

/** Adds the uses of one key; whether there were more than could be. */
async function addUses(
  work: Work,
  { since, version }: CompromiseCase,
  key: string,
  by: Map<string, PrincipalUse>,
): Promise<boolean> {
  let cursor: string | undefined
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const page = await work.parts.ledgerReader.search({
      key,
      since,
      order: 'ascending',
      limit: ENTRIES_PER_READ,
      cursor,
    })
    for (const { record: entry } of page.items) {
      const record = entry as unknown as LedgerRecord
      if (!isUse(record.event)) continue
      if (version !== undefined && record.version !== version) continue
      if (!by.has(record.principal) && by.size === PRINCIPALS_MAX) return true
      by.set(record.principal, counted(by.get(record.principal), record))
    }
    cursor = page.cursor
    if (cursor === undefined) return false
  }
  return true
}
