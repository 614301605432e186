import '../without-code-generation.ts'
import {
  leafHash,
  parseProof,
  parseRecord,
  parseVerifierKey,
  utf8,
  verifyInclusion,
  type LedgerRecord,
} from '@claviger/contract/ledger'
import { sha256 } from './algorithms.ts'
import { checkHead, reported } from './head.ts'
import { Findings, type Finding, type ReportedSignature } from './report.ts'

/** What a proof of one entry says, without a server. */
export interface EntryProofReport {
  readonly ok: boolean
  readonly index: number
  /** The tree it is in. */
  readonly origin: string
  readonly size: number
  /** The record, where the entry is one. */
  readonly record?: LedgerRecord
  readonly signatures: readonly ReportedSignature[]
  readonly findings: readonly Finding[]
}

/**
 * Checks a `.tlog-proof` document against the entry it is said to be about and the verifier keys of the log.
 *
 * @throws LedgerFormatError where the document or a verifier key is malformed.
 */
export async function checkEntryProof(
  document: Uint8Array | string,
  entry: Uint8Array | string,
  vkeys: readonly string[],
): Promise<EntryProofReport> {
  const { index, hashes, checkpoint: note } = parseProof(document)
  const keys = vkeys.map((text) => parseVerifierKey(sha256, text))
  const { checkpoint, signatures, findings: ofHead } = await checkHead(note, keys)
  const { origin, size, root } = checkpoint
  const bytes = typeof entry === 'string' ? utf8(entry) : entry
  const findings = new Findings()
  for (const finding of ofHead) findings.add(finding)
  const what = `entry ${index}`
  const leaf = leafHash(sha256, bytes)
  if (!verifyInclusion(sha256, { index, size, leaf, root, proof: hashes })) {
    findings.add({
      kind: 'tree',
      index,
      what,
      why: 'the proof does not lead from it to the signed root',
    })
  }
  const record = await findings.attempt('record', what, async () => parseRecord(bytes))
  return {
    ok: findings.total === 0,
    index,
    origin,
    size,
    ...(record === undefined ? {} : { record }),
    signatures: reported(signatures),
    findings: findings.list,
  }
}
