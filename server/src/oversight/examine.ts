import { operations, type LedgerRecord, type OutputOf } from '@claviger/contract'
import { everyRow, type RowSeals } from '#keyring'
import {
  dueOfApproval,
  dueOfCase,
  dueOfDelivery,
  dueOfKey,
  dueOfOccurrence,
  dueOfVersion,
  type Counters,
  type DueWork,
  type Key,
  type KeyVersion,
} from '#model'
import { rowKinds, type Row, type Store } from '#store'

/**
 * The examination behind `claviger doctor`: the ledger is replayed, and what it says was written last is compared with what is stored.
 * Whoever can write to the database can put back an old row with its good seal, or take one away; here it shows.
 */

/** Entries read at once. */
const ENTRIES_PER_READ = 1_000
/** Findings listed; more than that is one catastrophe. */
const FINDINGS_MAX = 1_000

export interface ExamineParts {
  readonly store: Store
  readonly seals: RowSeals
  /** A development server has one user, who needs no advice about others. */
  readonly isDevelopment?: boolean | undefined
}

type Examination = OutputOf<'system.doctor'>
type Finding = Examination['findings'][number]

/** What the ledger says of one row: its digest after the last change, or that it was removed. */
interface Expected {
  readonly digest: string | undefined
  readonly revision: number
}

/** How far the ledger was replayed, and what it says up to there. */
interface Replay {
  readonly rows: Map<string, Expected>
  /** Uses by `key/version`. */
  readonly uses: Map<string, number>
  entries: number
  revision: number
}

const useEvents: ReadonlySet<string> = new Set(
  Object.values(operations)
    .filter((row) => row.effect === 'use')
    .map((row) => row.name),
)

export async function examine(parts: ExamineParts): Promise<Examination> {
  const findings: Finding[] = []
  const report = (subject: string, finding: string) => {
    if (findings.length < FINDINGS_MAX) findings.push({ subject, finding })
  }
  // The rows are read after the head is taken, so a row may be newer than the replay, never older.
  const head = await parts.store.head()
  const replay: Replay = { rows: new Map(), uses: new Map(), entries: 0, revision: 0 }
  await replayTo(parts.store, replay, head.next, report)
  let rows = 0
  const tenants = new Set<string>()
  const ruled = new Set<string>()
  const seen = new Set<string>()
  for (const kind of rowKinds) {
    for await (const row of everyRow(parts.store, kind)) {
      rows += 1
      if (kind === 'tenant') tenants.add(row.id)
      if (kind === 'approvalPolicy') ruled.add(row.tenant)
      const name = `${row.kind} ${row.id}`
      seen.add(name)
      examineRow(parts.seals, row, replay.rows.get(name), head.revision, report)
      if (kind === 'approval') await examineWaiting(parts, row, dueOfApproval, report)
      if (kind === 'compromiseCase') await examineWaiting(parts, row, dueOfCase, report)
      if (kind === 'delivery') await examineWaiting(parts, row, dueOfDelivery, report)
      if (kind === 'occurrence') await examineWaiting(parts, row, dueOfOccurrence, report)
      if (kind === 'key') {
        await examineCounters(parts.store, row.id, replay.uses, report)
        await examineDue(parts, row, report)
      }
    }
  }
  const missing = [...replay.rows].filter(
    ([name, { digest }]) => digest !== undefined && !seen.has(name),
  )
  // What was removed while the rows were read is gone rightly, and the entries since then say so.
  if (missing.length > 0 && replay.entries === head.next) {
    await replayTo(parts.store, replay, (await parts.store.head()).next, report)
  }
  for (const [name] of missing) {
    if (replay.rows.get(name)?.digest !== undefined) {
      report(name, 'the ledger has it, the store does not: it was taken away')
    }
  }
  const advice = parts.isDevelopment === true ? [] : [...tenants.difference(ruled)].map(adviceFor)
  return { rows, entries: replay.entries, findings, advice }
}

/** What is said of a tenant without an approval policy. */
function adviceFor(tenant: string): Examination['advice'][number] {
  return {
    subject: `tenant ${tenant}`,
    advice:
      "nothing needs the approval of others; 'claviger approval-policy create-defaults' lets them approve what is hard to undo",
  }
}

/** Goes on with a replay to the entry before `end`, or to where the ledger breaks off. */
async function replayTo(
  store: Store,
  replay: Replay,
  end: number,
  report: (subject: string, finding: string) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  while (replay.entries < end) {
    const entries = await store.entries(
      replay.entries,
      Math.min(ENTRIES_PER_READ, end - replay.entries),
    )
    if (entries.length === 0) {
      report(
        `entry ${replay.entries}`,
        'the ledger ends before its sequencer does: entries were taken away',
      )
      return
    }
    for (const { index, bytes } of entries) {
      const record = parseRecord(decoder.decode(bytes))
      if (record === undefined) report(`entry ${index}`, 'it is not a record')
      else replayRecord(replay, index, record, report)
    }
    replay.entries += entries.length
  }
}

