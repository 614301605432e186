import type { LedgerRecord } from '@claviger/contract'

type Known = Omit<LedgerRecord, 'v' | 'time' | 'revision' | 'changed'>

/**
 * What the gate knows of an entry before the ledger gives it a time and, for a change, a revision. What is not known may stand as
 * undefined, so that all drafts of a busy server are objects of one shape.
 */
export type RecordDraft = {
  readonly [Name in keyof Known]: undefined extends Known[Name]
    ? Known[Name] | undefined
    : Known[Name]
}

let cachedMilliseconds = -1
let cachedTime = ''

/** RFC 3339 UTC with milliseconds; a busy server writes many records in one millisecond. */
function rfc3339(milliseconds: number): string {
  if (milliseconds !== cachedMilliseconds) {
    cachedMilliseconds = milliseconds
    cachedTime = new Date(milliseconds).toISOString()
  }
  return cachedTime
}

/**
 * The JSON of a record, in the field order of the contract's schema. It is on the way of every request, so it is written by
 * concatenation: the values that stand bare between quotes are our own (ids, codes, event and door names, base64), and what people
 * wrote goes through JSON.stringify.
 */
export function encodeRecord(
  draft: RecordDraft,
  milliseconds: number,
  change?: DescribedChange,
): string {
  let text = `{"v":1,"time":"${rfc3339(milliseconds)}","event":"${draft.event}","outcome":"${draft.outcome}"`
  if (draft.reason !== undefined) text += `,"reason":"${draft.reason}"`
  if (draft.tenant !== undefined) text += `,"tenant":"${draft.tenant}"`
  text += `,"principal":"${draft.principal}"`
  if (draft.credential !== undefined) text += `,"credential":"${draft.credential}"`
  if (draft.factors !== undefined) text += `,"factors":${JSON.stringify(draft.factors)}`
  if (draft.binding !== undefined) text += `,"binding":"${draft.binding}"`
  text += `,"door":"${draft.door}"`
  if (draft.source !== undefined) text += `,"source":"${draft.source}"`
  text += `,"request":"${draft.request}"`
  if (draft.key !== undefined) text += `,"key":"${draft.key}"`
  if (draft.version !== undefined) text += `,"version":${draft.version}`
  if (draft.part !== undefined) text += `,"part":"${draft.part}"`
  if (draft.count !== undefined) text += `,"count":${draft.count}`
  if (draft.bytes !== undefined) text += `,"bytes":${draft.bytes}`
  if (draft.subject !== undefined) text += `,"subject":${JSON.stringify(draft.subject)}`
  if (draft.detail !== undefined) text += `,"detail":${JSON.stringify(draft.detail)}`
  if (change?.revision !== undefined) text += `,"revision":${change.revision}`
  if (change !== undefined) text += `,"changed":${JSON.stringify(change.changed)}`
  return `${text}}`
}

type Changed = NonNullable<LedgerRecord['changed']>

interface DescribedChange {
  /** Absent where an entry goes on with the change of the one before. */
  readonly revision?: number
  readonly changed: Changed
}

/** What an entry says at most of rows, in bytes: with everything else it holds, it stays within a bundle's 16 bits. */
const CHANGED_BYTES_MAX = 32_768

/** Rows in shares of which each fits an entry; at least one, though it is empty. */
function shares(changed: Changed): Changed[] {
  let share: Changed = []
  const all = [share]
  let bytes = 0
  for (const row of changed) {
    const length = Buffer.byteLength(JSON.stringify(row)) + 1
    if (bytes + length > CHANGED_BYTES_MAX && share.length > 0) {
      share = []
      all.push(share)
      bytes = 0
    }
    share.push(row)
    bytes += length
  }
  return all
}

/** The entries of a change: one, and more where it writes more rows than one can name. */
export function encodeChange(
  draft: RecordDraft,
  milliseconds: number,
  { revision, changed }: { readonly revision: number; readonly changed: Changed },
): string[] {
  const [first = [], ...rest] = shares(changed)
  return [
    encodeRecord(draft, milliseconds, { revision, changed: first }),
    ...rest.map((share) =>
      encodeRecord({ ...draft, part: 'rest' }, milliseconds, { changed: share }),
    ),
  ]
}
