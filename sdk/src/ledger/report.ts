import '../without-code-generation.ts'
import {
  LedgerFormatError,
  type SignatureAlgorithm,
  type SignatureVerdict,
} from '@claviger/contract/ledger'

/** What a verification says. */

/**
 * checkpoint: it is missing, malformed, or not the one to expect. signature: one does not hold or is missing. history: it does not
 * continue an earlier checkpoint. tree: entries, tiles and root do not belong together. record: an entry is no record, or lacks what
 * its event needs. revision: changes are not numbered one after the other. revocation: something stands after what ended it. unmade:
 * something is used that the ledger never made, or that is somebody else's. approval: something was done under an approval that is none,
 * or a signature of one does not hold.
 */
export type FindingKind =
  | 'checkpoint'
  | 'signature'
  | 'history'
  | 'tree'
  | 'record'
  | 'revision'
  | 'revocation'
  | 'unmade'
  | 'approval'

/** Takes what is found of the record that is being looked at. */
export type Find = (kind: FindingKind, why: string) => void

export interface Finding {
  readonly kind: FindingKind
  /** The entry it is about, where it is about one. */
  readonly index?: number
  /** What it is about: an entry, a file, a key. */
  readonly what: string
  readonly why: string
}

/**
 * given: the caller brought the verifier keys. first-use: they came from the same place as the ledger, so the signatures show only
 * that it did not change since; keep them, and bring them the next time. none: there were none.
 */
export type Trust = 'given' | 'first-use' | 'none'

export interface ReportedSignature {
  readonly name: string
  /** 8 hex digits. */
  readonly keyId: string
  readonly verdict: SignatureVerdict
  readonly algorithm?: SignatureAlgorithm
  /** Seconds since 1970, where the signature states it. */
  readonly time?: number
}

export interface LedgerReport {
  /** Whether there is no finding. */
  readonly ok: boolean
  readonly origin: string
  /** What the checkpoint is over. */
  readonly size: number
  /** Base64. */
  readonly root: string
  /** Entries read and hashed. */
  readonly entries: number
  /** Keys that anything was done with or to. */
  readonly keys: number
  /** Uses of keys that succeeded, items of batches each counted. */
  readonly uses: number
  /** Approvals with a signature that holds. */
  readonly signedApprovals: number
  readonly trust: Trust
  /** The verifier keys that the signatures were checked with. */
  readonly vkeys: readonly string[]
  readonly signatures: readonly ReportedSignature[]
  /** Events that this verifier's contract does not have: a newer server's, and not counted as uses. */
  readonly unknownEvents: readonly string[]
  /** The first ones, at most 1,000. */
  readonly findings: readonly Finding[]
  readonly findingsTotal: number
  /** One line for people. */
  readonly summary: string
}

const FINDINGS_MAX = 1_000

/** Findings as they come; a ledger that is wrong everywhere must not fill the memory. */
export class Findings {
  readonly #list: Finding[] = []
  #total = 0

  add(finding: Finding): void {
    this.#total += 1
    if (this.#list.length < FINDINGS_MAX) this.#list.push(finding)
  }

  /**
   * Reads something untrusted. What is missing or malformed becomes a finding and undefined; that it could not be read at all goes on
   * as the error it is.
   */
  async attempt<Value>(
    kind: FindingKind,
    what: string,
    read: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    try {
      const value = await read()
      if (value === undefined) this.add({ kind, what, why: 'it is missing' })
      return value
    } catch (error) {
      if (!(error instanceof LedgerFormatError)) throw error
      this.add({ kind, what, why: error.message })
      return undefined
    }
  }

  get list(): readonly Finding[] {
    return this.#list
  }

  get total(): number {
    return this.#total
  }
}

/** The closing line of a verification. */
export function summaryOf(report: Omit<LedgerReport, 'summary'>): string {
  const { entries, keys, findings, findingsTotal, trust } = report
  const verified = `verified ${plural(entries, 'entry', 'entries')} and ${plural(keys, 'key', 'keys')}`
  const [first] = findings
  if (first !== undefined) {
    const count = plural(findingsTotal, 'finding', 'findings')
    return `${verified}: ${count}, the first about ${first.what}: ${first.why}`
  }
  const { signedApprovals } = report
  const approvals =
    signedApprovals === 0
      ? ''
      : `${plural(signedApprovals, 'signed approval holds', 'signed approvals hold')}, `
  // A key that signs twice is no second witness.
  const signatures = new Set(
    report.signatures
      .filter(({ verdict }) => verdict === 'valid')
      .map(({ name, keyId }) => `${name}+${keyId}`),
  ).size
  const by = trust === 'given' ? '' : ' by keys taken from the same place (trust on first use)'
  const { unknownEvents } = report
  const unknown =
    unknownEvents.length === 0
      ? 'and'
      : `and, but for what ${plural(unknownEvents.length, 'unknown event stands', 'unknown events stand')} for,`
  return (
    `${verified}: the tree is whole, ${plural(signatures, 'signature holds', 'signatures hold')}${by}, ${approvals}` +
    `${unknown} nothing stands after its revocation`
  )
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