function replayRecord(
  replay: Replay,
  index: number,
  record: LedgerRecord,
  report: (subject: string, finding: string) => void,
): void {
  if (record.revision !== undefined) {
    const next = replay.revision + 1
    if (record.revision !== next)
      report(`entry ${index}`, `it has revision ${record.revision}, and ${next} was next`)
    replay.revision = record.revision
  }
  for (const { kind, id, digest } of record.changed ?? []) {
    replay.rows.set(`${kind} ${id}`, { digest, revision: replay.revision })
  }
  countUse(replay.uses, record)
}

function parseRecord(text: string): LedgerRecord | undefined {
  try {
    return JSON.parse(text) as LedgerRecord
  } catch {
    return undefined
  }
}

function countUse(uses: Map<string, number>, record: LedgerRecord): void {
  if (
    record.outcome !== 'ok' ||
    record.key === undefined ||
    record.version === undefined ||
    !useEvents.has(record.event)
  )
    return
  const name = `${record.key}/${record.version}`
  uses.set(name, (uses.get(name) ?? 0) + (record.count ?? 1))
}

function examineRow(
  seals: RowSeals,
  row: Row,
  expected: Expected | undefined,
  revision: number,
  report: (subject: string, finding: string) => void,
): void {
  const name = `${row.kind} ${row.id}`
  try {
    seals.open(row)
  } catch {
    report(name, 'it does not fit its seal: it was changed in the store')
    return
  }
  // Written after the replay began.
  if (row.revision > revision) return
  if (expected === undefined) report(name, 'no entry of the ledger wrote it')
  else if (expected.digest === undefined)
    report(name, `revision ${expected.revision} removed it, and it is back`)
  else if (expected.digest !== seals.digest(row)) {
    report(
      name,
      `it stands at revision ${row.revision}, and the ledger wrote it last in ${expected.revision}: it was rolled back`,
    )
  }
}

/** The index of what is due bears no seal; a key that its job does not find would outlive its end, or its rotation, unnoticed. */
async function examineDue(
  { store, seals }: ExamineParts,
  row: Row,
  report: (subject: string, finding: string) => void,
): Promise<void> {
  const stored = await store.key(row.id)
  if (stored?.key.revision !== row.revision || !stored.versions.every((each) => seals.fits(each)))
    return
  if (!seals.fits(row)) return
  const key = seals.open<Key>(row)
  const versions = stored.versions.map((each) => seals.open<KeyVersion>(each))
  const current = versions[key.version - 1]
  if (current === undefined) return
  const counted = stored.counters.get(key.version) ?? { uses: 0, bytes: 0, wraps: 0 }
  const wanted: Wanted[] = [
    ...dueOfKey(key, current).map((due) => ({ row, due, reached: isReached(due, counted) })),
    ...versions.flatMap((version, position) =>
      dueOfVersion(version).map((due) => ({
        row: stored.versions[position] ?? row,
        due,
        reached: false,
      })),
    ),
  ]
  for (const { row: about, due, reached } of wanted) {
    const found = (await store.dueOf(about)).find(({ job }) => job === due.job)
    const isFound = found !== undefined && found.at <= (due.at ?? Infinity)
    if (isFound || (due.at === undefined && !reached)) continue
    const [now] = await store.rows([{ kind: 'key', id: row.id }])
    if (now?.revision === row.revision)
      report(
        `${about.kind} ${about.id}`,
        `its ${due.job} is due some time, and is not found by its job`,
      )
  }
}

/** What its job does not find is never done: an approved request, a notice, the next step of a case, keys that are to hear of something. */
async function examineWaiting<Value>(
  { store, seals }: ExamineParts,
  row: Row,
  dueOf: (value: Value) => readonly DueWork[],
  report: (subject: string, finding: string) => void,
): Promise<void> {
  const { kind, id, revision } = row
  const [due] = seals.fits(row) ? dueOf(seals.open<Value>(row)) : []
  if (due === undefined) return
  const found = (await store.dueOf({ kind, id })).find(({ job }) => job === due.job)
  if (found !== undefined && found.at <= (due.at ?? Infinity)) return
  // It may have been done since it was read.
  const [now] = await store.rows([{ kind, id }])
  if (now?.revision === revision)
    report(`${kind} ${id}`, 'it waits for the server to do it, and is not found by its job')
}

interface Wanted {
  readonly row: Row
  readonly due: DueWork
  readonly reached: boolean
}

function isReached({ counters }: DueWork, counted: Counters): boolean {
  const names = ['uses', 'bytes', 'wraps'] as const
  return names.some((name) => counted[name] >= (counters?.[name] ?? Infinity))
}

/** Counters may run ahead while the server works, and never fall behind what the ledger has. */
async function examineCounters(
  store: Store,
  key: string,
  uses: ReadonlyMap<string, number>,
  report: (subject: string, finding: string) => void,
): Promise<void> {
  const stored = await store.key(key)
  for (const position of stored?.versions.keys() ?? []) {
    const version = position + 1
    const counted = stored?.counters.get(version)?.uses ?? 0
    const recorded = uses.get(`${key}/${version}`) ?? 0
    if (counted < recorded)
      report(
        `version ${key}/${version}`,
        `it counts ${counted} uses, and the ledger has ${recorded}`,
      )
  }
}
