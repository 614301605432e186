import type { LedgerRecord, OutputOf } from '@claviger/contract'
import { ClavigerError } from '#model'
import type { Work } from './work.ts'

/** Documents that the ledger vouches for. */

/** The entries of one event about one key are few; those of one kind come newest first. */
const ENTRIES_LOOKED_AT = 1_000

interface Wanted {
  readonly event: string
  readonly key: string
  /** The member of the record's detail that holds the document's digest (digestOf). */
  readonly member: string
  readonly digest: string
}

/** A document with the proof that its digest is in the ledger. @throws ClavigerError integrity_failed where it is not */
export async function proven(
  work: Work,
  document: string,
  { event, key, member, digest }: Wanted,
): Promise<OutputOf<'key.destructionCertificate'>> {
  const { ledgerReader } = work.parts
  const { items } = await ledgerReader.search({
    event,
    key,
    outcome: 'ok',
    order: 'descending',
    limit: ENTRIES_LOOKED_AT,
  })
  const found = items.find(
    ({ record }) => (record as unknown as LedgerRecord).detail?.[member] === digest,
  )
  if (found === undefined) {
    throw new ClavigerError(
      'integrity_failed',
      "The ledger has no record of the document; run 'claviger doctor'",
    )
  }
  const { index, record, proof } = await ledgerReader.prove(found.index, undefined)
  return { document, index, record, proof, keys: ledgerReader.verifierKeys() }
}
