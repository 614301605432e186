import '../without-code-generation.ts'
import { operations, type Operation } from '@claviger/contract'
import {
  internalEvents,
  LedgerFormatError,
  parseRecord,
  type LedgerRecord,
} from '@claviger/contract/ledger'
import { ApprovalCheck } from './approval-check.ts'
import type { Finding, FindingKind } from './report.ts'

/**
 * The third promise over the records in their order: nothing that was ended is used after its end. Memory grows with the keys, and
 * with what was ended, and not with the entries.
 */

/** Which field names what an event ends, and what the later records carry that must not be it. */
interface End {
  readonly names: 'key' | 'subject'
  /** `key`: uses of it. The others: anything done by, with or through it. */
  readonly carriedAs: 'key' | 'credential' | 'principal' | 'binding'
  readonly undoneBy?: string
  /** Ends one version where the record names one. */
  readonly ofVersions?: true
}

const ends: Readonly<Record<string, End>> = Object.freeze({
  'key.revoke': { names: 'key', carriedAs: 'key', ofVersions: true },
  'compromise.revoke': { names: 'key', carriedAs: 'key', ofVersions: true },
  'key.suspend': { names: 'key', carriedAs: 'key', undoneBy: 'key.resume' },
  'key.destroy': { names: 'key', carriedAs: 'key', undoneBy: 'key.restore' },
  'key.erase': { names: 'key', carriedAs: 'key' },
  'key.destroyVersion': {
    names: 'key',
    carriedAs: 'key',
    undoneBy: 'key.restoreVersion',
    ofVersions: true,
  },
  'key.eraseVersion': { names: 'key', carriedAs: 'key', ofVersions: true },
  'token.revoke': { names: 'subject', carriedAs: 'credential' },
  'accessKey.revoke': { names: 'subject', carriedAs: 'credential' },
  'secretId.revoke': { names: 'subject', carriedAs: 'credential' },
  'certificate.revoke': { names: 'subject', carriedAs: 'credential' },
  'login.end': { names: 'subject', carriedAs: 'credential' },
  logout: { names: 'subject', carriedAs: 'credential' },
  'principal.disable': { names: 'subject', carriedAs: 'principal', undoneBy: 'principal.enable' },
  'binding.delete': { names: 'subject', carriedAs: 'binding' },
})

const allEnds = Object.entries(ends)
const internal: ReadonlySet<string> = new Set(internalEvents)

const UNKNOWN_EVENTS_MAX = 100
const EVENT_LENGTH_MAX = 64

export class RecordCheck {
  readonly #report: (finding: Finding) => void
  /** Where the end of something stands: by event and id. */
  readonly #endedAt = new Map<string, number>()
  /** Where the ends of single versions stand: by event and key, and by version. */
  readonly #versionsEndedAt = new Map<string, Map<number, number>>()
  readonly #keys = new Set<string>()
  readonly #unknownEvents = new Set<string>()
  readonly #approvals: ApprovalCheck
  #uses = 0
  #revision = 0

  constructor(report: (finding: Finding) => void) {
    this.#report = report
    this.#approvals = new ApprovalCheck((index, why) => this.#find('approval', index, why))
  }

  get keys(): number {
    return this.#keys.size
  }

  get uses(): number {
    return this.#uses
  }

  /** Approvals with a signature that holds. */
  get signedApprovals(): number {
    return this.#approvals.signatures
  }

  get unknownEvents(): readonly string[] {
    return [...this.#unknownEvents]
  }

  /** Takes the next entry. */
  add(index: number, entry: Uint8Array): void {
    let record: LedgerRecord
    try {
      record = parseRecord(entry)
    } catch (error) {
      if (!(error instanceof LedgerFormatError)) throw error
      this.#find('record', index, error.message)
      return
    }
    this.#checkRevision(index, record)
    if (record.outcome !== 'ok') return
    const row = rowOf(record.event)
    if (row === undefined && !internal.has(record.event)) this.#noteUnknown(record.event)
    if (record.key !== undefined) this.#keys.add(record.key)
    const isUse = row?.effect === 'use' && record.key !== undefined
    if (isUse) this.#uses += record.count ?? 1
    // Checked before it takes effect: a token may revoke itself, and that record is the last one with it.
    this.#checkEnds(index, record, isUse)
    this.#apply(index, record)
    this.#approvals.add(index, record)
  }

  #checkRevision(index: number, { revision, outcome }: LedgerRecord): void {
    if (revision === undefined) return
    if (outcome !== 'ok') {
      this.#find('revision', index, 'it names a revision, and it changed nothing')
      return
    }
    if (revision !== this.#revision + 1) {
      this.#find('revision', index, `revision ${revision} follows revision ${this.#revision}`)
    }
    this.#revision = revision
  }

  #checkEnds(index: number, record: LedgerRecord, isUse: boolean): void {
    for (const [event, { carriedAs, ofVersions }] of allEnds) {
      const id = record[carriedAs]
      if (id === undefined || (carriedAs === 'key' && !isUse)) continue
      const end =
        this.#endedAt.get(place(event, id)) ?? (ofVersions && this.#versionEnd(event, id, record))
      if (end === undefined) continue
      this.#find(
        'revocation',
        index,
        `${record.event} with ${carriedAs} ${id} stands after the ${event} at entry ${end}`,
      )
    }
  }

  /** Where the version that was used ended; a use that does not say its version counts against any that ended. */
  #versionEnd(event: string, id: string, { version }: LedgerRecord): number | undefined {
    const ended = this.#versionsEndedAt.get(place(event, id))
    return version === undefined ? ended?.values().next().value : ended?.get(version)
  }

  #apply(index: number, record: LedgerRecord): void {
    for (const [event, end] of allEnds) {
      if (record.event !== event && record.event !== end.undoneBy) continue
      const id = record[end.names]
      if (id === undefined) {
        this.#find('record', index, `${record.event} does not name its ${end.names}`)
        continue
      }
      const where = place(event, id)
      const version = end.ofVersions ? record.version : undefined
      if (version === undefined) {
        if (record.event === end.undoneBy) this.#endedAt.delete(where)
        else keepFirst(this.#endedAt, where, index)
      } else if (record.event === end.undoneBy) this.#versionsEndedAt.get(where)?.delete(version)
      else
        keepFirst(
          this.#versionsEndedAt.getOrInsertComputed(where, () => new Map()),
          version,
          index,
        )
    }
  }

  #noteUnknown(event: string): void {
    if (this.#unknownEvents.size < UNKNOWN_EVENTS_MAX) {
      this.#unknownEvents.add(event.slice(0, EVENT_LENGTH_MAX))
    }
  }

  #find(kind: FindingKind, index: number, why: string): void {
    this.#report({ kind, index, what: `entry ${index}`, why })
  }
}

/** No event holds a space, so no id can pass for another place. */
function place(event: string, id: string): string {
  return `${event} ${id}`
}

function keepFirst<Key>(places: Map<Key, number>, key: Key, index: number): void {
  if (!places.has(key)) places.set(key, index)
}

function rowOf(event: string): Operation | undefined {
  const rows: Readonly<Record<string, unknown>> = operations
  return Object.hasOwn(rows, event) ? (rows[event] as Operation) : undefined
}
