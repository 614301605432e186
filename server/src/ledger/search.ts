import type { LedgerRecord, OutputOf } from '@claviger/contract'
import { ClavigerError } from '#model'
import type { Entry, Store } from '#store'

/** Batches read at once, and how many are looked into before a search hands back a cursor instead of a full page. */
const BATCHES_PER_READ = 32
const ENTRIES_LOOKED_AT_MAX = 100_000

export interface Search {
  readonly tenant?: string | undefined
  readonly key?: string | undefined
  readonly principal?: string | undefined
  readonly credential?: string | undefined
  readonly binding?: string | undefined
  readonly event?: string | undefined
  readonly outcome?: LedgerRecord['outcome'] | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly order: 'ascending' | 'descending'
  readonly limit: number
  readonly cursor?: string | undefined
}

function facetsOf(search: Search): string[] {
  const named = {
    tenant: search.tenant,
    key: search.key,
    principal: search.principal,
    credential: search.credential,
    binding: search.binding,
    event: search.event,
    outcome: search.outcome,
  }
  return Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
}

function matches(record: LedgerRecord, search: Search): boolean {
  const time = Date.parse(record.time)
  return (
    (search.tenant === undefined || record.tenant === search.tenant) &&
    (search.key === undefined || record.key === search.key) &&
    (search.principal === undefined || record.principal === search.principal) &&
    (search.credential === undefined || record.credential === search.credential) &&
    (search.binding === undefined || record.binding === search.binding) &&
    (search.event === undefined || record.event === search.event) &&
    (search.outcome === undefined || record.outcome === search.outcome) &&
    (search.since === undefined || time >= search.since) &&
    (search.until === undefined || time < search.until)
  )
}

/** Batches read for the newest use of a key: in most cases the first one has it. */
const BATCHES_FOR_ONE = 4

/** The index after which a search goes on; attacker-chosen, and only ever compared. */
function afterOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  if (!/^\d{1,15}$/.test(cursor))
    throw new ClavigerError('invalid_request', 'The cursor is not one of this search', {
      field: 'cursor',
    })
  return Number(cursor)
}

/**
 * Entries that match, in the order asked for. The store finds the batches that may hold some by their facets; each record decides.
 */
export async function searchEntries(
  store: Store,
  search: Search,
): Promise<OutputOf<'ledger.search'>> {
  const decoder = new TextDecoder()
  const items: OutputOf<'ledger.search'>['items'] = []
  let after = afterOf(search.cursor)
  for (let looked = 0; looked < ENTRIES_LOOKED_AT_MAX;) {
    const entries: readonly Entry[] = await store.candidates({
      facets: facetsOf(search),
      order: search.order,
      batches: BATCHES_PER_READ,
      ...(after === undefined ? {} : { after }),
      // A batch holds entries made up to a moment after its first.
      ...(search.until === undefined ? {} : { until: search.until }),
    })
    if (entries.length === 0) return { items }
    for (const entry of entries) {
      const record = JSON.parse(decoder.decode(entry.bytes)) as LedgerRecord
      if (matches(record, search)) {
        if (items.length === search.limit) return { items, cursor: String(after) }
        items.push({
          index: entry.index,
          record: record as unknown as OutputOf<'ledger.search'>['items'][number]['record'],
        })
      } else if (
        search.order === 'descending' &&
        search.since !== undefined &&
        Date.parse(record.time) < search.since - 60_000
      ) {
        return { items }
      }
      after = entry.index
    }
    looked += entries.length
  }
  return { items, cursor: String(after) }
}

/**
 * The newest entry with one of the events that was done with a key; undefined where there is none among the entries that are looked
 * at, newest first.
 */
export async function newestEntry(
  store: Store,
  key: string,
  events: ReadonlySet<string>,
): Promise<OutputOf<'key.lastUse'>['last']> {
  const decoder = new TextDecoder()
  const search: Search = { key, outcome: 'ok', order: 'descending', limit: 1 }
  const facets = facetsOf(search)
  let after: number | undefined
  for (let looked = 0, batches = BATCHES_FOR_ONE; looked < ENTRIES_LOOKED_AT_MAX;) {
    const entries = await store.candidates({
      facets,
      order: search.order,
      batches,
      ...(after === undefined ? {} : { after }),
    })
    for (const { index, bytes } of entries) {
      const record = JSON.parse(decoder.decode(bytes)) as LedgerRecord
      if (events.has(record.event) && matches(record, search)) return useOf(index, record)
    }
    const last = entries.at(-1)
    if (last === undefined) return undefined
    after = last.index
    looked += entries.length
    batches = BATCHES_PER_READ
  }
  return undefined
}

/** Of an entry, what it was found by and when it was made. */
export interface LastEntry {
  readonly index: number
  /** Milliseconds since 1970, to the second. */
  readonly time: number
}

/**
 * The newest entry that a credential made, or that a binding or grant allowed; undefined where there is none. Reads that succeed are
 * not in the ledger, so they do not count as uses.
 */
export async function lastEntryOf(
  store: Store,
  by: 'credential' | 'binding',
  id: string,
): Promise<LastEntry | undefined> {
  const decoder = new TextDecoder()
  const entries = await store.candidates({
    facets: [`${by}=${id}`],
    order: 'descending',
    batches: 1,
  })
  for (const { index, bytes } of entries) {
    const record = JSON.parse(decoder.decode(bytes)) as LedgerRecord
    if (record[by] === id) return { index, time: Date.parse(record.time) }
  }
  return undefined
}

function useOf(
  index: number,
  { event, time, request, principal, version }: LedgerRecord,
): OutputOf<'key.lastUse'>['last'] {
  const use = { operation: event, at: Date.parse(time), index, request, principal }
  return version === undefined ? use : { ...use, version }
}
