import '../without-code-generation.ts'
import {
  checkSignatures,
  keyIdText,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  type CheckedSignature,
  type Checkpoint,
  type VerifierKey,
} from '@claviger/contract/ledger'
import { sha256, signatureVerifiers } from './algorithms.ts'
import type { Finding, ReportedSignature, Trust } from './report.ts'
import type { LedgerSource } from './source.ts'

/** The head of a ledger: whose it is, and who signed it. */

export interface TrustedKeys {
  readonly trust: Trust
  readonly keys: readonly VerifierKey[]
}

/**
 * The keys to check signatures with: those given, else those that the source names. Whoever gives none of them trusts none: a file of keys
 * that came out empty must not make the ledger name its own.
 *
 * @throws LedgerFormatError for one that is no verifier key.
 */
export async function trustedKeys(
  source: LedgerSource,
  given?: readonly string[],
): Promise<TrustedKeys> {
  if (given !== undefined)
    return { trust: given.length > 0 ? 'given' : 'none', keys: given.map(parseVkey) }
  const named = (await source.vkeys()) ?? []
  return { trust: named.length > 0 ? 'first-use' : 'none', keys: named.map(parseVkey) }
}

function parseVkey(text: string): VerifierKey {
  return parseVerifierKey(sha256, text)
}

export interface CheckedHead {
  readonly checkpoint: Checkpoint
  readonly signatures: readonly CheckedSignature[]
  readonly findings: readonly Finding[]
}

/**
 * Reads a checkpoint and checks who signed it. Every key that has the origin as its name is a key of the log and must have signed: if
 * one of two signatures could be left out, the stronger of them would protect nothing. Keys of other names are witnesses.
 *
 * @throws LedgerFormatError where it is no checkpoint.
 */
export async function checkHead(
  note: Uint8Array | string,
  keys: readonly VerifierKey[],
): Promise<CheckedHead> {
  const parsed = parseNote(note)
  const checkpoint = parseCheckpoint(parsed.text)
  const signatures = await checkSignatures(parsed, keys, signatureVerifiers)
  const findings: Finding[] = signatures.flatMap((signature) => objection(signature, checkpoint))
  if (!keys.some(({ name }) => name === checkpoint.origin)) {
    const why =
      keys.length === 0
        ? 'there is no verifier key to check its signatures with'
        : 'none of the verifier keys is of this log'
    findings.push({ kind: 'signature', what: `the checkpoint of ${checkpoint.origin}`, why })
  }
  return { checkpoint, signatures, findings }
}

function objection({ name, keyId, verdict }: CheckedSignature, { origin }: Checkpoint): Finding[] {
  const what = `the signature of ${name}+${keyIdText(keyId)}`
  if (verdict === 'invalid') return [{ kind: 'signature', what, why: 'it does not hold' }]
  if (verdict === 'absent' && name === origin) {
    return [{ kind: 'signature', what, why: 'it is missing, and it is a key of the log' }]
  }
  return []
}

export function reported(signatures: readonly CheckedSignature[]): ReportedSignature[] {
  return signatures.map((signature) => ({ ...signature, keyId: keyIdText(signature.keyId) }))
}
