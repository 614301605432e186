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

/** A part of the text that neighbours in a batch mostly have in common, so that it is written once for all of them. */
interface Part {
  readonly of: RecordDraft
  readonly text: string
}

let how: Part | undefined
let who: Part | undefined
let what: Part | undefined

function howText(of: RecordDraft): string {
  const same = how?.of
  if (
    how === undefined ||
    of.event !== same?.event ||
    of.outcome !== same.outcome ||
    of.reason !== same.reason
  )
    how = {
      of,
      text: joined([
        `","event":"${of.event}","outcome":"${of.outcome}"`,
        of.reason === undefined ? '' : `,"reason":"${of.reason}"`,
      ]),
    }
  return how.text
}

function whoText(of: RecordDraft): string {
  const same = who?.of
  if (
    who === undefined ||
    of.principal !== same?.principal ||
    of.credential !== same.credential ||
    of.binding !== same.binding ||
    of.tenant !== same.tenant ||
    of.door !== same.door ||
    of.source !== same.source ||
    of.factors !== same.factors
  )
    who = {
      of,
      text: joined([
        of.tenant === undefined ? '' : `,"tenant":"${of.tenant}"`,
        `,"principal":"${of.principal}"`,
        of.credential === undefined ? '' : `,"credential":"${of.credential}"`,
        of.factors === undefined ? '' : `,"factors":${JSON.stringify(of.factors)}`,
        // Whoever wrote a key policy named its statements.
        of.binding === undefined ? '' : `,"binding":${JSON.stringify(of.binding)}`,
        `,"door":"${of.door}"`,
        of.source === undefined ? '' : `,"source":"${of.source}"`,
        ',"request":"',
      ]),
    }
  return who.text
}

function whatText(of: RecordDraft): string {
  const same = what?.of
  if (
    what === undefined ||
    of.key !== same?.key ||
    of.version !== same?.version ||
    of.part !== same?.part ||
    of.count !== same?.count ||
    of.bytes !== same?.bytes
  )
    what = {
      of,
      text: joined([
        '"',
        of.key === undefined ? '' : `,"key":"${of.key}"`,
        of.version === undefined ? '' : `,"version":${of.version}`,
        of.part === undefined ? '' : `,"part":"${of.part}"`,
        of.count === undefined ? '' : `,"count":${of.count}`,
        of.bytes === undefined ? '' : `,"bytes":${of.bytes}`,
      ]),
    }
  return what.text
}

/** One string that lies in one piece; concatenation would leave V8 a tree, to be walked each time it is used. */
function joined(parts: readonly string[]): string {
  return parts.join('')
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
  const { request, subject, detail } = draft
  let text = `{"v":1,"time":"${rfc3339(milliseconds)}${howText(draft)}${whoText(draft)}${request}${whatText(draft)}`
  if (subject !== undefined) text += `,"subject":${JSON.stringify(subject)}`
  if (detail !== undefined) text += `,"detail":${JSON.stringify(detail)}`
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
