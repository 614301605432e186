import { z } from 'zod'

/**
 * A document that the ledger vouches for: its SHA-256 stands in a record, and the record is proved to be in the signed tree. Whoever has
 * this and the verifier keys of the ledger needs no server to check it (`claviger statement verify`).
 */
export const statement = z.strictObject({
  document: z.string().describe('Canonical JSON; its SHA-256 stands in the record'),
  index: z.int().describe('Of the record in the ledger'),
  record: z.string().describe('The record, as it stands in the ledger'),
  proof: z.string().describe('A c2sp.org/tlog-proof@v1 document'),
  keys: z.array(z.string()).describe('The verifier keys of the ledger: compare them with yours'),
})
