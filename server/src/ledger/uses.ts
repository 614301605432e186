import type { LedgerRecord } from '@claviger/contract'
import type { Entry, Store } from '#store'

/** Who used a key, as the ledger knows it. */

/** Batches read at once, and how many entries are looked into at most: what is older is said to be unknown. */
const BATCHES_PER_READ = 32
const ENTRIES_LOOKED_AT_MAX = 100_000
/** A batch holds entries made up to a moment after its first, in milliseconds. */
const BATCH_SPAN_MS = 60_000

/** Uses of one version by one principal. Times are milliseconds since 1970. */
export interface Use {
  readonly principal: string
  readonly version: number
  uses: number
  firstAt: number
  lastAt: number
  readonly operations: Set<string>
  /** Commitments to the addresses they came from. */
  readonly sources: Set<string>
}

export interface Uses {
  readonly uses: readonly Use[]
  /** Whether every use since then was looked at; otherwise those since `from`. */
  readonly complete: boolean
  readonly from: number
}

/** Adds up what succeeded with a key since a time, newest first, until there is no more or enough was looked at. */
export async function usesOfKey(
  store: Store,
  asked: {
    readonly key: string
    readonly events: ReadonlySet<string>
    readonly since: number
  },
): Promise<Uses> {
  const decoder = new TextDecoder()
  const found = new Map<string, Use>()
  let after: number | undefined
  let from = Number.MAX_SAFE_INTEGER
  for (let looked = 0; looked < ENTRIES_LOOKED_AT_MAX;) {
    const entries: readonly Entry[] = await store.candidates({
      facets: [`key=${asked.key}`],
      order: 'descending',
      batches: BATCHES_PER_READ,
      since: Math.max(0, asked.since - BATCH_SPAN_MS),
      ...(after === undefined ? {} : { after }),
    })
    const last = entries.at(-1)
    if (last === undefined) return { uses: [...found.values()], complete: true, from: asked.since }
    for (const { bytes } of entries) {
      const record = JSON.parse(decoder.decode(bytes)) as LedgerRecord
      const at = Date.parse(record.time)
      from = Math.min(from, at)
      if (record.key === asked.key && isUse(record, asked.events) && at >= asked.since)
        addUp(found, record, at)
    }
    after = last.index
    looked += entries.length
  }
  return { uses: [...found.values()], complete: false, from: Math.max(from, asked.since) }
}

function isUse(record: LedgerRecord, events: ReadonlySet<string>): boolean {
  return record.outcome === 'ok' && events.has(record.event)
}

function addUp(found: Map<string, Use>, record: LedgerRecord, at: number): void {
  const { principal, version = 0, count = 1, event, source } = record
  const name = `${principal} ${version}`
  let use = found.get(name)
  if (use === undefined) {
    use = {
      principal,
      version,
      uses: 0,
      firstAt: at,
      lastAt: at,
      operations: new Set(),
      sources: new Set(),
    }
    found.set(name, use)
  }
  use.uses += count
  use.firstAt = Math.min(use.firstAt, at)
  use.lastAt = Math.max(use.lastAt, at)
  use.operations.add(event)
  if (source !== undefined) use.sources.add(source)
}
