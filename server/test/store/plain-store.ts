import type { Counters } from '#model'
import type {
  Batch,
  CandidateQuery,
  CommitResult,
  Due,
  DueQuery,
  DueRow,
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
  /** By row and job, since when. */
  #due = new Map<string, Map<string, number>>()
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
    const due = new Map(this.#due)
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
      for (const subject of change.removals) {
        rows.delete(nameOf(subject))
        due.delete(nameOf(subject))
      }
      for (const write of change.writes) {
        rows.set(nameOf(write.row), write)
        due.set(nameOf(write.row), this.#dueFor(write, batch.time))
      }
      for (const { kind, id } of [...change.removals, ...change.writes.map(({ row }) => row)])
        log.push({ kind, id, revision })
    }
    this.#rows = rows
    this.#log = log
    this.#due = due
    this.#revision += batch.changes.length
    for (const { key, version, within: _, ...delta } of batch.counters) {
      const sum = this.counters(key).get(version) ?? { uses: 0, bytes: 0, wraps: 0 }
      const name = JSON.stringify([key, version])
      this.#counters.set(name, {
        uses: sum.uses + delta.uses,
        bytes: sum.bytes + delta.bytes,
        wraps: sum.wraps + delta.wraps,
      })
      for (const { job, counters } of this.#rows.get(nameOf({ kind: 'key', id: key }))?.due ?? []) {
        if (counters?.version !== version || !this.#isReached(key, counters)) continue
        const jobs = new Map(this.#due.get(nameOf({ kind: 'key', id: key })))
        jobs.set(job, Math.min(batch.time, jobs.get(job) ?? batch.time))
        this.#due.set(nameOf({ kind: 'key', id: key }), jobs)
      }
    }
    const firstIndex = this.head().next
    const entries = texts.map((text, position) => ({
      index: firstIndex + position,
      bytes: Buffer.from(text),
    }))
    this.#batches.push({ entries, time: batch.time, facets: batch.facets })
    return { kind: 'committed', firstIndex, revision: this.#revision }
  }

  #isReached(key: string, watched: NonNullable<Due['counters']>): boolean {
    const counted = this.counters(key).get(watched.version) ?? { uses: 0, bytes: 0, wraps: 0 }
    const { uses = Infinity, bytes = Infinity, wraps = Infinity } = watched
    return counted.uses >= uses || counted.bytes >= bytes || counted.wraps >= wraps
  }

  #dueFor({ row, due = [] }: RowWrite, time: number): Map<string, number> {
    const jobs = new Map<string, number>()
    for (const { job, at, counters } of due) {
      const reached = counters !== undefined && this.#isReached(row.id, counters)
      const since = Math.min(at ?? Infinity, reached ? time : Infinity)
      if (since !== Infinity) jobs.set(job, since)
    }
    return jobs
  }

  due({ job, until, after, limit }: DueQuery): DueRow[] {
    const order = (one: Omit<DueRow, 'tenant'>) =>
      `${String(one.at).padStart(9, '0')} ${one.kind} ${one.id}`
    return [...this.#rows.values()]
      .flatMap(({ row: { kind, id, tenant } }) => {
        const at = this.#due.get(nameOf({ kind, id }))?.get(job)
        return at === undefined ? [] : [{ at, kind, id, tenant }]
      })
      .filter((one) => one.at <= until && (after === undefined || order(one) > order(after)))
      .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
      .slice(0, limit)
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
      const isCounted = counted.uses + counted.bytes + counted.wraps > 0
      if (of === key && isCounted) counters.set(version, counted)
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
