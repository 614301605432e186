import type { Counters } from '#model'
import type {
  Batch,
  CandidateQuery,
  CommitResult,
  Entry,
  Head,
  ListQuery,
  Row,
  RowReference,
  RowWrite,
} from '#store'

interface PlainBatch {
  readonly entries: readonly Entry[]
  readonly time: number
  readonly facets: readonly string[]
}

/** What a store does, without a disk: arrays and maps, and no cleverness. The history property compares a store with it. */
export class PlainStore {
  #rows = new Map<string, RowWrite>()
  #log: (RowReference & { readonly revision: number })[] = []
  #revision = 0
  readonly #batches: PlainBatch[] = []
  readonly #counters = new Map<string, Counters>()

  /** `texts` are the batch's entries. */
  commit(batch: Batch, texts: readonly string[]): CommitResult {
    if (batch.expectedRevision !== this.#revision) {
      return {
        kind: 'moved',
        revision: this.#revision,
        changed: this.changedSince(batch.expectedRevision),
      }
    }
    const rows = new Map(this.#rows)
    const log = [...this.#log]
    for (const [position, change] of batch.changes.entries()) {
      const at = (subject: RowReference) => rows.get(nameOf(subject))?.row.revision
      const present = change.absent.find((subject) => at(subject) !== undefined)
      if (present !== undefined)
        return { kind: 'conflict', change: position, subject: present, condition: 'absent' }
      const altered = change.unchanged.find((subject) => at(subject) !== subject.revision)
      if (altered !== undefined) {
        const { kind, id } = altered
        return { kind: 'conflict', change: position, subject: { kind, id }, condition: 'unchanged' }
      }
      const revision = this.#revision + position + 1
      for (const subject of change.removals) rows.delete(nameOf(subject))
      for (const write of change.writes) rows.set(nameOf(write.row), write)
      for (const { kind, id } of [...change.removals, ...change.writes.map(({ row }) => row)])
        log.push({ kind, id, revision })
    }
    this.#rows = rows
    this.#log = log
    this.#revision += batch.changes.length
    for (const { key, version, ...delta } of batch.counters) {
      const sum = this.counters(key).get(version) ?? { uses: 0, bytes: 0, wraps: 0 }
      const name = JSON.stringify([key, version])
      this.#counters.set(name, {
        uses: sum.uses + delta.uses,
        bytes: sum.bytes + delta.bytes,
        wraps: sum.wraps + delta.wraps,
      })
    }
    const firstIndex = this.head().next
    const entries = texts.map((text, position) => ({
      index: firstIndex + position,
      bytes: Buffer.from(text),
    }))
    this.#batches.push({ entries, time: batch.time, facets: batch.facets })
    return { kind: 'committed', firstIndex, revision: this.#revision }
  }

  head(): Head {
    return { next: this.entries().length, revision: this.#revision }
  }

  entries(): Entry[] {
    return this.#batches.flatMap(({ entries }) => entries)
  }

  changedSince(revision: number): RowReference[] {
    const changed = this.#log.filter((change) => change.revision > revision)
    return [
      ...new Map(changed.map(({ kind, id }) => [nameOf({ kind, id }), { kind, id }])).values(),
    ]
  }

  lastChanged(subject: RowReference): number | undefined {
    return this.#log.findLast((change) => nameOf(change) === nameOf(subject))?.revision
  }

  row(subject: RowReference): Row | undefined {
    return this.#rows.get(nameOf(subject))?.row
  }

  list({ kind, tenant, facets, after, limit }: ListQuery): Row[] {
    return [...this.#rows.values()]
      .filter(
        ({ row }) =>
          row.kind === kind && row.tenant === tenant && (after === undefined || row.id > after),
      )
      .filter((write) =>
        facets.every(([name, value]) => write.facets.some(([n, v]) => n === name && v === value)),
      )
      .map(({ row }) => row)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
  }

  counters(key: string): Map<number, Counters> {
    const counters = new Map<number, Counters>()
    for (const [name, counted] of this.#counters) {
      const [of, version] = JSON.parse(name) as [string, number]
      if (of === key) counters.set(version, counted)
    }
    return counters
  }

  candidates({ facets, since, until, order, after, batches }: CandidateQuery): Entry[] {
    const asked = this.#batches
      .filter((batch) => facets.every((facet) => batch.facets.includes(facet)))
      .filter(
        ({ time }) =>
          (since === undefined || time >= since) && (until === undefined || time < until),
      )
      .map(({ entries }) =>
        entries.filter(
          ({ index }) =>
            after === undefined || (order === 'ascending' ? index > after : index < after),
        ),
      )
      .filter((entries) => entries.length > 0)
    const ordered =
      order === 'ascending' ? asked : asked.toReversed().map((entries) => entries.toReversed())
    return ordered.slice(0, batches).flat()
  }
}

function nameOf({ kind, id }: RowReference): string {
  return `${kind} ${id}`
}
