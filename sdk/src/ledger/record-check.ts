import '../without-code-generation.ts'
import { operations, type Operation } from '@claviger/contract'
import {
  internalEvents,
  LedgerFormatError,
  parseRecord,
  type LedgerRecord,
} from '@claviger/contract/ledger'
import { ApprovalCheck } from './approval-check.ts'
import { CallerCheck } from './caller-check.ts'
import { Ends } from './ends.ts'
import { KeyCheck } from './key-check.ts'
import { Made, type Fresh } from './made.ts'
import type { Find, Finding, FindingKind } from './report.ts'

/**
 * The third promise over the records in their order: nothing that was ended is used after its end, and nothing is used that was never
 * made. Memory grows with what was made and ended, and not with the uses.
 */

const internal: ReadonlySet<string> = new Set(internalEvents)

/** What a change may write that is refused: wrong passwords are counted, and the many of them are told. */
const counts: ReadonlySet<string> = new Set(['lockout', 'occurrence'])

const UNKNOWN_EVENTS_MAX = 100
const EVENT_LENGTH_MAX = 64

export class RecordCheck {
  readonly #report: (finding: Finding) => void
  readonly #made = new Made()
  readonly #ends = new Ends()
  readonly #keyCheck = new KeyCheck(this.#made, this.#ends)
  readonly #callers = new CallerCheck(this.#made, this.#ends)
  readonly #keys = new Set<string>()
  readonly #unknownEvents = new Set<string>()
  readonly #approvals: ApprovalCheck
  #uses = 0
  #revision = 0
  /** What a record that goes on with the change of the one before has in common with it. */
  #change = ''

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
    const isUse = row?.effect === 'use'
    if (isUse && record.key !== undefined) this.#uses += record.count ?? 1
    const find: Find = (kind, why) => this.#find(kind, index, why)
    // Whoever logs in does it with the login that this makes.
    const fresh = this.#made.write(record, row !== undefined || internal.has(record.event))
    // Checked before it takes effect: a token may revoke itself, and that record is the last one with it.
    if (!this.#goesOn(record, isUse)) this.#callers.check(record, isUse, find)
    this.#keyCheck.check(record, isUse, find)
    this.#apply(index, record, fresh, find)
    this.#approvals.add(index, record)
  }

  /** Whether a record is of the same change as the one before, of which its caller was checked. */
  #goesOn(record: LedgerRecord, isUse: boolean): boolean {
    const { event, request, principal, credential, binding, revision } = record
    const change = [event, request, principal, credential, binding].join(' ')
    const goesOn = !isUse && revision === undefined && change === this.#change
    if (!goesOn) this.#change = revision === undefined ? '' : change
    return goesOn
  }

  #checkRevision(index: number, { revision, outcome, changed = [], part }: LedgerRecord): void {
    if (revision === undefined) {
      if (changed.length > 0 && part !== 'rest')
        this.#find('revision', index, 'it changed something, and names no revision')
      return
    }
    const isCount = changed.length > 0 && changed.every(({ kind }) => counts.has(kind))
    if (outcome !== 'ok' && !isCount)
      return this.#find('revision', index, 'it was not done, and names a revision')
    if (revision !== this.#revision + 1) {
      this.#find('revision', index, `revision ${revision} follows revision ${this.#revision}`)
    }
    this.#revision = revision
  }

  #apply(index: number, record: LedgerRecord, fresh: readonly Fresh[], find: Find): void {
    this.#callers.takeLogins(record, fresh)
    this.#keyCheck.take(index, record, fresh, find)
    this.#callers.take(index, record, this.#keyCheck.related, find)
    const lacks = this.#ends.take(index, record, this.#keyCheck.related)
    if (lacks !== undefined) find('record', `${record.event} does not name its ${lacks}`)
    this.#made.remove(record)
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

function rowOf(event: string): Operation | undefined {
  const rows: Readonly<Record<string, unknown>> = operations
  return Object.hasOwn(rows, event) ? (rows[event] as Operation) : undefined
}
