import { newestRow } from '#keyring'
import { ClavigerError } from '#model'
import type { Work } from './work.ts'

/** The owner of a key must be a principal of the tenant. */
export async function assertOwner(work: Work, owner: string | undefined): Promise<void> {
  if (owner === undefined) return
  const row = await newestRow(work.parts.store, { kind: 'principal', id: owner })
  if (row === undefined || row.tenant !== work.caller.tenant) {
    throw new ClavigerError('not_found', 'There is no principal of the id given as owner')
  }
}
