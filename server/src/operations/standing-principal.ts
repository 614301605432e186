import { newestRow } from '#keyring'
import type { Principal } from '#model'
import type { Work } from './work.ts'

/** A principal of whatever tenant, with the condition that it still is as it was read; undefined where there is none of that id. */
export async function standingPrincipal({ parts }: Pick<Work, 'parts'>, id: string) {
  const row = await newestRow(parts.store, { kind: 'principal', id })
  if (row === undefined) return undefined
  return {
    principal: parts.seals.open<Principal>(row),
    standing: { kind: 'principal' as const, id, revision: row.revision },
  }
}
