import '../without-code-generation.ts'
import { createHash } from 'node:crypto'
import { utf8 } from '@claviger/contract/ledger'
import { checkEntryProof, type EntryProofReport } from './prove.ts'
import type { Finding } from './report.ts'

/** Documents that a ledger vouches for: certificates of destruction, and reports of compromises. Checked without a server. */

/** Which event vouches for a kind of document, and where in its record the digest stands. */
const kinds: Readonly<Record<string, { readonly event: string; readonly member: string }>> =
  Object.freeze({
    'claviger/destruction-certificate/1': { event: 'key.erase', member: 'certificate' },
    'claviger/version-destruction-certificate/1': {
      event: 'key.eraseVersion',
      member: 'certificate',
    },
    'claviger/compromise-report/1': { event: 'compromise.close', member: 'report' },
  })

/** A statement as the server gives it. Everything in it is untrusted. */
export interface Statement {
  readonly document: string
  readonly record: string
  readonly proof: string
}

export interface StatementReport {
  readonly ok: boolean
  /** What kind of document it is, where it is one. */
  readonly format?: string
  readonly index: number
  /** When the record says that it was made. */
  readonly time?: string
  readonly document?: Readonly<Record<string, unknown>>
  readonly proof: EntryProofReport
  readonly findings: readonly Finding[]
}

/**
 * Checks that the document is what the record vouches for, and that the record is in the signed tree.
 *
 * @throws LedgerFormatError where the proof or a verifier key is malformed
 */
export async function checkStatement(
  { document: text, record: entry, proof: given }: Statement,
  vkeys: readonly string[],
): Promise<StatementReport> {
  const proof = await checkEntryProof(given, entry, vkeys)
  const { record, index } = proof
  const findings: Finding[] = [...proof.findings]
  const object = (why: string) => findings.push({ kind: 'record', index, what: 'document', why })
  const document = objectOf(text)
  const format = typeof document?.['format'] === 'string' ? document['format'] : ''
  const kind = Object.hasOwn(kinds, format) ? kinds[format] : undefined
  if (kind === undefined) object('it is no document of a known kind')
  else if (record?.event !== kind.event || record.outcome !== 'ok')
    object(`the record does not say that ${kind.event} was done`)
  else if (record.detail?.[kind.member] !== digestOf(text))
    object('it is not the one that the record vouches for')
  else if (record.key !== document?.['key'] || record.tenant !== document?.['tenant'])
    object('the record is about another key')
  return {
    ok: findings.length === 0,
    ...(kind === undefined ? {} : { format }),
    index,
    ...(record === undefined ? {} : { time: record.time }),
    ...(document === undefined ? {} : { document }),
    proof,
    findings,
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(utf8(text)).digest('base64url')
}
