import { ClavigerError, type Counters } from '#model'
import type { Change, CounterDelta, RowReference, RowWrite } from '#store'
import type { RecordDraft } from './record.ts'
import type { PlannedChange } from './submission.ts'

/** How the parts of a batch come together: changes, facets and counters. */

/** Computes a change's rows for its revision, and says for the record what it writes. */
export function describe(change: PlannedChange, revision: number) {
  const planned = change.plan(revision)
  const changed = [
    ...planned.writes.map(({ row }: RowWrite) => ({
      kind: row.kind,
      id: row.id,
      digest: change.digest(row),
    })),
    ...planned.removals.map(({ kind, id }) => ({ kind, id })),
  ]
  return { planned, changed }
}

export function subjects(change: Change): RowReference[] {
  return [...change.writes.map(({ row }) => ({ kind: row.kind, id: row.id })), ...change.removals]
}

/** Neighbours in a batch are mostly alike, so what the record before had is not looked at again. */
export function addFacets(
  facets: Set<string>,
  record: RecordDraft,
  before: RecordDraft | undefined,
): void {
  if (record.event !== before?.event) facets.add(`event=${record.event}`)
  if (record.outcome !== before?.outcome) facets.add(`outcome=${record.outcome}`)
  if (record.principal !== before?.principal) facets.add(`principal=${record.principal}`)
  if (record.key !== undefined && record.key !== before?.key) facets.add(`key=${record.key}`)
  if (record.credential !== undefined && record.credential !== before?.credential)
    facets.add(`credential=${record.credential}`)
  // Statements of key policies are named by their writers, and their names say nothing without the key.
  if (
    record.binding !== undefined &&
    record.binding !== before?.binding &&
    !record.binding.startsWith('policy:')
  )
    facets.add(`binding=${record.binding}`)
  if (record.tenant !== undefined && record.tenant !== before?.tenant)
    facets.add(`tenant=${record.tenant}`)
}

const nothing: Counters = { uses: 0, bytes: 0, wraps: 0 }

export function plus(one: Counters, other: Counters): Counters {
  return {
    uses: one.uses + other.uses,
    bytes: one.bytes + other.bytes,
    wraps: one.wraps + other.wraps,
  }
}

/** Adds up what is done with a version; up to the last that protects it has to be within the limits of its key. */
export function addCounter(counters: Map<string, CounterDelta>, delta: CounterDelta): void {
  const name = `${delta.key}/${delta.version}`
  const sum = counters.get(name)
  if (sum === undefined) {
    counters.set(name, delta)
    return
  }
  const all = plus(sum, delta)
  const { key, version, within = sum.within } = delta
  if (within === undefined) {
    counters.set(name, { key, version, ...all })
    return
  }
  const limited = delta.within === undefined ? (sum.limited ?? plus(sum, nothing)) : all
  counters.set(name, { key, version, ...all, within, limited })
}

/** What callers are told where the ledger cannot be written. */
export function unavailable(cause?: unknown): ClavigerError {
  return new ClavigerError(
    'ledger_unavailable',
    'The ledger could not be written, so the operation was refused; try again when the server is ready',
    { cause },
  )
}
